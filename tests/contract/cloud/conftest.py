"""The brokers that the agent is run with: Mosquitto, and the demo's embedded one."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from simulator.demo import broker as demo
from tests.support.broker import ROOT, Broker, plain_broker, wait_until_it_listens


@contextmanager
def _embedded(folder: Path) -> Iterator[Broker]:
    """rumqttd in a process of its own, as `make demo` runs it."""
    port = demo.free_port()
    demo.write_config(folder / "broker.toml", port)
    command = [sys.executable, "-m", "simulator.demo.broker", str(folder / "broker.toml")]
    with (folder / "broker.log").open("wb") as said:
        process = subprocess.Popen(command, cwd=ROOT, stdout=said, stderr=said)
    try:
        wait_until_it_listens(port, process, folder / "broker.log")
        yield Broker(port, folder, host="127.0.0.1")
    finally:
        process.kill()
        process.wait(10)


@pytest.fixture(scope="module", params=[pytest.param("mosquitto", marks=pytest.mark.system), "embedded"])
def broker(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """Each of them in turn."""
    folder = tmp_path_factory.mktemp(str(request.param))
    if request.param == "mosquitto":
        with plain_broker(folder) as (running, _):
            yield running
    else:
        with _embedded(folder) as running:
            yield running
