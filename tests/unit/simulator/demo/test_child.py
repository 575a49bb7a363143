"""Programs as child processes: their words, their end, and their leash. Real processes, short ones."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from simulator.demo import leash
from simulator.demo.child import Child, ChildError

HELP = ("simulator.demo.broker",)  # without an argument it says how it is used, and ends with 2
STAYS = ("http.server", "0", "--bind", "127.0.0.1")


async def test_a_program_that_ends_is_told_with_its_last_words(tmp_path: Path) -> None:
    said: list[str] = []
    child = Child("broker", tmp_path / "log", *HELP, on_line=said.append)
    await child.start()
    with pytest.raises(
        ChildError, match=r"broker ended with code 2; its last lines.*\n.*use: python"
    ) as found:
        await child.until(lambda: False, 20)
    assert str(tmp_path / "log") in str(found.value)
    await child.stop()
    assert said == ["use: python -m simulator.demo.broker CONFIG.toml"]
    assert (tmp_path / "log").read_text(encoding="utf-8").splitlines() == said


async def test_a_program_that_is_not_ready_in_time_is_told(tmp_path: Path) -> None:
    child = Child("server", tmp_path / "log", *STAYS)
    await child.start()
    try:
        with pytest.raises(ChildError, match=r"server is not ready after 0\.05 s"):
            await child.until(lambda: False, 0.05)
    finally:
        await child.stop(at_once=True)


async def test_a_stopped_program_is_gone_and_can_be_started_again(tmp_path: Path) -> None:
    child = Child("server", tmp_path / "log", *STAYS)
    pids = []
    for _ in range(2):
        await child.start()
        pid = child.pid
        assert pid is not None
        pids.append(pid)
        await child.stop(at_once=True)
        await child.stop()
        assert child.pid is None
        with pytest.raises(ProcessLookupError):
            os.kill(pid, signal.SIG_DFL)
    assert pids[0] != pids[1]


def test_a_leash_that_somebody_else_holds_runs_nothing() -> None:
    program = (sys.executable, "-c", "raise SystemExit(7)")
    for holder, code in ((os.getpid(), 7), (os.getpid() + 1, 0)):
        line = (sys.executable, "-m", "simulator.demo.leash", str(holder), *program)
        assert subprocess.run(line, check=False, timeout=30).returncode == code


def test_a_leash_says_how_it_is_used(capsys: pytest.CaptureFixture[str]) -> None:
    assert leash.main([]) == 2
    assert "PARENT_PID" in capsys.readouterr().err
