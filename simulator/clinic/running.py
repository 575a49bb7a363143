"""The sample clinic as a process: the composition root of `terminal-simulator clinic`."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import uvicorn

from simulator.clinic.cancelling import end
from simulator.clinic.clinic import Clinic, make
from simulator.clinic.online_cards import settle_for_ever
from simulator.clinic.settings import ClinicPlan
from simulator.clinic.web.app import application

_STOP_S = 1  # pages that follow something are open for ever; they come back by themselves


@asynccontextmanager
async def _settling(clinic: Clinic) -> AsyncIterator[None]:
    """Meanwhile see to cards of which the vault has not told whether it keeps them."""
    work = [] if clinic.vault is None else [settle_for_ever(clinic, clinic.vault)]
    tasks = [asyncio.create_task(one) for one in work]
    try:
        yield
    finally:
        await end(tasks)


async def serve(plan: ClinicPlan, on_open: Callable[[str], Any]) -> None:
    """Serve until SIGINT or SIGTERM. `on_open` gets the address, with the port that was given. Raises
    DatabaseError, OSError, terminal_agent.client.BrokerAwayError."""
    clinic = make(plan)
    listening = socket.create_server((plan.clinic.host, plan.clinic.port))
    try:
        async with clinic.link, _settling(clinic):
            config = uvicorn.Config(
                application(clinic),
                log_level="warning",
                access_log=False,
                lifespan="off",
                timeout_graceful_shutdown=_STOP_S,
                server_header=False,
            )
            on_open(plan.clinic.public or "http://{}:{}".format(*listening.getsockname()[:2]))
            await uvicorn.Server(config).serve(sockets=[listening])
    finally:
        listening.close()
        clinic.db.close()
