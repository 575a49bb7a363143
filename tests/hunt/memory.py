"""The memory of another process, searched for card numbers (proc(5): /proc/PID/maps and mem)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.card_traces import forms_of

_REGION = re.compile(r"([0-9a-f]+)-([0-9a-f]+) (\S{4}) \S+ \S+ \S+ *(.*)")
_NOT_MEMORY = ("[vvar]", "[vdso]", "[vsyscall]")


@dataclass(frozen=True, slots=True)
class Searched:
    """`found`: copies by form. `searched_bytes`: how much was read."""

    found: Counter[str]
    searched_bytes: int


def regions(pid: int) -> Iterator[bytes]:
    """What the process may write: heap, stacks, buffers. Raises PermissionError where it may not be read."""
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text(encoding="ascii", errors="replace").splitlines():
            found = _REGION.match(line)
            if found is None or "w" not in found[3] or found[4] in _NOT_MEMORY:
                continue
            start, end = int(found[1], 16), int(found[2], 16)
            try:
                memory.seek(start)
                yield memory.read(end - start)
            except OSError:
                continue  # unmapped meanwhile, or a device's


def search(pid: int, *numbers: str) -> Searched:
    """Every form of the numbers, counted."""
    found: Counter[str] = Counter()
    size = 0
    for region in regions(pid):
        size += len(region)
        for number in numbers:
            for name, form in forms_of(number).items():
                if copies := region.count(form):
                    found[name] += copies
    return Searched(found, size)
