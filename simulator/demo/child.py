"""A program of the demo as a child process: its output kept in a file, its end certain."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path

from simulator.demo.leash import command

_GRACE_S = 8.0
_TOLD_LINES = 8
_LONGEST_LINE = 1 << 20


class ChildError(Exception):
    """A program of the demo did not come up, or went away: which, how, and the last lines it wrote."""


class Child:
    """One Python module as a process. `on_line` gets each line it prints, while it runs. `announces`: how the
    line begins that says that it is up; `is_up` tells whether it did."""

    def __init__(
        self,
        name: str,
        log: Path,
        *program: str,
        on_line: Callable[[str], None] | None = None,
        announces: str = "",
    ) -> None:
        self.name = name
        self.is_up = False
        self._announces = announces
        self._log = log
        self._program = program
        self._on_line = on_line
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """Its process id while it runs."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def start(self) -> None:
        """Start it (again), apart from our terminal: Ctrl-C reaches us alone; we end the others in order."""
        self.is_up = False
        self._process = await asyncio.create_subprocess_exec(
            *command(os.getpid(), *self._program),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
            limit=_LONGEST_LINE,
        )
        self._reading = asyncio.create_task(self._read())

    def check(self) -> None:
        """Raise ChildError if it has ended."""
        if self._process is not None and self._process.returncode is not None:
            raise ChildError(f"{self.name} ended with code {self._process.returncode}; {self._last_words()}")

    async def up(self, within_s: float) -> None:
        """Wait until it has said that it is up. Raises ChildError as `until` does."""
        await self.until(lambda: self.is_up, within_s)

    async def until(self, ready: Callable[[], bool], within_s: float) -> None:
        """Wait until it is `ready`. Raises ChildError when it ends before that, or takes too long."""
        try:
            async with asyncio.timeout(within_s):
                while not ready():
                    self.check()
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise ChildError(f"{self.name} is not ready after {within_s:g} s; {self._last_words()}") from None

    async def stop(self, *, at_once: bool = False) -> None:
        """End it: asked first, killed after eight seconds; or killed at once. Safe to call twice."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None:
            process.send_signal(signal.SIGKILL if at_once else signal.SIGTERM)
            try:
                async with asyncio.timeout(_GRACE_S):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()
        if self._reading is not None:
            await self._reading

    async def _read(self) -> None:
        if self._process is None or self._process.stdout is None:
            return
        with self._log.open("ab") as log:
            async for line in self._process.stdout:
                log.write(line)
                log.flush()
                text = line.decode("utf-8", "replace").rstrip("\n")
                self.is_up = self.is_up or bool(self._announces and text.startswith(self._announces))
                if self._on_line is not None:
                    self._on_line(text)

    def _last_words(self) -> str:
        try:
            lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            lines = []
        if not lines:
            return f"it wrote nothing to {self._log}"
        return f"its last lines, from {self._log}:\n" + "\n".join(
            f"    {line}" for line in lines[-_TOLD_LINES:]
        )
