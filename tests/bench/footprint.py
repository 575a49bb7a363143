"""What the agent needs when nothing happens: time to start, memory, CPU."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from statistics import median
from typing import Any

from tests.bench import mqtt
from tests.bench.agents import agent
from tests.bench.backend import Backend
from tests.bench.brokers import Broker
from tests.bench.phases import peer
from tests.bench.processes import cpu_percent, pss_mib, rss_mib

_SETTLE_S = 3.0
_MANY = 32


def starting(folder: Path, broker: Broker, times: int) -> dict[str, Any]:
    """From the start of the process to its retained state, one terminal; the first one makes the journal."""
    home = folder / "starts"
    home.mkdir()
    found = []
    with peer(folder, 1) as ports:
        for _ in range(times):
            with agent(home, broker.port, ports.paths) as one:
                found.append(round(one.ready_s, 3))
    return {"ready_s": {"median": median(found), "slowest": max(found)}}


def resting(folder: Path, broker: Broker, window_s: float) -> dict[str, Any]:
    """Memory and CPU of an agent that is ready and is asked nothing: one terminal, then 32."""
    one, many = (_at_rest(folder, broker, count, window_s) for count in (1, _MANY))
    return {
        "memory": {
            "idle_rss_mib": one["rss"],
            "idle_pss_mib": one["pss"],
            "per_further_terminal_rss_mib": _each(many["rss"], one["rss"]),
            "per_further_terminal_pss_mib": _each(many["pss"], one["pss"]),
        },
        "idle_cpu": {
            "window_s": window_s,
            "one_terminal_percent": one["cpu"],
            "many_terminals_percent": many["cpu"],
        },
    }


def _each(many: float | None, one: float | None) -> float | None:
    return None if many is None or one is None else round((many - one) / (_MANY - 1), 3)


def _at_rest(folder: Path, broker: Broker, terminals: int, window_s: float) -> dict[str, float | None]:
    home = folder / f"rest-{terminals}"
    home.mkdir()
    with peer(folder, terminals) as ports, agent(home, broker.port, ports.paths) as one:
        asyncio.run(_greeted(broker.port, terminals))
        time.sleep(_SETTLE_S)
        pid = one.process.pid
        cpu = cpu_percent(pid, window_s)
        pss = pss_mib(pid)
        return {
            "cpu": round(cpu, 3),
            "rss": round(rss_mib(pid), 2),
            "pss": None if pss is None else round(pss, 2),
        }


async def _greeted(port: int, terminals: int) -> None:
    """Synced with a backend, and every terminal ready."""
    async with mqtt.client(port, "backend") as client:
        await Backend(client, terminals, floor=False).ready()
