"""Facts: durable, ordered, replayed, published. A `Sealed` cannot be put into one.

`result_seen` is not final: the terminal books when we acknowledge, so only `Concluded` ends an attempt.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from protocols.core.outcomes import Outcome, TerminalRecord

Stage = Literal["committed", "step_done", "result_seen"]


@dataclass(frozen=True, slots=True)
class Mark:
    """Written (fsync) before what it announces. `keys` hold all that a later query needs."""

    operation_id: str
    attempt: int
    stage: Stage
    keys: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Concluded:
    """The end of an attempt, or `Unknown` with an owner. `receipts` are whole and scrubbed."""

    operation_id: str
    attempt: int
    outcome: Outcome
    receipts: tuple[Receipt, ...] = ()


@dataclass(frozen=True, slots=True)
class Receipt:
    """A whole receipt as lines of text, card numbers scrubbed. `kind`: merchant, customer, admin."""

    kind: Literal["merchant", "customer", "admin"]
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Orphan:
    """A result for nobody, or for an attempt that was already closed. Kept before it is acknowledged."""

    record: TerminalRecord


Fact = Mark | Concluded | Orphan
