"""Retained states: the newest word on the agent and its terminals. `as_of` says which facts they know of."""

from __future__ import annotations

from pydantic import Field

from protocols.contract.fields import AsOf, Epoch, Id, OperationId, Text, Timestamp, Told
from protocols.contract.words import AgentStateWord, OperationState, TerminalStateWord


class AgentState(Told):
    """The agent itself. `lost` is its will: the broker says it when the connection breaks."""

    state: AgentStateWord | str
    epoch: Epoch
    boot: int = Field(ge=0)
    since: Timestamp
    code: str | None = None
    text: Text | None = None
    as_of: AsOf | None = None


class ContractRange(Told):
    """The versions of this contract that the agent speaks."""

    lowest: int = 1
    highest: int = 1


class TerminalEntry(Told):
    """A configured terminal."""

    terminal: Id
    protocol: str
    where: str | None = None


class OpenEntry(Told):
    """An operation that has not ended."""

    operation_id: OperationId
    terminal: Id
    op: str
    state: OperationState | str
    since: Timestamp | None = None


class Info(Told):
    """What the agent is and has in hand."""

    version: str
    contract: ContractRange
    point_of_service: str | None = None
    terminals: tuple[TerminalEntry, ...] = ()
    open_operations: tuple[OpenEntry, ...] = ()
    as_of: AsOf | None = None


class Health(Told):
    """How the agent does. Ages and durations in seconds, sizes in bytes; None where it is not known."""

    uptime_s: int
    outbox_depth: int
    outbox_age_s: float | None = None
    disk_free_bytes: int | None = None
    journal_bytes: int | None = None
    rss_bytes: int | None = None
    clock_offset_ms: int | None = None
    certificate_days: int | None = None
    terminals: dict[str, dict[str, int]] = Field(default_factory=dict)
    as_of: AsOf | None = None


class Identity(Told):
    """Who the terminal is: its own id as it told it, the port's serial number, where it was reached."""

    terminal_id: str | None = None
    serial: str | None = None
    where: str | None = None


class Current(Told):
    """The operation that the terminal is at."""

    operation_id: OperationId
    op: str
    state: OperationState | str


class PartState(Told):
    """How one part of a terminal stands: a code, what it means, and for technicians what was said of it."""

    code: str
    text: Text
    detail: str | None = None


class TerminalState(Told):
    """One terminal. `holder` is the actor of the current operation; `code` and `text` say why it is so.
    `detail` is for technicians: what the port or the network said, e.g. which program holds the port."""

    state: TerminalStateWord | str
    since: Timestamp
    code: str | None = None
    text: Text | None = None
    detail: str | None = None
    identity: Identity | None = None
    firmware: str | None = None
    current: Current | None = None
    holder: str | None = None
    parts: dict[str, PartState] = Field(
        default_factory=dict, description="of a reader with a vault: how each of the two stands"
    )
    as_of: AsOf | None = None


class Capabilities(Told):
    """What a terminal can do."""

    operations: tuple[str, ...]
    entry_modes: tuple[str, ...] = ()
    recovery: str = Field(default="none", description="by_id, last, batch, none")
    abort: str = Field(default="none", description="any, before_card, none")
    identity: str = Field(default="none", description="wire, port, none")
    token_kind: str | None = Field(default=None, description="chargeable, recognition")
    token_scope: str | None = None
    languages: tuple[str, ...] = ()
    currency: str | None = None
    as_of: AsOf | None = None
