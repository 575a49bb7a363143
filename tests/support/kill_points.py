"""Killing the agent (kill -9) at one chosen moment of a sale, from outside.

On a serial line by strace, which ends the process as it enters one write to the port: that write never
happens. Which one it is, a rehearsal under strace tells by what was read and written, so that no number of
writes stands anywhere. On TCP a tap on the line keeps back the message of that moment and kills.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

from tests.support.wiretap import Watch

Moment = Literal["answers the result", "hears of a print", "answers the end"]
MOMENTS: tuple[Moment, ...] = ("answers the result", "hears of a print", "answers the end")

RESULT, PRINT, END, POSITIVE = b"\x04\x0f", b"\x06\xd3", b"\x06\x0f", b"\x80\x00\x00"
LAST_RESULT = b"\x06\x20"  # the question for the last result
_LEAVES = {b"\x06\xc0", b"\x06\x01", b"\x06\x22", b"\x06\x31", b"\x06\x30", b"\x06\x24", b"\x06\x25"}
_DLE_STX = b"\x10\x02"
_SHOWN_BYTES = 8
_CALL = re.compile(r'(read|write)\(\d+, "((?:\\x[0-9a-f]{2})*)')


def strace(tty: str, log: Path, when: int | None = None) -> list[str]:
    """The command line before the agent's: record its reads and writes of one port; end it at one write."""
    killing = ["-e", f"inject=write:error=EIO:signal=KILL:when={when}"] if when else []
    recording = ["-o", str(log), "-e", "trace=read,write", "-xx", "-s", str(_SHOWN_BYTES), "-P", tty]
    return ["strace", "-f", *recording, *killing]


def writes_of(log: Path) -> dict[Moment, int]:
    """Which write to the port each moment is, from the record of one sale with prints, counted from 1."""
    found: dict[Moment, int] = {}
    writes, heard, answered = 0, b"", False
    for kind, text in _CALL.findall(log.read_text(encoding="ascii")):
        data = bytes.fromhex(text.replace("\\x", ""))
        if kind == "read":
            heard = (
                data[1:] if data[:1] == b"\x06" else data
            )  # the line's acknowledgement may stand before it
            heard = heard.removeprefix(_DLE_STX)[:2] or heard
            continue
        writes += 1
        if data.startswith(_DLE_STX + POSITIVE):
            answered = heard == RESULT
            if heard in (RESULT, END):
                found["answers the result" if answered else "answers the end"] = writes
        elif heard == PRINT and answered:
            found["hears of a print"] = writes
            answered = False
    return found


def died_at(log: Path) -> int | None:
    """Which write to the port never came back, because its process was ended in it; None where none."""
    writes = [line for line in log.read_text(encoding="ascii").splitlines() if " write(" in line]
    killed = log.read_text(encoding="ascii").count("+++ killed by SIGKILL +++")
    unfinished = writes[-1].endswith(("= ?", "<unfinished ...>"))
    return len(writes) if killed and unfinished else None


def tap_that_kills(moment: Moment, kill: Callable[[], None], seen: Sequence[tuple[bytes, bool]]) -> Watch:
    """A tap's rule: at this moment of an operation with an effect kill, and pass nothing on any more."""
    dead = False

    def watch(apdu: bytes, from_terminal: bool) -> bool:
        nonlocal dead
        if not dead and _at(moment, apdu, from_terminal, seen):
            dead = True
            kill()
        return not dead

    return watch


def _at(moment: Moment, apdu: bytes, from_terminal: bool, seen: Sequence[tuple[bytes, bool]]) -> bool:
    before = [one[:2] for one, _ in seen[:-1]]
    if not _LEAVES & set(before):
        return False
    if moment == "hears of a print":
        return from_terminal and apdu[:2] == PRINT
    told = RESULT if moment == "answers the result" else END
    return not from_terminal and apdu == POSITIVE and before[-1] == told
