"""The technician's words at standard input, one act a line. What becomes of them goes to standard error:
standard output is the program's alone.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable

from simulator.control_socket import Answer
from simulator.declared import SettingError
from simulator.reader.hands import WORDS, request_of

HELP = "; ".join(" ".join((verb, *(name.upper() for name in names))) for verb, names in WORDS.items())


class Prompt:
    """Reads lines while the loop runs. `obey` takes a request as the control socket does."""

    def __init__(self, obey: Callable[[bytes], Answer]) -> None:
        self._obey = obey
        self._reading, self._rest = False, b""

    def start(self) -> None:
        """Take standard input, where it is a keyboard or a pipe."""
        try:
            asyncio.get_running_loop().add_reader(sys.stdin.fileno(), self._readable)
        except (OSError, ValueError):  # a file, or none at all
            say("standard input is no keyboard and no pipe: use --control")
            return
        self._reading = True

    def stop(self) -> None:
        """Let go of it."""
        if self._reading:
            asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
            self._reading = False

    def line(self, typed: str) -> None:
        """Do what was typed, and say what became of it."""
        words = typed.split()
        if words in ([], ["help"]):
            say(HELP)
            return
        try:
            request = request_of(words)
        except SettingError as error:
            say(str(error))
            return
        say(said(self._obey(json.dumps(request).encode())))

    def _readable(self) -> None:
        typed = os.read(sys.stdin.fileno(), 4096)
        if not typed:
            self.stop()
        *lines, self._rest = (self._rest + typed).split(b"\n")
        for line in lines:
            self.line(line.decode("utf-8", "replace"))


def said(answer: Answer) -> str:
    """An answer in words."""
    if not answer["ok"]:
        return str(answer["error"])
    told = [f"{name} {value}" for name, value in answer.items() if name != "ok"]
    return ", ".join(told) or "done"


def say(text: str) -> None:
    """One line to the technician."""
    print(f"reader: {text}", file=sys.stderr, flush=True)
