"""Which serial adapters and card readers are plugged in: told when they appear, and when a rescan is asked
for. One that is nobody's is told with the lines that would make it somebody's.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable, Sequence

from drivers.discovery import PortInfo
from protocols.contract.events import Discovered
from protocols.contract.wording import words
from terminal_agent.checks.devices import settings_lines
from terminal_agent.clock import Clock
from terminal_agent.settings.terminal import Serial, Terminal

_LOOK_EVERY_S = 10.0


class Sighting:
    """Looks at the ports now and then; tells each USB adapter and reader once, until it is unplugged."""

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
        """Tell every one again, now."""
        self._known = frozenset()
        self._anew.set()

    async def run(self) -> None:
        """Look until cancelled. Listing reads /sys and asks readers for their strings: some milliseconds, off
        the loop."""
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
            self._tell(self._discovered(port, ports))
        if new:
            self._appeared()  # a terminal that was unplugged may be back

    def _discovered(self, port: PortInfo, ports: Iterable[PortInfo]) -> Discovered:
        ours = next((one.id for one in self._terminals if _is_ours(one, port)), None)
        alike = [one for one in ports if one.kind == port.kind]
        return Discovered(
            where=port.path,
            text=words("discovered"),
            terminal=ours,
            settings=None if ours else settings_lines(port, alike),
            vendor_id=f"{port.vid:04x}",
            product_id=f"{port.pid or 0:04x}",
            serial=port.serial_number,
            description=port.product,
            at=self._clock.wall(),
        )


def _is_ours(terminal: Terminal, port: PortInfo) -> bool:
    named = terminal.usb if port.kind == "reader" else terminal.serial
    if named is None:
        return False
    if isinstance(named, Serial) and named.path is not None:
        return port.path in (named.path, os.path.realpath(named.path))  # udev's names are links
    same = named.vid == f"{port.vid:04x}" and named.pid in (None, f"{port.pid or 0:04x}")
    return same and named.serial_number in (None, port.serial_number)
