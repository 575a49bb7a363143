"""One broker for all tests of this folder: agents and clinics have names of their own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.support.broker import Broker, tls_broker
from tests.support.clinic_house import ClinicHouse, a_browser, a_clinic
from tests.support.house import House, a_house
from tests.support.station import Plan

WAYS = [(wire, language) for wire in ("pty", "tcp") for language in ("fr", "en")]


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """Mosquitto with mutual TLS and the ACL that we ship."""
    with tls_broker(tmp_path_factory.mktemp("broker")) as (running, _):
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=WAYS, ids="-".join)
async def house(
    request: pytest.FixtureRequest, broker: Broker, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[House]:
    """A running point of service, whose staff and terminal speak the same language."""
    wire, language = request.param
    plan = Plan(wire=wire, language=language)
    async with a_house(broker, tmp_path_factory.mktemp("house"), plan) as running:
        running.locale = language
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def clinic(broker: Broker, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ClinicHouse]:
    """A running clinic, for all tests of a module."""
    async with a_clinic(broker, tmp_path_factory.mktemp("clinic")) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    """A browser, for all tests of a module: each test opens windows of its own."""
    async with a_browser() as running:
        yield running
