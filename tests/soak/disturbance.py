"""What goes wrong in a soak, again and again: a cable comes back at another port, a broker restarts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tests.soak.brokers import Exchange
from tests.soak.site import Site
from tests.support.waiting import eventually

_AWAY_S = 1.0
_LONGEST_WAIT_FOR_A_SALE_S = 30.0

Pause = Callable[[float], Awaitable[bool]]


@dataclass(slots=True)
class Disturbance:
    """One replug and one restart in each period; terminals in turn, every second replug during a sale."""

    site: Site
    exchange: Exchange
    replugs: int = 0
    replugs_during_a_sale: int = 0
    restarts: int = 0

    async def go_on(self, period_s: float, pause: Pause) -> None:
        """Until `pause` returns False: the soak is over. What was begun is ended."""
        while await pause(period_s / 2):
            await self.replug(during_a_sale=self.replugs % 2 == 1)
            if not await pause(period_s / 2):
                return
            await self.restart()

    async def replug(self, *, during_a_sale: bool) -> None:
        """The port vanishes, at once or as the next sale is booked, and comes back under another path."""
        names = list(self.site.stations)
        name = names[self.replugs % len(names)]
        station = self.site.stations[name]
        if during_a_sale:
            await station.fault("booked", "cut", command="sale")
            await eventually(
                lambda: not station.tty.is_symlink(), "a sale pulls the cable", _LONGEST_WAIT_FOR_A_SALE_S
            )
            self.replugs_during_a_sale += 1
        else:
            await station.do("cut")
        self.site.plug(without=name)
        await asyncio.sleep(_AWAY_S)
        self.replugs += 1
        station.tty = station.folder / f"tty-{self.replugs}"
        await station.do("restore", path=str(station.tty))
        self.site.plug()

    async def restart(self) -> None:
        """The broker ends, forgets every session, and is back a moment later."""
        await asyncio.to_thread(self.exchange.switch.stop)
        await asyncio.sleep(_AWAY_S)
        await asyncio.to_thread(self.exchange.switch.start)
        self.restarts += 1
