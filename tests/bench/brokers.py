"""The broker between backend and agent: Mosquitto, or the embedded one where that is not installed."""

from __future__ import annotations

import os
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from iotcore import Broker as EmbeddedBroker

from tests.bench.processes import running

_START_LIMIT_S = 20.0
# As in config/mosquitto.conf, without TLS and persistence, which would cost the floor what they cost us.
_SETTINGS = ("allow_anonymous true", "set_tcp_nodelay true", "max_queued_messages 1000", "log_dest none")


@dataclass(frozen=True, slots=True)
class Broker:
    """A running broker on loopback. `pid` None: it has no process that we know."""

    name: str
    port: int
    pid: int | None


@contextmanager
def broker(folder: Path) -> Iterator[Broker]:
    """Mosquitto if it is installed, else rumqttd from the `iotcore` wheel."""
    program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
    port = _free_port()
    if program is None:
        with EmbeddedBroker(port=port, listen="127.0.0.1"):
            yield Broker("rumqttd, embedded (mosquitto is not installed)", port, None)
        return
    owner = ["user root"] if os.geteuid() == 0 else []  # or it becomes a user who cannot read our folder
    configuration = folder / "mosquitto.conf"
    lines = [f"listener {port} 127.0.0.1", *owner, *_SETTINGS]
    configuration.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with running([program, "-c", str(configuration)], folder / "mosquitto.log") as process:
        _wait_for(port)
        yield Broker("mosquitto", port, process.pid)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + _START_LIMIT_S
    while True:
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)) == 0:
                return
        if time.monotonic() > deadline:
            raise TimeoutError(f"the broker does not listen on port {port}")
        time.sleep(0.02)
