"""How an operation ends. Four outcomes are final; `Unknown` is not, and always has an owner.

A decline is a value, never an exception. `money` is this operation's effect now.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from protocols.core.card import Card, CardToken, StoredCard
from protocols.core.values import Money

MoneyEffect = Literal["none", "held", "charged", "returned", "unknown"]
Source = Literal["dialogue", "never_sent", "by_id", "last", "batch", "late_message", "human"]
AbortEffect = Literal["honoured", "too_late"]
Owner = Literal["agent", "human"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why an outcome is believed: who said so, which keys agreed, which differed, what was seen."""

    source: Source
    agrees: tuple[str, ...] = ()
    differs: tuple[str, ...] = ()
    seen: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ended:
    """`code` is the stable reason (see the contract's wording); `keys` are the terminal's own references,
    kept so that a reversal, capture or query can name the transaction later."""

    evidence: Evidence
    code: str
    keys: Mapping[str, str] = field(default_factory=dict)
    card: Card | None = None
    abort: AbortEffect | None = None
    terminal_text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Approved(_Ended):
    """It happened. `amount` is the terminal's word, which may be less than asked (`partial`)."""

    code: str = "approved"
    money: MoneyEffect
    amount: Money | None = None
    authorisation_code: str | None = None
    token: CardToken | None = None
    partial: bool = False
    cards: tuple[StoredCard, ...] = ()  # what a list of stored cards found
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Declined(_Ended):
    """The terminal, host or issuer said no; or (`store_card`) the card cannot be kept."""

    money: MoneyEffect = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled(_Ended):
    """Stopped by the cardholder, the staff or a time-out after it had begun; `returned` when undone."""

    money: MoneyEffect = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class NotStarted(_Ended):
    """Provably nothing happened: no byte with an effect left us, or the terminal proves it has nothing."""

    money: MoneyEffect = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown(_Ended):
    """We do not know whether it happened. Owned by the agent (which asks again) or by a human."""

    money: MoneyEffect = "unknown"
    owner: Owner = "agent"
    ask_again_s: float | None = None


Final = Approved | Declined | Cancelled | NotStarted
Outcome = Final | Unknown


def with_abort(outcome: Outcome) -> Outcome:
    """The end of an operation that somebody asked to stop, with what came of the wish; an unknown end tells
    nothing of it."""
    if isinstance(outcome, Unknown):
        return outcome
    return replace(outcome, abort="honoured" if isinstance(outcome, Cancelled | NotStarted) else "too_late")


@dataclass(frozen=True, slots=True)
class TerminalRecord:
    """A transaction as the terminal remembers it. `keys` are its references by name (receipt, trace,
    turnover, at …), `result` what it says became of it."""

    keys: Mapping[str, str]
    amount: Money | None = None
    result: Final | None = None
