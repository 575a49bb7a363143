"""What a card reader is to the session that owns it: armed for one read, and then what was read.

A source is pure: causes of its own link go in with the time, ordered effects come out. A read that nobody had
asked for is wiped and told; a read that is refused is wiped and told with the reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from protocols.core.card import Card, EntryMode, Sealed
from protocols.core.session import Cause, Effect, Mono, Peer


class Ready(Enum):
    """Whether a source can read now."""

    DOWN = "down"
    GREETING = "greeting"
    READY = "ready"
    ARMED = "armed"
    UNFIT = "unfit"


@dataclass(frozen=True, slots=True)
class Presented:
    """One card as an encrypting reader gave it. `frame` is what the vault takes, byte for byte; whoever
    holds it wipes it. `card` is what may be shown. `keys` are the reader's own references: ksn, serial."""

    frame: Sealed
    card: Card
    keys: dict[str, str] = field(default_factory=dict)


class CardSource(Protocol):
    """One reader. Its link is named "reader"; it wishes for its own openings and greets by itself."""

    @property
    def ready(self) -> Ready:
        """Whether it can read now."""
        ...

    @property
    def why(self) -> str:
        """Why it is down or unfit: a code, or a code, a colon and a text."""
        ...

    @property
    def peer(self) -> Peer:
        """Which reader it is, as far as it has told."""
        ...

    @property
    def entry_modes(self) -> tuple[EntryMode, ...]:
        """How cards can be entered on it."""
        ...

    def next_deadline(self) -> Mono | None:
        """When it next wants a Wake; None for never."""
        ...

    def handle(self, cause: Cause, now: Mono) -> tuple[Effect, ...]:
        """Take Greet, Wake, or a cause of its own link."""
        ...

    def arm(self, entry_modes: Sequence[EntryMode], now: Mono) -> tuple[Effect, ...]:
        """Wipe what is buffered and take the next read. Raises LocalError unless it is READY."""
        ...

    def disarm(self, now: Mono) -> tuple[Effect, ...]:
        """Take no read any more; one that is half in is wiped."""
        ...

    def take_refusal(self) -> str | None:
        """The code of a read that was refused since it was armed, once; it is still armed. Else None."""
        ...

    def take_card(self) -> Presented | None:
        """The card, once. It is disarmed then."""
        ...
