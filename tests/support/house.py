"""A whole point of service on real processes: broker, agent, simulated terminals, and a backend.

async with a_house(broker, folder, Plan(wire="pty")) as house:
    view = await house.pay(Sale(**house.stamp(), amount_minor=1250))
"""

from __future__ import annotations

import itertools
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from protocols.contract.commands import TerminalCommand
from protocols.contract.operation import OperationView
from protocols.contract.replies import Reply
from simulator.acquirer.lines import Line
from terminal_agent.client import BackendClient, Pending, Tls
from tests.support.agent_process import AgentProcess, Desk, desk_of
from tests.support.broker import Broker
from tests.support.pki import Credentials
from tests.support.station import Plan, Station
from tests.support.traffic import Traffic, recorded
from tests.support.waiting import LIMIT_S, eventually

ACTOR = "staff-17"
_numbers = itertools.count(1)


class House:
    """Everything of one point of service. `backend` credentials are those of the cloud."""

    def __init__(self, broker: Broker, folder: Path, credentials: Credentials) -> None:
        name = f"{os.getpid()}-{next(_numbers)}"
        self.broker = broker
        self.folder = folder
        self.credentials = credentials
        self.agent = AgentProcess(f"agent-{name}", folder / "agent", f"clinic-{name}")
        self.locale: Literal["fr", "en"] = "fr"
        self.stations: dict[str, Station] = {}
        self.client: BackendClient
        self.traffic = Traffic()

    @property
    def station(self) -> Station:
        """The first terminal."""
        return self.stations["t1"]

    @property
    def tls(self) -> Tls:
        """The backend's side of TLS."""
        return Tls(self.credentials.ca, self.credentials.certificate, self.credentials.key)

    def new_client(self, **settings: Any) -> BackendClient:
        """A further client of the backend's."""
        broker = self.broker
        return BackendClient(broker.host, broker.port, clinic=self.agent.clinic, tls=self.tls, **settings)

    # --- commands -----------------------------------------------------------------------------------

    def stamp(self, **more: Any) -> dict[str, Any]:
        """The fields of every command, with an id of its own, in the language of the staff."""
        return {**self.client.stamp(actor=ACTOR), "locale": self.locale, **more}

    def now(self) -> datetime:
        """UTC."""
        return datetime.now(UTC)

    async def send(self, command: TerminalCommand, terminal: str = "t1") -> Pending:
        """Send it to a terminal."""
        return await self.client.send(self.agent.id, terminal, command)

    async def ask(self, command: TerminalCommand, terminal: str = "t1") -> Reply:
        """Send it and return its reply."""
        return await (await self.send(command, terminal)).reply(LIMIT_S)

    async def start(self, command: TerminalCommand, terminal: str = "t1") -> Pending:
        """Send it; it must be taken."""
        pending = await self.send(command, terminal)
        reply = await pending.reply(LIMIT_S)
        assert reply.verdict == "accepted", reply
        return pending

    async def run(self, command: TerminalCommand, terminal: str = "t1") -> OperationView:
        """Send something that needs no card, and return its outcome."""
        return await (await self.start(command, terminal)).outcome(LIMIT_S)

    async def pay(
        self, command: TerminalCommand, card: str = "visa", how: str = "tap", terminal: str = "t1"
    ) -> OperationView:
        """Send something that needs a card, present one, and return the outcome."""
        pending = await self.start(command, terminal)
        await self.stations[terminal].present(card, how)
        return await pending.outcome(LIMIT_S)

    # --- what became of it ----------------------------------------------------------------------------

    def lines(self) -> tuple[Line, ...]:
        """The money ledger."""
        return self.station.lines()

    async def ready(self, state: str = "ready", terminal: str = "t1") -> None:
        """Wait until the agent is up and tells this state of a terminal."""
        await self.client.wait_for_agent(self.agent.id, LIMIT_S)
        await self.client.wait_for_terminal(self.agent.id, terminal, state, LIMIT_S)

    async def alert(self, code: str) -> dict[str, Any]:
        """Wait for an alert of this code."""
        return await eventually(
            lambda: next((body for body in self.traffic.alerts() if body["code"] == code), None),
            f"an alert {code}",
        )

    async def agent_ready(self) -> None:
        """Wait until the agent takes money."""

        def ready() -> bool:
            assert self.agent.running, self.agent.said
            state = self.client.agents().get(self.agent.id)
            return state is not None and state.state == "ready"

        await eventually(ready, "the agent is ready")

    def account(self) -> str:
        """What all processes said, and what was heard of the agent, for who looks into a failure."""
        told = "\n".join(f"{one.topic} {one.payload.decode()[:400]}" for one in self.traffic.heard[-60:])
        said = [f"--- {name}\n{one.program.said[-4000:]}" for name, one in self.stations.items()]
        return "\n".join([f"--- agent\n{self.agent.said[-8000:]}", *said, f"--- traffic\n{told}"])

    def start_agent(self) -> None:
        """Start it (again)."""
        self.agent.start()


@asynccontextmanager
async def a_house(
    broker: Broker,
    folder: Path,
    *plans: Plan,
    credentials: Credentials | None = None,
    desks: Mapping[str, Mapping[str, Any]] | None = None,
    more_desks: Sequence[Desk] = (),
    agent_port: int | None = None,
    started: bool = True,
    **client: Any,
) -> AsyncIterator[House]:
    """A running house with one simulated terminal for each plan: t1, t2 …, and the agent ready.

    `desks` are further tables of these terminals in the settings, `more_desks` whole further ones,
    `agent_port` is where the agent finds the broker if not at the broker itself. Not `started`: everything
    but the agent runs.
    """
    house = House(broker, folder, credentials or broker.credentials("backend"))
    own: list[Desk] = []
    try:
        for number, plan in enumerate(plans, 1):
            name = f"t{number}"
            station = house.stations[name] = Station(plan, folder / name)
            station.start()
            own.append(desk_of(station, name, (desks or {}).get(name, {})))
        for station in house.stations.values():
            await station.ready()
        agent = house.agent
        agent.configure(agent_port or broker.port, broker.credentials(agent.id), [*own, *more_desks])
        async with recorded(broker, house.credentials, agent.clinic) as house.traffic:
            settings = {"auto_ack": True, **client}
            async with house.new_client(**settings) as house.client:
                if started:
                    house.start_agent()
                    await house.agent_ready()
                    for name in house.stations:
                        await house.ready(terminal=name)
                yield house
    except BaseException:
        print(house.account())  # noqa: T201 - pytest shows it beside the failure
        raise
    finally:
        house.agent.kill()
        for station in house.stations.values():
            station.program.kill()
