"""The broker between backend and agent: Mosquitto, or the demo's own one where that is not installed."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from simulator.demo.broker import free_port, listens, write_config
from simulator.demo.settings import HOST
from tests.bench.processes import module, running

_START_LIMIT_S = 20.0
# As in config/mosquitto.conf, without TLS and persistence, which would cost the floor what they cost us.
_SETTINGS = ("allow_anonymous true", "set_tcp_nodelay true", "max_queued_messages 1000", "log_dest none")


@dataclass(frozen=True, slots=True)
class Broker:
    """A running broker on loopback."""

    name: str
    port: int
    pid: int


@contextmanager
def broker(folder: Path) -> Iterator[Broker]:
    """Mosquitto if it is installed, else rumqttd."""
    port = free_port()
    program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
    if program is None:
        name, command = "rumqttd (mosquitto is not installed)", _embedded(folder / "rumqttd.toml", port)
    else:
        name, command = "mosquitto", _mosquitto(program, folder / "mosquitto.conf", port)
    with running(command, folder / "broker.log") as process:
        _wait_for(port)
        yield Broker(name, port, process.pid)


def _mosquitto(program: str, configuration: Path, port: int) -> list[str]:
    owner = ["user root"] if os.geteuid() == 0 else []  # or it becomes a user who cannot read our folder
    lines = [f"listener {port} {HOST}", *owner, *_SETTINGS]
    configuration.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return [program, "-c", str(configuration)]


def _embedded(configuration: Path, port: int) -> list[str]:
    write_config(configuration, port)
    return module("simulator.demo.broker", str(configuration))


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + _START_LIMIT_S
    while not listens(port):
        if time.monotonic() > deadline:
            raise TimeoutError(f"the broker does not listen on port {port}")
        time.sleep(0.02)
