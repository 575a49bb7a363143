"""The calls of one sale that leave a trace outside the process, from what strace recorded. Pure.

A kill point is a call and how often its thread had made it since strace came: that is what strace can wait
for. Whether the same number is the same effect in another sale, nobody promises: what was hit is read from
that sale's own record.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Effect = Literal["journal write", "journal sync", "wire write", "broker send"]
When = Literal["before", "after"]

# What can write a file, a port or a socket. The kill points are those of these that have an effect outside.
WATCHED = ("write", "writev", "pwrite64", "fsync", "fdatasync", "sendto", "sendmsg")
_SYNCS = ("fsync", "fdatasync")
_CALL = re.compile(r"^(\d+) +(\w+)\(\d+<(.+?)>(?:[,)]| <unfinished)")


@dataclass(frozen=True, slots=True, order=True)
class Point:
    """The `number`th call (from 1) of this name in a thread."""

    call: str
    number: int


def effects(record: str, terminal_port: int = 0) -> Iterator[tuple[Point, Effect]]:
    """Every call with an effect, in order. `terminal_port`: where the terminal listens, if on TCP."""
    made: Counter[tuple[str, str]] = Counter()
    for line in record.splitlines():
        if (found := _CALL.match(line)) is None:
            continue
        thread, call, target = found.groups()
        made[thread, call] += 1
        if (effect := _effect(call, target, terminal_port)) is not None:
            yield Point(call, made[thread, call]), effect


def hit(record: str, point: Point, terminal_port: int = 0) -> Effect | None:
    """What the first call that is this point was in this record; None if it has no effect or never came."""
    return next((effect for one, effect in effects(record, terminal_port) if one == point), None)


def _effect(call: str, target: str, terminal_port: int) -> Effect | None:
    if "/journal." in target:
        return "journal sync" if call in _SYNCS else "journal write"
    if target.startswith("/dev/pts/"):
        return "wire write"
    if target.startswith(("TCP:", "TCPv6:")):
        own = f":{terminal_port}]"
        return "wire write" if terminal_port and target.endswith(own) else "broker send"
    return None
