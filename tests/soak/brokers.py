"""A broker that can be restarted: Mosquitto as we ship it, or the demo's own one where that is missing."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from simulator.demo.broker import write_config
from tests.support.broker import Broker, free_port, tls_broker, wait_until_it_listens
from tests.support.pki import Credentials
from tests.support.programs import Program


class Switch(Protocol):
    """What starts and stops a broker on its port."""

    def start(self) -> None:
        """Start, and return once it accepts connections."""
        ...

    def stop(self) -> None:
        """End it and wait for that; its clients lose their connections and it forgets their sessions."""
        ...


@dataclass(frozen=True, slots=True)
class Exchange:
    """A running broker, its name for the report, and its switch."""

    name: str
    broker: Broker
    switch: Switch

    def credentials(self, common_name: str) -> Credentials | None:
        """A client's certificate, where the broker asks for one."""
        return self.broker.credentials(common_name) if self.broker.authority else None


class _Embedded:
    """rumqttd of the demo: no TLS, no ACL."""

    def __init__(self, folder: Path, port: int) -> None:
        configuration = folder / "rumqttd.toml"
        write_config(configuration, port)
        self._port = port
        self._program = Program(["-m", "simulator.demo.broker", str(configuration)], folder / "rumqttd.log")

    def start(self) -> None:
        self._program.start()
        process = self._program.process
        if process is not None:
            wait_until_it_listens(self._port, process, self._program.log)

    def stop(self) -> None:
        self._program.kill()


@contextmanager
def exchange(folder: Path) -> Iterator[Exchange]:
    """Mosquitto with mutual TLS and our ACL if it is installed, else rumqttd without either."""
    folder.mkdir(parents=True, exist_ok=True)
    if shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin"):
        with tls_broker(folder) as (broker, mosquitto):
            yield Exchange("mosquitto, mutual TLS", broker, mosquitto)
        return
    port = free_port()
    embedded = _Embedded(folder, port)
    embedded.start()
    try:
        yield Exchange("rumqttd, no TLS (mosquitto is not installed)", Broker(port, folder), embedded)
    finally:
        embedded.stop()
