"""The session contract: one session per terminal, causes in with the time, ordered effects out.

The pump (drivers) is the only caller. A peer's nonsense never raises; our own misuse does. `Persist` is a
barrier: the pump books the fact durably, then gives `Persisted` as the very next cause; if booking fails,
`Persisted` never comes, and silence is the safe answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal, Protocol

from protocols.core.card import Sealed, TokenKind
from protocols.core.facts import Fact
from protocols.core.operations import Attempt, Operation

Mono = float  # seconds of a monotonic clock, always an argument


class Phase(Enum):
    """Where a terminal stands. IDLE only when the outcome is told *and* the terminal is free."""

    DOWN = "down"
    GREETING = "greeting"
    IDLE = "idle"
    PREPARING = "preparing"
    COMMITTED = "committed"
    SETTLING = "settling"
    UNFIT = "unfit"


@dataclass(frozen=True, slots=True)
class Link:
    """One opening of a configured endpoint, e.g. ("terminal", 7); never reused, so no late bytes."""

    to: str
    n: int


@dataclass(frozen=True, slots=True)
class Report:
    """A USB HID report, or the request for one."""

    kind: Literal["input", "output", "feature", "get_feature", "stalled"]
    id: int
    data: bytes | Sealed


Data = bytes | Sealed | Report


@dataclass(frozen=True, slots=True)
class Peer:
    """Who answered: where it was reached, the port's serial number, the certificate's CN, the terminal's
    own id as it told it in its greeting, its software."""

    where: str
    serial: str | None = None
    certificate_cn: str | None = None
    terminal_id: str | None = None
    software: str | None = None


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a terminal can do: table per protocol, cut by the settings, cut by what the greeting found."""

    operations: frozenset[str]
    entry_modes: tuple[str, ...] = ("insert", "tap", "swipe")
    recovery: Literal["by_id", "last", "batch", "none"] = "none"
    abort: Literal["any", "before_card", "none"] = "none"
    identity: Literal["wire", "port", "none"] = "none"
    token_kind: TokenKind | None = None
    token_scope: str | None = None
    languages: tuple[str, ...] = ("fr", "en")


# --- causes -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Begin:
    """Start an operation. Past `commit_before` an uncommitted attempt ends not_started (expired)."""

    operation: Operation
    attempt: Attempt
    commit_before: Mono


@dataclass(frozen=True, slots=True)
class Abort:
    """Ask to stop; the outcome is still read. Legal in every phase."""

    operation_id: str


@dataclass(frozen=True, slots=True)
class Greet:
    """Get to know the terminal now (the agent starts, a rescan was asked for). No-op unless DOWN or IDLE."""


@dataclass(frozen=True, slots=True)
class Opened:
    """An `Open` succeeded."""

    link: Link
    peer: Peer


@dataclass(frozen=True, slots=True)
class Received:
    """Bytes of a link, in any split."""

    link: Link
    data: Data


@dataclass(frozen=True, slots=True)
class Closed:
    """A link ended or never opened. `sent` False: no byte of any Send on it ever reached the OS."""

    link: Link
    why: str
    sent: bool


@dataclass(frozen=True, slots=True)
class Persisted:
    """The fact of `Persist(ref, …)` is on disk."""

    ref: int


@dataclass(frozen=True, slots=True)
class Wake:
    """The time of `next_deadline()` has come."""


Cause = Begin | Abort | Greet | Opened | Received | Closed | Persisted | Wake

# --- effects ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Open:
    """Wish for a connection; answered by Opened or Closed within the endpoint's own limit (5 s)."""

    link: Link


@dataclass(frozen=True, slots=True)
class Send:
    """Write these bytes, whole."""

    link: Link
    data: Data


@dataclass(frozen=True, slots=True)
class Close:
    """Close; nothing of this link is heard afterwards."""

    link: Link


@dataclass(frozen=True, slots=True)
class Persist:
    """Book this fact durably before anything that follows."""

    ref: int
    fact: Fact


@dataclass(frozen=True, slots=True)
class Progress:
    """What is awaited, as a code with words in both languages in the contract's wording."""

    operation_id: str | None
    state: Literal["awaiting_card", "card_present", "pin", "authorizing", "result_seen", "recovering"]
    code: str
    waiting_on: Literal["cardholder", "staff", "terminal", "host"]
    terminal_text: str | None = None


@dataclass(frozen=True, slots=True)
class Status:
    """The terminal's phase changed, or what is known of it."""

    phase: Phase
    reason: str
    peer: Peer | None = None
    capabilities: Capabilities | None = None
    parts: Mapping[str, str] = field(default_factory=dict)  # of a terminal made of several: how each does


@dataclass(frozen=True, slots=True)
class Alert:
    """Something a technician should hear of: wrong_device, silent, garbage, card_number_masked …"""

    code: str
    details: Mapping[str, str] = field(default_factory=dict)


Notice = Progress | Status | Alert


@dataclass(frozen=True, slots=True)
class Tell:
    """A lossy notice; never journaled."""

    notice: Notice


Effect = Open | Send | Close | Persist | Tell


class Session(Protocol):
    """One per terminal, built with (settings, expected identity, entropy: Callable[[int], bytes])."""

    @property
    def phase(self) -> Phase:
        """Where the terminal stands."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """What it can do, as far as it is known now."""
        ...

    def next_deadline(self) -> Mono | None:
        """When it next wants a Wake; None for never."""
        ...

    def handle(self, cause: Cause, now: Mono) -> tuple[Effect, ...]:
        """Take one cause at a time; return what is to be done, in order."""
        ...
