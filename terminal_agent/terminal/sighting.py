"""Which serial adapters are plugged in: told when they appear, and when a rescan is asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from drivers.discovery import PortInfo
from protocols.contract.events import Discovered
from protocols.contract.wording import words
from terminal_agent.clock import Clock
from terminal_agent.settings.terminal import Terminal

_LOOK_EVERY_S = 10.0


class Sighting:
    """Looks at the ports now and then; tells each USB adapter once, until it is unplugged."""

    def __init__(
        self,
        terminals: Sequence[Terminal],
        ports: Callable[[], Sequence[PortInfo]],
        tell: Callable[[Discovered], None],
        appeared: Callable[[], None],
        clock: Clock,
    ) -> None:
        self._terminals = terminals
        self._ports = ports
        self._tell = tell
        self._appeared = appeared
        self._clock = clock
        self._known: frozenset[PortInfo] = frozenset()
        self._anew = asyncio.Event()

    def look_again(self) -> None:
        """Tell every adapter again, now."""
        self._known = frozenset()
        self._anew.set()

    async def run(self) -> None:
        """Look until cancelled. Listing ports reads /sys: a few milliseconds, off the loop."""
        while True:
            self._anew.clear()
            listed = await asyncio.to_thread(self._ports)
            self._compare(frozenset(port for port in listed if port.vid is not None))
            try:
                async with asyncio.timeout(_LOOK_EVERY_S):
                    await self._anew.wait()
            except TimeoutError:
                continue

    def _compare(self, ports: frozenset[PortInfo]) -> None:
        new = ports - self._known
        self._known = ports
        for port in sorted(new, key=lambda port: port.path):
            self._tell(self._discovered(port))
        if new:
            self._appeared()  # a terminal that was unplugged may be back

    def _discovered(self, port: PortInfo) -> Discovered:
        return Discovered(
            where=port.path,
            text=words("discovered"),
            terminal=next((one.id for one in self._terminals if _is_ours(one, port)), None),
            vendor_id=f"{port.vid:04x}",
            product_id=f"{port.pid or 0:04x}",
            serial=port.serial_number,
            description=port.product,
            at=self._clock.wall(),
        )


def _is_ours(terminal: Terminal, port: PortInfo) -> bool:
    serial = terminal.serial
    if serial is None:
        return False
    if serial.path is not None:
        return serial.path == port.path
    same = (serial.vid, serial.pid) == (f"{port.vid:04x}", f"{port.pid or 0:04x}")
    return same and serial.serial_number in (None, port.serial_number)
