"""A real Mosquitto for tests: a plain one on loopback, and one with mutual TLS and the ACL that we ship.

with running(plain_configuration(folder)) as broker: …broker.port…
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.pki import Authority, Credentials

ROOT = Path(__file__).resolve().parents[2]
SHIPPED_CONF = ROOT / "config" / "mosquitto.conf"
SHIPPED_ACL = ROOT / "config" / "mosquitto.acl"
START_LIMIT_S = 20.0


@dataclass(frozen=True, slots=True)
class Broker:
    """A running broker. `authority` issues further certificates where it has TLS."""

    port: int
    folder: Path
    host: str = "localhost"
    authority: Authority | None = None

    def credentials(self, common_name: str) -> Credentials:
        """A client certificate of this broker's authority."""
        if self.authority is None:
            raise LookupError("this broker runs without TLS; it knows nobody by certificate")
        return self.authority.client(common_name)


@dataclass(slots=True)
class Mosquitto:
    """A broker that can be stopped and started again on the same port, as in an outage."""

    program: str
    configuration: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start, and return once it accepts connections. Raises RuntimeError with what it said if it ends."""
        with (self.configuration.parent / "mosquitto.log").open("ab") as said:
            self.process = subprocess.Popen(
                [self.program, "-c", str(self.configuration)],
                cwd=self.configuration.parent,
                stdout=said,
                stderr=said,
            )
        wait_until_it_listens(self.port, self.process, self.configuration.parent / "mosquitto.log")

    def stop(self) -> None:
        """End it and wait for that."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(10)
            self.process = None


def program() -> str:
    """Where Mosquitto is; the test is skipped, and says why, where it is not installed."""
    found = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
    if found is None:
        pytest.skip("mosquitto is not installed (Debian: apt-get install mosquitto)")
    return found


def free_port() -> int:
    """A TCP port of loopback that nobody holds at this moment."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def wait_until_it_listens(port: int, process: subprocess.Popen[bytes], said: Path) -> None:
    """Return once the port accepts connections. Raises RuntimeError with what the process said if it ends."""
    deadline = time.monotonic() + START_LIMIT_S
    while not _accepts(port):
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(said.read_text(encoding="utf-8"))
        time.sleep(0.02)


@contextmanager
def plain_broker(folder: Path) -> Iterator[tuple[Broker, Mosquitto]]:
    """A broker on loopback without TLS: anybody may say anything."""
    port = free_port()
    lines = [f"listener {port} 127.0.0.1", "allow_anonymous true", "set_tcp_nodelay true", "log_dest stderr"]
    with _running(folder, port, [*_owner(), *lines]) as mosquitto:
        yield Broker(port, folder, host="127.0.0.1"), mosquitto


@contextmanager
def tls_broker(folder: Path) -> Iterator[tuple[Broker, Mosquitto]]:
    """A broker with the configuration and the ACL that we ship; only its port and folders are the test's."""
    authority = Authority(folder)
    authority.server()
    shutil.copy(SHIPPED_ACL, folder / "mosquitto.acl")
    # Mosquitto as root refuses files that others may read or that root does not own; ours are fresh.
    (folder / "mosquitto.acl").chmod(0o600)
    port = free_port()
    changed = {"listener": f"listener {port} 127.0.0.1", "persistence": "persistence false"}
    dropped = ("persistence_location", "autosave_interval")
    lines = SHIPPED_CONF.read_text(encoding="utf-8").splitlines()
    kept = [changed.get(line.split(" ")[0], line) for line in lines if not line.startswith(dropped)]
    with _running(folder, port, [*_owner(), *kept]) as mosquitto:
        yield Broker(port, folder, authority=authority), mosquitto


@contextmanager
def _running(folder: Path, port: int, lines: list[str]) -> Iterator[Mosquitto]:
    configuration = folder / "mosquitto.conf"
    configuration.write_text("\n".join(lines) + "\n", encoding="utf-8")
    mosquitto = Mosquitto(program(), configuration, port)
    mosquitto.start()
    try:
        yield mosquitto
    finally:
        mosquitto.stop()


def _owner() -> list[str]:
    """As root Mosquitto changes to its own user, who cannot read a test's folder."""
    return ["user root"] if os.geteuid() == 0 else []


def _accepts(port: int) -> bool:
    with socket.socket() as one:
        one.settimeout(0.5)
        return one.connect_ex(("127.0.0.1", port)) == 0
