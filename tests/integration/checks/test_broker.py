"""The way to a real Mosquitto, each step failing in turn."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from terminal_agent.checks import broker as broker_check
from terminal_agent.checks.broker import check_broker, check_certificate
from terminal_agent.checks.findings import Finding
from terminal_agent.settings import Settings
from tests.support.broker import Broker, free_port, plain_broker, tls_broker
from tests.support.pki import Authority
from tests.unit.terminal_agent.settings.samples import minimal, read

NOW = datetime.now(UTC)


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[Broker]:
    """Without TLS."""
    with plain_broker(tmp_path) as (broker, _):
        yield broker


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[Broker]:
    """With mutual TLS and the shipped ACL."""
    with tls_broker(tmp_path) as (broker, _):
        yield broker


def settings(tmp_path: Path, broker_lines: str) -> Settings:
    """The minimal settings with another [broker]."""
    return read(tmp_path, re.sub(r"host = .*\n", broker_lines, minimal()))


def over_tls(tmp_path: Path, broker: Broker, ca: Path | None = None, common_name: str = "agent") -> Settings:
    """Settings for the secure broker, with a fresh certificate of its authority."""
    ours = broker.credentials(common_name)
    files = f'ca = "{ca or ours.ca}"\ncertificate = "{ours.certificate}"\nkey = "{ours.key}"'
    return settings(tmp_path, f'host = "localhost"\nport = {broker.port}\n[broker.tls]\n{files}\n')


async def looked(told: Settings, now: datetime = NOW) -> list[Finding]:
    """Every finding, in order."""
    return [finding async for finding in check_broker(told, now)]


@pytest.mark.system
@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
async def test_a_broker_on_this_machine(tmp_path: Path, plain: Broker, protocol: str) -> None:
    lines = f'host = "127.0.0.1"\nport = {plain.port}\nprotocol = "{protocol}"\n'
    (finding,) = await looked(settings(tmp_path, lines))
    assert (finding.level, finding.code) == ("ok", "ok")
    assert f"MQTT {protocol}" in finding.text


@pytest.mark.system
async def test_mutual_tls_with_the_shipped_rules(tmp_path: Path, secure: Broker) -> None:
    certificate, connection = await looked(over_tls(tmp_path, secure))
    assert certificate.facts["common_name"] == "agent"
    assert (connection.level, connection.code) == ("ok", "ok")
    assert "TLS on both sides" in connection.text


@pytest.mark.system
async def test_topics_that_the_access_list_does_not_have(tmp_path: Path, secure: Broker) -> None:
    told = over_tls(tmp_path, secure)
    elsewhere = told.broker.model_copy(update={"root_topic": "clinics/v2"})
    *_, finding = await looked(told.model_copy(update={"broker": elsewhere}))
    assert (finding.level, finding.code) == ("failed", "topics_refused")
    assert "below clinics/v2/clinic/agent: Not authorized; its access list must fit" in finding.text


@pytest.mark.system
async def test_a_foreign_authority_on_their_side(tmp_path: Path, secure: Broker) -> None:
    (tmp_path / "foreign").mkdir()
    foreign = Authority(tmp_path / "foreign", "Foreign")
    *_, finding = await looked(over_tls(tmp_path, secure, ca=foreign.ca))
    assert (finding.level, finding.code) == ("failed", "tls_untrusted")


@pytest.mark.system
async def test_a_foreign_authority_on_our_side(
    tmp_path: Path, secure: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broker_check, "MQTT_LIMIT_S", 1.5)
    (tmp_path / "foreign").mkdir()
    ours = Authority(tmp_path / "foreign", "Foreign").client("agent")
    files = f'ca = "{tmp_path}/ca.pem"\ncertificate = "{ours.certificate}"\nkey = "{ours.key}"'
    lines = f'host = "localhost"\nport = {secure.port}\n[broker.tls]\n{files}\n'
    *_, finding = await looked(settings(tmp_path, lines))
    assert finding.level == "failed"
    assert finding.code in ("mqtt_refused", "tls_failed")


@pytest.mark.system
async def test_tls_where_none_is_spoken(tmp_path: Path, plain: Broker) -> None:
    broker = Broker(plain.port, tmp_path, authority=Authority(tmp_path))
    *_, finding = await looked(over_tls(tmp_path, broker))
    assert finding.level == "failed"
    assert finding.code in ("tls_failed", "unreachable")


@pytest.mark.filterwarnings("error")
async def test_nobody_listens(tmp_path: Path) -> None:
    (finding,) = await looked(settings(tmp_path, f'host = "127.0.0.1"\nport = {free_port()}\n'))
    assert (finding.level, finding.code) == ("failed", "refused")


async def test_a_listener_that_is_no_broker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker_check, "MQTT_LIMIT_S", 1.5)

    async def hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    (finding,) = await looked(settings(tmp_path, f'host = "127.0.0.1"\nport = {port}\n'))
    server.close()
    assert (finding.level, finding.code) == ("failed", "mqtt_refused")


async def test_tls_files_that_do_not_belong_together(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    ours, others = authority.client("agent"), authority.client("other")
    files = f'ca = "{ours.ca}"\ncertificate = "{ours.certificate}"\nkey = "{others.key}"'
    *_, finding = await looked(settings(tmp_path, f'host = "localhost"\n[broker.tls]\n{files}\n'))
    assert (finding.level, finding.code) == ("failed", "tls_files")
    assert str(others.key) in finding.text


@pytest.mark.parametrize(
    ("name", "days", "later_days", "level", "code"),
    [
        ("agent", 365, 0, "ok", "ok"),
        ("agent", 20, 0, "warning", "certificate_ends_soon"),
        ("agent", 20, 21, "failed", "certificate_expired"),
        ("agent", 20, -2, "failed", "certificate_expired"),
        ("other", 365, 0, "failed", "certificate_name"),
    ],
)
def test_our_certificate(
    tmp_path: Path, name: str, days: int, later_days: int, level: str, code: str
) -> None:
    path = Authority(tmp_path).client(name, days=days).certificate
    finding = check_certificate(path, "agent", NOW + timedelta(days=later_days))
    assert (finding.level, finding.code) == (level, code)


async def test_a_certificate_that_names_another_ends_the_check(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    (finding,) = await looked(over_tls(tmp_path, Broker(1, tmp_path, authority=authority), common_name="b"))
    assert (finding.level, finding.code) == ("failed", "certificate_name")
    assert "'b'" in finding.text
    assert "'agent'" in finding.text
