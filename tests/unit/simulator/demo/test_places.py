"""The folders of a run, and the settings it writes."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from protocols.registry import PROTOCOLS
from simulator import scenario
from simulator.clinic import settings as clinic_settings
from simulator.demo import broker
from simulator.demo import settings as demo_settings
from simulator.demo.places import new_places
from simulator.vault import settings as vault_settings
from terminal_agent.settings import load

NOW = datetime(2026, 1, 31, 14, 5, tzinfo=UTC)


def test_the_settings_are_ones_that_agent_and_simulator_accept(tmp_path: Path) -> None:
    with new_places(tmp_path, NOW) as places:
        ports = demo_settings.Ports(12345, 12346, 12347)
        demo_settings.write(places, ports, "fr")
        settings = load(places.agent_settings, PROTOCOLS)
        assert (settings.broker.host, settings.broker.port) == ("127.0.0.1", 12345)
        serial = settings.terminals[0].serial
        assert serial is not None
        assert serial.path == str(places.cable)
        assert settings.agent.state_dir == places.folder / "agent"
        reader = settings.terminals[1]
        assert reader.gateway is not None
        assert (reader.gateway.host, reader.gateway.port) == ("127.0.0.1", 12346)
        clinic = clinic_settings.load(places.clinic_settings)
        assert [(one.agent, one.terminal) for one in clinic.terminals] == [
            (settings.agent.id, one.id) for one in settings.terminals
        ]
        assert clinic.vault is not None
        assert reader.token is not None
        assert (clinic.vault.url, clinic.vault.scope) == ("https://127.0.0.1:12346", reader.token.scope)
        assert vault_settings.load(places.vault_settings).settings.frame_ancestors == (ports.address,)
        visits = scenario.load(places.scenario).visits
        assert [visit.number for visit in visits if visit.leaves == "before_card"] == [5]


def test_the_control_socket_has_a_path_that_fits(tmp_path: Path) -> None:
    with new_places(tmp_path / ("deep" * 40), NOW) as places:
        assert len(str(places.control)) < 100
        short = places.short
    assert not short.exists()


def test_the_last_five_runs_are_kept_and_those_that_still_run(tmp_path: Path) -> None:
    nobody = 4_194_305  # above the highest process id of Linux
    for minute in range(6):
        (tmp_path / f"20260131-140{minute}00-{os.getpid() if minute == 0 else nobody}").mkdir()
    with new_places(tmp_path, NOW) as places:
        assert places.folder.is_dir()
    names = sorted(entry.name[:15] for entry in tmp_path.iterdir())
    assert names == [
        "20260131-140000",
        *(f"20260131-140{minute}00" for minute in range(2, 6)),
        "20260131-140500",
    ]


def test_where_nothing_can_be_written_the_temporary_folder_serves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / "file").touch()
    with new_places(tmp_path / "file" / "demo", NOW) as places:
        assert places.folder.parent == tmp_path
        assert places.folder.is_dir()


def test_the_brokers_settings_name_the_loopback_alone(tmp_path: Path) -> None:
    broker.write_config(tmp_path / "broker.toml", 12345)
    text = (tmp_path / "broker.toml").read_text(encoding="utf-8")
    assert text.count("listen") == 1
    assert 'listen = "127.0.0.1:12345"' in text


def test_a_free_port_is_one_where_nobody_listens() -> None:
    assert not broker.listens(broker.free_port())
