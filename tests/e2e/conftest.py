"""One broker for all tests of this folder: agents and clinics have names of their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.broker import Broker, tls_broker


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """Mosquitto with mutual TLS and the ACL that we ship."""
    with tls_broker(tmp_path_factory.mktemp("broker")) as (running, _):
        yield running
