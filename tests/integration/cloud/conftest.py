"""Brokers for this folder's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.broker import Broker, Mosquitto, plain_broker, tls_broker


@pytest.fixture
def stoppable(tmp_path: Path) -> Iterator[tuple[Broker, Mosquitto]]:
    """A plain broker of this test's own, which may be stopped."""
    with plain_broker(tmp_path) as running:
        yield running


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A plain broker shared by a module."""
    with plain_broker(tmp_path_factory.mktemp("plain")) as (broker, _):
        yield broker


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A broker with mutual TLS and the shipped ACL, shared by a module."""
    with tls_broker(tmp_path_factory.mktemp("tls")) as (broker, _):
        yield broker
