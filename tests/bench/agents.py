"""The agent as it is installed: its own process, settings from a file, a fresh journal."""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench import mqtt
from tests.bench.processes import module, running

_UP = (b'"state":"ready"', b'"state":"degraded"')
_START_LIMIT_S = 30.0


@dataclass(frozen=True, slots=True)
class Agent:
    """A running agent. `ready_s`: from the start of its process until another client of the broker hears its
    state `ready` or `degraded` (a journal that is new waits for the backend)."""

    process: subprocess.Popen[str]
    ready_s: float
    journal: Path


@contextmanager
def agent(folder: Path, port: int, paths: Sequence[str]) -> Iterator[Agent]:
    """An agent with these serial terminals, up. Its journal stays in the folder."""
    settings = folder / "agent.toml"
    settings.write_text(_settings(port, paths), encoding="utf-8")
    command = module("terminal_agent", "run", "--config", str(settings))
    with ExitStack() as stack:

        def start() -> subprocess.Popen[str]:
            return stack.enter_context(running(command, folder / "agent.log"))

        process, ready_s = asyncio.run(_up(port, start))
        yield Agent(process, ready_s, folder / "state" / "journal.sqlite3")


async def _up(port: int, start: Callable[[], subprocess.Popen[str]]) -> tuple[subprocess.Popen[str], float]:
    async with asyncio.timeout(_START_LIMIT_S), mqtt.client(port, "watch") as client:
        await client.subscribe(mqtt.TOPICS.of_agent("state"), qos=1)
        began = time.monotonic()
        process = start()
        async for message in client.messages:
            # What is retained was said by an agent before this one.
            if not message.retain and any(word in message.payload for word in _UP):
                break
        return process, time.monotonic() - began


def _settings(port: int, paths: Sequence[str]) -> str:
    head = f"""
[agent]
clinic = "{mqtt.TOPICS.clinic}"
id = "{mqtt.TOPICS.agent}"
point_of_service = "Bench"
state_dir = "state"
[broker]
host = "127.0.0.1"
port = {port}
[log]
level = "info"
"""
    return head + "".join(_terminal(n, path) for n, path in enumerate(paths))


def _terminal(n: int, path: str) -> str:
    return f"""
[[terminals]]
id = "{mqtt.terminal_name(n)}"
name = "Terminal {n}"
protocol = "zvt"
[terminals.serial]
path = "{path}"
[terminals.token]
scope = "merchant-1"
"""
