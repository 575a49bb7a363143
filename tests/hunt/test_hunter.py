"""The hunter finds what was planted, or its silence would prove nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from simulator.cards import CARDS
from tests.hunt.leaking_program import KINDS
from tests.hunt.memory import search
from tests.support.card_traces import traces

NUMBER = CARDS["visa_second"].number
PROGRAM = Path(__file__).with_name("leaking_program.py")
FOUND_IN = {"str": {"digits"}, "bytes": {"packed"}, "log": {"spaced"}, "file": {"wide"}, "none": set[str]()}

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="reads another process: did NOT run, needs root")


@contextmanager
def leaking(kind: str, folder: Path) -> Iterator[int]:
    """The pid of a program that has leaked."""
    command = [sys.executable, str(PROGRAM), kind, str(folder), NUMBER[::-1]]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "leaked\n"
        yield process.pid
        assert process.stdin is not None
        process.stdin.close()


@pytest.mark.parametrize("kind", KINDS)
def test_a_planted_leak_is_found(kind: str, tmp_path: Path) -> None:
    with leaking(kind, tmp_path) as pid:
        in_memory = set(search(pid, NUMBER).found)
    in_files = traces(NUMBER, {"file": b"|".join(path.read_bytes() for path in tmp_path.iterdir())})
    expected = FOUND_IN[kind]
    if kind in {"log", "file"}:
        assert {find.removeprefix("file: ") for find in in_files} == expected
    else:
        assert in_files == []
        assert expected <= in_memory
        assert bool(in_memory) == bool(expected)
