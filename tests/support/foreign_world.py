"""A point of service for a stranger's backend: Mosquitto, our agent as a process, two foreign terminals."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.broker import plain_broker
from tests.support.foreign_agent import AGENT, CLINIC, ForeignAgent, terminal
from tests.support.foreign_backend import ForeignBackend, backend
from tests.support.foreign_terminal import ForeignTerminal, Manners

OPTIONS = {"t3_s": 1.0, "redial_s": 0.3, "nothing_stored_code": 0xFB}


@dataclass
class BackendWorld:
    """The running whole. t1 pays at once; t2 dawdles, and its tokens may be charged."""

    port: int
    t1: ForeignTerminal
    t2: ForeignTerminal
    agent: ForeignAgent
    cloud: ForeignBackend

    def restart(self) -> None:
        """End the agent and start it again, until it takes money."""
        state = f"agent/{AGENT}/state"
        boot = self.cloud.latest(state)["boot"]
        self.agent.stop()
        self.agent.start()
        self.cloud.wait(lambda: self.cloud.latest(state)["boot"] > boot, "the agent is born again")
        self.cloud.begin()
        for name in ("t1", "t2"):
            self.cloud.ready(name)


def verdict(reply: dict[str, Any]) -> tuple[str, str]:
    """What a reply says first: its verdict, and its code."""
    return reply["verdict"], reply["code"]


@contextmanager
def backend_world(folder: Path) -> Iterator[BackendWorld]:
    """From its start to its end, where everything that was heard is held against the schemas."""
    with ExitStack() as stack:
        t1 = stack.enter_context(ForeignTerminal(Manners()))
        t2 = stack.enter_context(ForeignTerminal(Manners(statuses=4, pause_s=0.25)))
        broker, _ = stack.enter_context(plain_broker(folder))
        settings = [
            terminal(
                name,
                {"host": "127.0.0.1", "port": one.port},
                options=OPTIONS,
                token={"scope": "merchant-1", "kind": kind},
                limits={"largest_sale_minor": 500_000},
            )
            for name, one, kind in (("t1", t1, "recognition"), ("t2", t2, "chargeable"))
        ]
        agent = ForeignAgent(folder, broker.port, settings)
        agent.start()
        stack.callback(agent.stop)
        cloud = stack.enter_context(backend(broker.port, CLINIC, AGENT))
        cloud.begin()
        cloud.ready("t1")
        cloud.ready("t2")
        yield BackendWorld(broker.port, t1, t2, agent, cloud)
        assert cloud.check() > 10
        assert "unit_crashed" not in agent.said
        assert not t1.troubles + t2.troubles
