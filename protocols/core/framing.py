"""Framing: bytes in, in any split, and out come frames, control bytes and what was wrong.

A framer never raises, holds no more than one frame of its cap, and finds the next good frame after garbage.
The same bytes give the same findings however they were split.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol

_NOISE_LOT = 256


@dataclass(frozen=True, slots=True)
class Frame:
    """One good frame: what was inside, without delimiters and checksum."""

    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Control:
    """One byte outside frames that means something to the link layer."""

    kind: Literal["ack", "nak", "enq", "eot"]


@dataclass(frozen=True, slots=True)
class Garbled:
    """A frame that is lost: bad_checksum, bad_escape, too_long, gap, restarted. `restarted`: the sender
    began another one, which is on its way."""

    reason: Literal["bad_checksum", "bad_escape", "too_long", "gap", "restarted"]


@dataclass(frozen=True, slots=True)
class Noise:
    """So many bytes that belong to nothing; told in lots, at the latest before the next finding."""

    size: int


Finding = Frame | Control | Garbled | Noise


class Framer(Protocol):
    """What every wire's framer offers."""

    @property
    def midframe(self) -> bool:
        """Whether a frame has begun and is not complete: the peer must go on, or it is lost."""
        ...

    def feed(self, data: bytes) -> tuple[Finding, ...]:
        """Take bytes; tell what is complete now."""
        ...

    def gap(self) -> tuple[Finding, ...]:
        """The peer fell silent for too long: give up the frame that has begun."""
        ...


class NoiseMeter:
    """Counts bytes that belong to nothing, and tells them in lots that do not depend on the splits."""

    __slots__ = ("_size",)

    def __init__(self) -> None:
        self._size = 0

    def add(self, size: int, found: list[Finding]) -> None:
        """Count, and tell every full lot."""
        lots, self._size = divmod(self._size + size, _NOISE_LOT)
        found.extend([Noise(_NOISE_LOT)] * lots)

    def tell(self, found: list[Finding]) -> None:
        """Tell the rest, because something else was found."""
        if self._size:
            found.append(Noise(self._size))
            self._size = 0
