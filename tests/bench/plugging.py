"""A reader that is pulled out in the middle of a swipe and plugged in elsewhere: until it is ready again."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from statistics import median
from typing import Any

from protocols.contract.projections import TerminalState
from simulator.cards import CARDS
from simulator.reader.faults import ReadFault
from tests.conftest import missing_packages
from tests.support.broker import tls_broker
from tests.support.reader_house import READER, Counter, a_counter
from tests.support.waiting import eventually


def plugging(folder: Path, times: int) -> dict[str, Any]:
    """Seconds from the unplug until the backend is told `ready` with the new place; None where Mosquitto or
    the emulated USB bus is not installed. The real agent, real libusb, TLS to the broker and to the vault."""
    missing = missing_packages()
    if missing.get("mocked_usb") or "mosquitto" in missing.get("system", ()):
        return {"replugged_s": None}
    home = folder / "plugging"
    home.mkdir()
    found = asyncio.run(_found(home, times))
    return {"replugged_s": {"median": round(median(found), 3), "slowest": round(max(found), 3)}}


async def _found(home: Path, times: int) -> list[float]:
    with tls_broker(home) as (broker, _):
        async with a_counter(broker, home) as counter:
            return [await _replugged(counter, socket_number) for socket_number in range(2, 2 + times)]


async def _replugged(counter: Counter, socket_number: int) -> float:
    before = _state(counter).identity
    counter.reader.plan(ReadFault(what="cut_report"))
    counter.reader.swipe(CARDS["visa"])
    began = time.monotonic()
    counter.unplug()
    counter.plug(socket_number)

    def back() -> bool:
        now = _state(counter)
        return now.state == "ready" and now.identity != before

    await eventually(back, "the reader is ready again")
    return time.monotonic() - began


def _state(counter: Counter) -> TerminalState:
    return counter.house.client.terminals(counter.house.agent.id)[READER]
