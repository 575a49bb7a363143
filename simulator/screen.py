"""What a technician sees of a simulated terminal: a live picture in a window, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections import deque
from typing import TextIO

from rich.console import Console as RichConsole
from rich.console import Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.text import Text

_NOTES = 12


class PlainScreen:
    """One line per event, flushed at once: for logs, pipes and tests."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out or sys.stdout

    def show(self, lines: tuple[str, ...]) -> None:
        """The display."""
        self._line("display", " / ".join(lines) or "(dark)")

    def paper(self, lines: tuple[str, ...]) -> None:
        """The terminal's own paper."""
        for line in lines:
            self._line("paper", line)

    def note(self, text: str) -> None:
        """Something that the terminal does not show."""
        self._line("note", text)

    def close(self) -> None:
        """Nothing to give back."""

    def _line(self, kind: str, text: str) -> None:
        stamp = time.strftime("%H:%M:%S")
        print(f"{stamp} {kind:8} {text}", file=self._out, flush=True)


class LiveScreen:
    """The terminal's display as a picture, the last notes and receipts below it."""

    def __init__(self, title: str, legend: str = "", out: TextIO | None = None) -> None:
        self._title, self._legend = title, legend
        self._lines: tuple[str, ...] = ()
        self._notes: deque[str] = deque(maxlen=_NOTES)
        self._live = Live(console=RichConsole(file=out), auto_refresh=False, transient=False)
        self._live.start()

    def show(self, lines: tuple[str, ...]) -> None:
        """The display."""
        self._lines = lines
        self._draw()

    def paper(self, lines: tuple[str, ...]) -> None:
        """The terminal's own paper."""
        self._notes.extend(f"| {line}" for line in lines)
        self._draw()

    def note(self, text: str) -> None:
        """Something that the terminal does not show."""
        self._notes.append(f"{time.strftime('%H:%M:%S')} {text}")
        self._draw()

    def close(self) -> None:
        """Leave the last picture standing."""
        self._live.stop()

    def _draw(self) -> None:
        face = Text("\n".join(("", *self._lines, "")), justify="center", style="bold")
        parts: list[RenderableType] = [
            Panel(face, title=self._title, width=48),
            Text("\n".join(self._notes), style="dim"),
        ]
        if self._legend:
            parts.append(Text(self._legend))
        self._live.update(Group(*parts), refresh=True)
