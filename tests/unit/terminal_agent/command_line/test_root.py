"""`check` and `devices` as commands."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.broker import free_port
from tests.unit.terminal_agent.command_line.calling import call
from tests.unit.terminal_agent.settings.samples import minimal


def config(tmp_path: Path, text: str) -> Path:
    """A settings file."""
    path = tmp_path / "agent.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_settings_that_cannot_be_used_end_the_check(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = call(capsys, "check", "--config", config(tmp_path, minimal() + "prot = 1\n"))
    assert ended.code == 2
    assert "failed   settings" in ended.out
    assert "did you mean 'port'?" in ended.out
    assert ended.out.endswith("failed: settings\n")


def test_the_first_part_that_fails_gives_the_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = config(tmp_path, minimal() + f"port = {free_port()}\n")
    ended = call(capsys, "check", "--config", path)
    assert ended.code == 3
    assert ended.out.endswith("failed: broker, journal, state\n")
    (tmp_path / "state").mkdir(mode=0o700)
    ended = call(capsys, "check", "--config", path)
    assert ended.code == 4
    assert "nobody listens there" in ended.out


def test_findings_for_machines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ended = call(capsys, "check", "--json", "--config", tmp_path / "none.toml")
    (finding,) = ended.objects
    assert (ended.code, finding["part"], finding["level"]) == (2, "settings", "failed")


def test_devices_are_listed_for_people_and_machines(capsys: pytest.CaptureFixture[str]) -> None:
    people, machines = call(capsys, "devices"), call(capsys, "devices", "--json")
    assert (people.code, machines.code) == (0, 0)
    assert people.out.count("[terminals.serial]") == len(machines.objects)
    assert people.out.strip()


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    ended = call(capsys, "--help")
    assert ended.code == 0
    for command in ("run", "check", "devices", "journal"):
        assert command in ended.out


def test_a_wrong_command_is_refused_with_the_usage_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(capsys, "chekc").code == 2
