"""A process that is killed in the middle of writing leaves a journal that opens and holds all it had said."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from terminal_agent.clock import SystemClock
from terminal_agent.journal.sqlite import look_at, open_journal

ROOT = Path(__file__).parents[3]


def killed_after(path: Path, said: int) -> list[str]:
    """Let a process write until it has said so many ids, kill it with SIGKILL; all that it said."""
    command = [sys.executable, "-m", "tests.contract.journal.writing_process", str(path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline().strip() for _ in range(said)]
        process.kill()
        rest = process.stdout.read().splitlines(keepends=True)
    return lines + [line.strip() for line in rest if line.endswith("\n")]


@pytest.mark.parametrize("said", [1, 40])
async def test_what_was_said_to_be_on_disk_is_there_after_a_kill(tmp_path: Path, said: int) -> None:
    path = tmp_path / "journal.sqlite"
    ids = killed_after(path, said)
    ids += killed_after(path, said)
    journal = await open_journal(path, SystemClock())
    assert journal.head.boot == 3
    held = {row.id: row for row in await journal.read(lambda reader: reader.newest(100_000))}
    assert set(ids) <= set(held)
    assert all(held[name].state == "committed" for name in ids)
    for name in ids:
        assert [mark.stage for mark in await journal.read(lambda reader, name=name: reader.marks(name))] == [  # type: ignore[misc]  # mypy cannot type a lambda's default
            "committed"
        ]
    events = await journal.events_after(0, 1_000_000)
    assert [event.seq for event in events] == list(range(1, journal.head.last_seq + 1))
    keys = [row.attempt.key for row in held.values()]
    assert len(set(keys)) == len(keys)
    await journal.aclose()
    with look_at(path) as reader:
        assert len(reader.newest(100_000)) == len(held)
