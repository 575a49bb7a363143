"""Ports, their holders, and the lines to paste."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from drivers.discovery import PortInfo
from drivers.port_holder import Holder
from terminal_agent.checks.devices import devices, settings_lines
from tests.unit.terminal_agent.settings.samples import minimal, one_terminal, read

NUMBERED = PortInfo("/dev/ttyUSB0", 0x0403, 0x6001, "A1", "FT232R", "1-1")
TWIN = PortInfo("/dev/ttyUSB1", 0x0403, 0x6001, "A2", "FT232R", "1-2")
NAMELESS = PortInfo("/dev/ttyUSB2", 0x1A86, 0x7523, None, "CH340", "1-3")
NAMELESS_TWIN = PortInfo("/dev/ttyUSB3", 0x1A86, 0x7523, None, "CH340", "1-4")
BOARD = PortInfo("/dev/ttyS0")
READER = PortInfo("/dev/bus/usb/001/004", 0x0ACD, 0x2010, "123T", "SecureMag", "1-4", "reader")
OTHER_READER = PortInfo("/dev/bus/usb/001/005", 0x0ACD, 0x2010, None, "SecureMag", "1-5", "reader")
NOWHERE = Path("/nonexistent")


@pytest.mark.parametrize(
    ("port", "ports", "wanted"),
    [
        (NUMBERED, [NUMBERED, TWIN], {"vid": "0403", "pid": "6001", "serial_number": "A1"}),
        (NAMELESS, [NAMELESS, NUMBERED], {"vid": "1a86", "pid": "7523"}),
        (NAMELESS, [NAMELESS, NAMELESS_TWIN], {"path": "/dev/ttyUSB2"}),
        (BOARD, [BOARD, NUMBERED], {"path": "/dev/ttyS0"}),
    ],
)
def test_the_lines_find_the_port_again(
    tmp_path: Path, port: PortInfo, ports: list[PortInfo], wanted: dict[str, str]
) -> None:
    lines = settings_lines(port, ports, NOWHERE)
    assert tomllib.loads(lines)["terminals"]["serial"] == wanted
    serial = read(tmp_path, minimal() + one_terminal(endpoint="") + lines).terminals[0].serial
    assert serial is not None
    assert {key: getattr(serial, key) for key in wanted} == wanted


@pytest.mark.parametrize(
    ("reader", "number"), [(READER, {"serial_number": "123T"}), (OTHER_READER, {})], ids=["numbered", "not"]
)
def test_a_reader_has_a_table_of_its_own(reader: PortInfo, number: dict[str, str]) -> None:
    found = {device.port: device for device in devices(lambda: [BOARD, READER, OTHER_READER], lambda _: ())}
    lines = found[reader].settings
    assert tomllib.loads(lines) == {"terminals": {"usb": {"vid": "0acd", "pid": "2010"} | number}}
    assert found[reader].as_dict()["kind"] == "reader"


def test_twins_are_told_apart_by_their_socket(tmp_path: Path) -> None:
    by_path = tmp_path / "by-path"
    by_path.mkdir()
    device = tmp_path / "ttyUSB2"
    device.touch()
    (by_path / "pci-usb-0:3").symlink_to(device)
    port = PortInfo(str(device), 0x1A86, 0x7523)
    lines = settings_lines(port, [port, NAMELESS_TWIN], by_path)
    assert lines == f'[terminals.serial]\npath = "{by_path}/pci-usb-0:3"'


def test_who_holds_a_port_is_named() -> None:
    def held_by(path: str) -> tuple[Holder, ...]:
        return (Holder(42, "minicom"),) if path == NUMBERED.path else ()

    first, second = devices(lambda: [NUMBERED, BOARD], held_by)
    assert (first.holder, second.holder) == ("minicom (pid 42)", None)
    told = first.as_dict()
    assert (told["vid"], told["pid"], told["product"], told["holder"]) == (
        "0403",
        "6001",
        "FT232R",
        "minicom (pid 42)",
    )
    assert second.as_dict()["vid"] is None


def test_no_ports_is_an_empty_list() -> None:
    assert devices(list, lambda _path: ()) == ()
