"""Faults for a null modem: each is a hook that says what becomes of one write. They combine with `chain`.

Those that count keep their count inside, so make a fresh one for each cable.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from drivers.memory_port import Carry, Cut, Fault, Side, Step


def split(size: int) -> Fault:
    """Pieces of at most `size` bytes."""
    if size < 1:
        raise ValueError(f"size is {size}; a piece has 1 byte or more")

    def fault(_side: Side, data: bytes) -> Iterable[Step]:
        return [Carry(data[at : at + size]) for at in range(0, len(data), size)]

    return fault


def delay(delay_s: float, side: Side | None = None) -> Fault:
    """Everything (or what one side writes) arrives `delay_s` later, in order."""

    def fault(writer: Side, data: bytes) -> Iterable[Step]:
        return (Carry(data, delay_s if side in (None, writer) else 0.0),)

    return fault


def nth(side: Side, number: int, harm: Callable[[bytes], Iterable[Step]]) -> Fault:
    """`harm` decides about the `number`-th write (from 1) of a side; all others pass."""
    seen = 0

    def fault(writer: Side, data: bytes) -> Iterable[Step]:
        nonlocal seen
        seen += writer == side
        return harm(data) if writer == side and seen == number else (Carry(data),)

    return fault


def drop(side: Side, number: int) -> Fault:
    """That write is lost without a trace."""
    return nth(side, number, lambda _data: ())


def corrupt(side: Side, number: int, at: int = 0) -> Fault:
    """The byte at `at` of that write (from its end when negative) arrives with its bits inverted."""

    def harm(data: bytes) -> Iterable[Step]:
        harmed = bytearray(data)
        harmed[at] ^= 0xFF
        return (Carry(bytes(harmed)),)

    return nth(side, number, harm)


def cut_during(side: Side, number: int, after_bytes: int = 0) -> Fault:
    """The cable is cut after so many bytes of that write."""

    def harm(data: bytes) -> Iterable[Step]:
        return (Carry(data[:after_bytes]), Cut()) if after_bytes else (Cut(),)

    return nth(side, number, harm)


def chain(*faults: Fault) -> Fault:
    """The first fault's output goes through the second, and so on; delays add up; a cut ends it."""

    def fault(side: Side, data: bytes) -> Iterator[Step]:
        yield from _through(faults, side, Carry(data))

    return fault


def _through(faults: tuple[Fault, ...], side: Side, carried: Carry) -> Iterator[Step]:
    if not faults:
        yield carried
        return
    for step in faults[0](side, carried.data):
        if isinstance(step, Cut):
            yield step
            return
        yield from _through(faults[1:], side, Carry(step.data, step.delay_s + carried.delay_s))
