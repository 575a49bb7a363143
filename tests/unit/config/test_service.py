"""The systemd unit and the udev rules that we ship."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from drivers.discovery import READER_VENDORS
from drivers.usb_refusal import udev_rule
from terminal_agent import cli

CONFIG = Path(__file__).resolve().parents[3] / "config"
UNIT = CONFIG / "terminal-agent.service"


def values(key: str) -> list[str]:
    """What the unit says for a key, in order."""
    return re.findall(rf"^{key}=(.*)$", UNIT.read_text(encoding="utf-8"), re.MULTILINE)


def test_the_unit_starts_the_agent_as_its_own_user_and_confines_it() -> None:
    assert values("ExecStart")[0].endswith("/terminal-agent run --config /etc/terminal-agent/agent.toml")
    assert values("User") == ["terminal-agent"]
    assert values("NoNewPrivileges") == ["yes"]
    assert values("CapabilityBoundingSet") == [""]
    assert values("LimitCORE") == ["0"]
    assert values("StateDirectoryMode") == ["0700"]
    assert values("DevicePolicy") == ["closed"]


def test_only_bad_settings_are_not_tried_again() -> None:
    assert values("RestartPreventExitStatus") == [str(cli.SETTINGS)]
    assert values("Restart") == ["always"]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not on this machine")
def test_systemd_scores_the_unit_as_ok() -> None:
    """The threshold is in tenths: 2.0 of 10."""
    command = ["systemd-analyze", "security", "--offline=true", "--threshold=20", "--no-pager", str(UNIT)]
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert run.returncode == 0, run.stdout[-400:] + run.stderr


def test_the_rules_name_the_group_of_the_unit() -> None:
    rules = (CONFIG / "99-terminal-agent.rules").read_text(encoding="utf-8")
    assert set(re.findall(r'GROUP="([^"]+)"', rules)) == {values("Group")[0]}


@pytest.mark.parametrize("vendor", READER_VENDORS, ids=hex)
def test_the_rule_that_a_permission_error_asks_for_is_the_one_that_we_ship(vendor: int) -> None:
    rules = (CONFIG / "99-terminal-agent.rules").read_text(encoding="utf-8").splitlines()
    assert udev_rule(vendor) in rules


def test_the_unit_may_open_what_the_drivers_open() -> None:
    allowed = {value.split()[0] for value in values("DeviceAllow")}
    assert allowed == {"char-ttyUSB", "char-ttyACM", "char-ttyS", "char-usb_device"}
    assert "AF_NETLINK" in values("RestrictAddressFamilies")[0].split()  # libusb_init fails without
