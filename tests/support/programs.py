"""Our own programs as real processes: started with a log in a file, ended gently or at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_END_LIMIT_S = 20.0


class Program:
    """One program of ours that may be started again and again; everything it says goes to one file.

    `under` is the command line of what it is to run under, such as strace; `pid` is then that one's. `given`
    are descriptors that it is to inherit.
    """

    def __init__(self, arguments: Sequence[str], log: Path) -> None:
        self.under: list[str] = []
        self.given: tuple[int, ...] = ()
        self.arguments = list(arguments)
        self.log = log
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Of the running process."""
        assert self.process is not None, "it was not started"
        return self.process.pid

    @property
    def running(self) -> bool:
        """Whether it is there."""
        return self.process is not None and self.process.poll() is None

    @property
    def said(self) -> str:
        """All that it wrote so far, over all its lives."""
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""

    def start(self, environment: Mapping[str, str] | None = None) -> None:
        """Start it; does not wait for anything."""
        assert not self.running, "it is running already"
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as said:
            self.process = subprocess.Popen(
                [*self.under, sys.executable, *self.arguments],
                cwd=self.log.parent,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                pass_fds=self.given,
                start_new_session=True,  # a group of its own, so that all of it can be ended
                env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", **(environment or {})},
            )

    def terminate(self) -> None:
        """Ask it to end; does not wait."""
        if self.running:
            os.kill(self.pid, signal.SIGTERM)

    def kill(self) -> None:
        """End it at once, as a power cut would: kill -9, it and what it runs under."""
        if self.running:
            os.killpg(self.pid, signal.SIGKILL)
        self.ended()

    def stop(self) -> int:
        """Ask it to end and wait for that; the exit code. One that does not end is killed, and that fails."""
        self.terminate()
        return self.ended()

    def ended(self) -> int:
        """Wait for its end; the exit code, negative for a signal."""
        if self.process is None:
            return 0
        try:
            return self.process.wait(_END_LIMIT_S)
        except subprocess.TimeoutExpired:
            os.killpg(self.pid, signal.SIGKILL)
            self.process.wait(_END_LIMIT_S)
            raise
