"""What the strangers' tests share: one simulator on each wire, and one point of service for the backend."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.foreign_backend import ForeignBackend
from tests.support.foreign_ecr import ForeignEcr, serial_register, tcp_register
from tests.support.foreign_simulator import Simulated, simulated
from tests.support.foreign_world import BackendWorld, backend_world


@pytest.fixture(scope="package")
def on_tcp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulated]:
    """A simulated terminal on TCP, at which somebody taps at once."""
    with simulated(tmp_path_factory.mktemp("tcp"), "--tcp", "127.0.0.1:0") as terminal:
        yield terminal


@pytest.fixture(scope="package")
def on_line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulated]:
    """The same on a pseudo-terminal."""
    folder = tmp_path_factory.mktemp("line")
    with simulated(folder, "--serial", str(folder / "tty"), terminal="t2_s = 1.0") as terminal:
        yield terminal


@pytest.fixture
def ecr(on_tcp: Simulated) -> Iterator[ForeignEcr]:
    """A stranger's register on a new connection."""
    with tcp_register("127.0.0.1", on_tcp.port) as register:
        yield register


@pytest.fixture
def line(on_line: Simulated) -> Iterator[ForeignEcr]:
    """A stranger's register on the line."""
    with serial_register(on_line.address) as register:
        yield register


@pytest.fixture(scope="package")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BackendWorld]:
    """A point of service with a stranger's backend."""
    with backend_world(tmp_path_factory.mktemp("stranger")) as world:
        yield world


@pytest.fixture
def cloud(clinic: BackendWorld) -> ForeignBackend:
    """That backend, once both terminals are ready."""
    clinic.cloud.ready("t1")
    clinic.cloud.ready("t2")
    return clinic.cloud
