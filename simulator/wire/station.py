"""Binds a device to a wire end and to the real clock. The only place where they meet."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import Protocol

from simulator.wire.end import WireEnd
from simulator.zvt.device import Bytes, Device, Output
from simulator.zvt.effects import Cable, Cause, Hangup, Note, Paper, PowerOn, Show


class Screen(Protocol):
    """Where the technician watches the terminal."""

    def show(self, lines: tuple[str, ...]) -> None:
        """The terminal's display changed."""
        ...

    def paper(self, lines: tuple[str, ...]) -> None:
        """The terminal's own printer printed."""
        ...

    def note(self, text: str) -> None:
        """Something happened that the terminal itself does not show."""
        ...


class Station:
    """One running terminal. Everything happens in callbacks of the event loop, one after the other."""

    def __init__(self, device: Device, end: WireEnd, screen: Screen) -> None:
        self.device = device
        self.end = end
        self._screen = screen
        self._timer: asyncio.TimerHandle | None = None
        self.display: tuple[str, ...] = ()

    async def start(self) -> None:
        """Plug it in. OSError when the wire end is not to be had."""
        await self.end.start(self)
        self._do(self.device.wake(time.monotonic()))

    def stop(self) -> None:
        """Unplug it; what is under way is lost as in a power cut."""
        if self._timer is not None:
            self._timer.cancel()
        self.end.close()

    def on_bytes(self, data: bytes) -> None:
        """The ECR wrote."""
        self._do(self.device.receive(data, time.monotonic()))

    def on_connect(self) -> None:
        """An ECR has connected."""
        self._do(self.device.connected(time.monotonic()))

    def on_disconnect(self) -> None:
        """The ECR is gone."""
        self._do(self.device.disconnected(time.monotonic()))

    def cause(self, cause: Cause) -> None:
        """Something by hand: the cardholder, the plug, a planned fault."""
        self._do(self.device.do(cause, time.monotonic()))

    def cut(self, what: str, seconds: float) -> None:
        """Cut the cable by hand."""
        self._screen.note(f"cable: {what}" + (f" for {seconds:g} s" if seconds else " until restored"))
        self.end.cut(what, seconds)

    def restore(self, path: str | None = None) -> None:
        """The cable and the plug are back; OSError when the other path is not to be had."""
        self.end.restore(path)
        self._screen.note(f"restored: {self.end.address}")
        self.cause(PowerOn())

    def _do(self, outputs: tuple[Output, ...]) -> None:
        for output in outputs:
            match output:
                case Bytes(data):
                    self.end.write(data)
                case Hangup(why):
                    self._screen.note(f"hang up: {why}")
                    self.end.hang_up()
                case Cable(what, seconds):
                    self.cut(what, seconds)
                case Show(lines=lines):
                    self.display = lines
                    self._screen.show(lines)
                case Paper(lines):
                    self._screen.paper(lines)
                case Note(text):
                    self._screen.note(text)
        self._arm()

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due = self.device.next_deadline()
        if due is not None:
            wait_s = max(due - time.monotonic(), 0.0)
            self._timer = asyncio.get_running_loop().call_later(wait_s, self._wake)

    def _wake(self) -> None:
        self._timer = None
        self._do(self.device.wake(time.monotonic()))


def wall_clock() -> datetime:
    """UTC, now."""
    return datetime.now(UTC)
