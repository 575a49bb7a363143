"""The reader's commands: what is missing is named, with what to do."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from simulator.cli import app
from simulator.ending import NOT_TO_BE_HAD, WRONG_USE


def test_without_umockdev_the_line_that_installs_it_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    found = CliRunner().invoke(app, ["reader", "run", "--", "true"])
    assert found.exit_code == WRONG_USE
    assert "apt-get install umockdev gir1.2-umockdev-1.0 python3-gi libusb-1.0-0" in found.stderr


def test_where_no_reader_runs_the_socket_is_named(tmp_path: Path) -> None:
    found = CliRunner().invoke(app, ["reader", "tell", str(tmp_path / "none"), "swipe", "visa"])
    assert (found.exit_code, str(tmp_path / "none") in found.stderr) == (NOT_TO_BE_HAD, True)
    found = CliRunner().invoke(app, ["reader", "tell", str(tmp_path / "none"), "dance"])
    assert (found.exit_code, "the first word: is 'dance'" in found.stderr) == (WRONG_USE, True)


def test_a_frame_of_a_reader_whose_keys_are_used_up_is_not_shown(tmp_path: Path) -> None:
    plan = tmp_path / "reader.toml"
    plan.write_text('[reader]\nksn = "FFFF9876543210FFF800"\n')
    found = CliRunner().invoke(app, ["reader", "show", "visa", "--reader", str(plan)])
    assert (found.exit_code, "has used all its keys" in found.stderr) == (WRONG_USE, True)
