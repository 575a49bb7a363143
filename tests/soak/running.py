"""One soak, from the first sale to the comparison with the ledger."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from pathlib import Path
from typing import Any

from tests.soak.agreement import agreement
from tests.soak.brokers import Exchange, exchange
from tests.soak.disturbance import Disturbance
from tests.soak.load import Till
from tests.soak.report import figures
from tests.soak.sampling import Sample, sample
from tests.soak.site import Site, a_site
from tests.soak.slopes import measured_from_s

_PERIOD_S = 60.0
_LOOK_EVERY_S = 5.0
_SETTLES_IN_S = 120.0
_HURRIED_S = 0.02


class Soak:
    """The load, the disturbances and the samples of one run.

    Until the measured part begins the tills hardly pause. What has a fixed size but fills with the load (the
    journal's page cache, free lists, the parts of the heap that are touched for the first time) is full only
    after some thousand sales; at the measured pace it would still fill in the sixth minute and look like a
    leak. From then on each till pauses `pause_s` after a sale. What grows with each sale, be it a few bytes,
    goes on growing there, and nothing is taken off the measured slope.
    """

    def __init__(self, site: Site, at: Exchange, total_s: float, pause_s: float) -> None:
        self.site = site
        self.total_s = total_s
        self.pause_s = pause_s
        self.tills = [Till(site.client, site.agent.id, name, _HURRIED_S) for name in site.stations]
        self.disturbance = Disturbance(site, at)
        self.samples: list[Sample] = []
        self._over = asyncio.Event()
        self._began_s = time.monotonic()

    async def run(self) -> None:
        """Sell, disturb and look until the time is up or the agent is dead; then let the last sales end."""
        period_s = min(_PERIOD_S, self.total_s / 2)
        selling = [asyncio.create_task(till.sell(self._goes_on)) for till in self.tills]
        disturbing = asyncio.create_task(self.disturbance.go_on(period_s, self._pause))
        await self._look_on(min(_LOOK_EVERY_S, self.total_s / 40))
        self._over.set()
        await self._ended(disturbing, *selling)
        for till in self.tills:
            till.late_news()

    def done(self) -> int:
        """How many operations ended so far."""
        return sum(len(till.outcomes) for till in self.tills)

    def results(self, broker: str) -> dict[str, Any]:
        """Everything for the file."""
        outcomes = Counter(one.state for till in self.tills for one in till.outcomes)
        rejected = sum((till.rejected for till in self.tills), Counter[str]())
        disturbance = self.disturbance
        return {
            "minutes": round(self.total_s / 60, 2),
            "broker": broker,
            "terminals": len(self.tills),
            "agent_died": not self.site.agent.running,
            "outcomes": dict(outcomes),
            "rejected": dict(rejected),
            "replugs": disturbance.replugs,
            "replugs_during_a_sale": disturbance.replugs_during_a_sale,
            "broker_restarts": disturbance.restarts,
            "ledger": agreement(self.tills, [one.lines() for one in self.site.stations.values()]),
            **figures(self.samples, self.total_s),
            "samples": [one.row() for one in self.samples],
        }

    async def _look_on(self, every_s: float) -> None:
        while self._goes_on():
            at_s = time.monotonic() - self._began_s
            if at_s >= measured_from_s(self.total_s):
                for till in self.tills:
                    till.pause_s = self.pause_s
            agent = self.site.agent
            found = await asyncio.to_thread(sample, agent.pid, agent.journal, at_s, self.done())
            self.samples.append(found)
            await asyncio.sleep(every_s)

    async def _ended(self, *tasks: asyncio.Task[None]) -> None:
        """Wait for them; where the agent is dead nothing more will come. An error of theirs is ours."""
        limit_s = _SETTLES_IN_S if self.site.agent.running else 0.0
        done, late = await asyncio.wait(tasks, timeout=limit_s)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        for task in done:
            task.result()

    def _goes_on(self) -> bool:
        in_time = time.monotonic() - self._began_s < self.total_s
        return in_time and not self._over.is_set() and self.site.agent.running

    async def _pause(self, seconds: float) -> bool:
        """Wait so long; False as soon as the soak is over."""
        try:
            async with asyncio.timeout(seconds):
                await self._over.wait()
        except TimeoutError:
            return self._goes_on()
        return False


async def soak(folder: Path, *, minutes: float, terminals: int, pause_s: float) -> dict[str, Any]:
    """Run one soak in a folder of its own; the keys are those of `Soak.results`."""
    with exchange(folder / "broker") as at:
        async with a_site(at, folder, terminals) as site:
            one = Soak(site, at, minutes * 60, pause_s)
            await one.run()
            return one.results(at.name)
