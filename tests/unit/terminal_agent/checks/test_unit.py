"""The shipped unit confines the agent and covers every device class that a driver opens."""

from __future__ import annotations

import shutil
import subprocess
from importlib import import_module
from pathlib import Path

import pytest

from terminal_agent.checks.unit import CONFINED, DEVICE_CLASSES, NAME, check_unit, settings_of

ROOT = Path(__file__).resolve().parents[4]
SHIPPED = ROOT / "config" / NAME


def declared() -> dict[str, tuple[str, ...]]:
    """By driver. A driver that declares nothing fails here: the unit would shut it out unnoticed."""
    names = sorted(path.stem for path in (ROOT / "drivers").glob("*_port.py"))
    return {name: import_module(f"drivers.{name}").DEVICE_CLASSES for name in names}


def installed(folder: Path, *, without: str = "", drop_in: str = "") -> Path:
    lines = SHIPPED.read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if not without or not line.startswith(without)]
    (folder / NAME).write_text("".join(kept), encoding="utf-8")
    if drop_in:
        (folder / f"{NAME}.d").mkdir()
        (folder / f"{NAME}.d" / "more.conf").write_text(f"[Service]\n{drop_in}\n", encoding="utf-8")
    return folder


def test_the_shipped_unit_allows_the_classes_that_the_drivers_open_and_no_other() -> None:
    classes = {one for opened in declared().values() for one in opened}
    assert {"serial_port", "usb_port"} <= declared().keys()
    allowed = settings_of(SHIPPED.read_text(encoding="utf-8"))["DeviceAllow"]
    assert {line.split()[0] for line in allowed} == classes == DEVICE_CLASSES


def test_the_shipped_unit_is_well(tmp_path: Path) -> None:
    (finding,) = check_unit([tmp_path / "none", installed(tmp_path)])
    assert finding.level == "ok"


@pytest.mark.parametrize("name", CONFINED)
def test_a_unit_that_confines_less_is_told(tmp_path: Path, name: str) -> None:
    (finding,) = check_unit([installed(tmp_path, without=name)])
    assert (finding.level, finding.code) == ("failed", "unit_not_confined")
    assert f"{name}=" in finding.text


def test_a_drop_in_counts(tmp_path: Path) -> None:
    (finding,) = check_unit([installed(tmp_path, drop_in="ProtectSystem=no")])
    assert "ProtectSystem=strict" in finding.text


def test_a_device_that_is_shut_out_is_told(tmp_path: Path) -> None:
    (finding,) = check_unit([installed(tmp_path, without="DeviceAllow=char-usb_device")])
    assert (finding.code, "DeviceAllow=char-usb_device rw" in finding.text) == ("device_not_allowed", True)


def test_without_a_unit_there_is_nothing_to_say(tmp_path: Path) -> None:
    assert list(check_unit([tmp_path])) == []


@pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="did NOT run, needs the Debian package systemd"
)
def test_systemd_rates_the_unit_two_or_lower() -> None:
    command = ["systemd-analyze", "security", "--offline=true", "--threshold=20", str(SHIPPED)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr
