"""A wall clock that a test moves under a running process: Debian's libfaketime, told by a file."""

from __future__ import annotations

from pathlib import Path

_LIBRARY = "*/faketime/libfaketimeMT.so.1"


class FalseClock:
    """The clock of what is started `under()` it. Its monotonic clock and the times of its files stay true."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.jump(0)

    def jump(self, seconds: int) -> None:
        """From now on its wall clock is so far ahead of the machine's (behind it if negative)."""
        beside = self._file.with_suffix(".new")
        beside.write_text(f"{seconds:+d}\n", encoding="ascii")
        beside.replace(self._file)

    def under(self) -> list[str]:
        """The command line before the program's."""
        library = next(Path("/usr/lib").glob(_LIBRARY))
        told = {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
        }
        return ["env", *(f"{name}={value}" for name, value in told.items())]
