"""The sample clinic as a process: the composition root of `terminal-simulator clinic`."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import uvicorn

from simulator.clinic.clinic import make
from simulator.clinic.settings import ClinicPlan
from simulator.clinic.web.app import application

_STOP_S = 1  # pages that follow something are open for ever; they come back by themselves


async def serve(plan: ClinicPlan, on_open: Callable[[str], Any]) -> None:
    """Serve until SIGINT or SIGTERM. `on_open` gets the address, with the port that was given. Raises
    DatabaseError, OSError, terminal_agent.client.BrokerAwayError."""
    clinic = make(plan)
    listening = socket.create_server((plan.clinic.host, plan.clinic.port))
    try:
        async with clinic.link:
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
