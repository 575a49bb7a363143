"""What is soaked: the agent as a real process, terminals on serial lines that are found by their adapters,
and the backend's client."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from terminal_agent.client import BackendClient, Tls
from tests.soak.brokers import Exchange
from tests.support.agent_process import AgentProcess, Desk
from tests.support.pki import Credentials
from tests.support.plugged_ports import PRODUCT, VENDOR, plug
from tests.support.station import Plan, Scalar, Station
from tests.support.waiting import LIMIT_S, eventually

_FIRST_TERMINAL_ID = 52_500_101
# As the simulator's scenario `instant`: a card is there at once. Both sides soon see that nobody answers.
_INSTANT: Mapping[str, Scalar] = {"status_every_s": 30.0, "t2_s": 1.2, "t3_s": 1.5}
_AT_ONCE: Mapping[str, Scalar] = {"how": "tap", "after_s": 0.0, "pin_after_s": 0.0, "remove_after_s": 0.0}
_PATIENCE: Mapping[str, Scalar] = {"t2_s": 1.0, "t3_s": 2.0}


@dataclass(slots=True)
class Site:
    """A running point of service. `ports` is the list of serial ports that the agent sees."""

    agent: AgentProcess
    client: BackendClient
    stations: Mapping[str, Station]
    ports: Path

    def plug(self, *, without: str | None = None) -> None:
        """Show the agent the ports of all terminals but one."""
        there = {station.tty: _adapter(name) for name, station in self.stations.items() if name != without}
        plug(self.ports, there)

    async def ready(self) -> None:
        """Wait until the agent takes money on every terminal."""

        def ready() -> bool:
            if not self.agent.running:
                raise RuntimeError(f"the agent ended while it started:\n{self.agent.said[-4000:]}")
            state = self.client.agents().get(self.agent.id)
            return state is not None and state.state == "ready"

        await eventually(ready, "the agent is ready")
        for name in self.stations:
            await self.client.wait_for_terminal(self.agent.id, name, "ready", LIMIT_S)


@asynccontextmanager
async def a_site(exchange: Exchange, folder: Path, terminals: int) -> AsyncIterator[Site]:
    """Everything up and ready; killed in the end. Files stay in the folder."""
    agent = AgentProcess("agent-soak", folder / "agent", f"clinic-{os.getpid()}")
    ports = folder / "ports.json"
    agent.arguments = ["-m", "tests.support.plugged_ports", str(ports), *agent.arguments[2:]]
    stations = {f"t{number}": _station(number, folder) for number in range(1, terminals + 1)}
    broker = exchange.broker
    tls = _tls(exchange.credentials("backend"))
    try:
        for station in stations.values():
            station.start()
        for station in stations.values():
            await station.ready()
        agent.configure(broker.port, exchange.credentials(agent.id), _desks(stations), log_level="info")
        client = BackendClient(broker.host, broker.port, clinic=agent.clinic, tls=tls, auto_ack=True)
        async with client:
            site = Site(agent, client, stations, ports)
            site.plug()
            agent.start()
            await site.ready()
            yield site
    finally:
        agent.kill()
        for station in stations.values():
            station.program.kill()


def _station(number: int, folder: Path) -> Station:
    plan = Plan(
        wire="pty",
        terminal_id=str(_FIRST_TERMINAL_ID + number),
        scenario=_INSTANT,
        cardholder=_AT_ONCE,
    )
    return Station(plan, folder / f"t{number}")


def _desks(stations: Mapping[str, Station]) -> Sequence[Desk]:
    usb = {"vid": f"{VENDOR:04x}", "pid": f"{PRODUCT:04x}"}
    return [
        Desk(id=name, serial={**usb, "serial_number": _adapter(name)}, options=_PATIENCE) for name in stations
    ]


def _adapter(terminal: str) -> str:
    """The serial number of the USB adapter that a terminal hangs on."""
    return f"SOAK{terminal.upper()}"


def _tls(credentials: Credentials | None) -> Tls | None:
    return Tls(credentials.ca, credentials.certificate, credentials.key) if credentials else None
