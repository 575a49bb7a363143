"""Which port is meant: by path, by identity, by both."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.discovery import PortInfo, UsbIdentity, resolve
from drivers.transport import EndpointUnavailable

FTDI = UsbIdentity(0x0403, 0x6001)
ONBOARD = PortInfo("/dev/ttyS0")
LEFT = PortInfo("/dev/ttyUSB0", 0x0403, 0x6001, "A100", "FT232R", "1-1")
RIGHT = PortInfo("/dev/ttyUSB1", 0x0403, 0x6001, "A200", "FT232R", "1-2")
BARE_LEFT = PortInfo("/dev/ttyUSB2", 0x1A86, 0x7523, None, "USB Serial", "1-3")
BARE_RIGHT = PortInfo("/dev/ttyUSB3", 0x1A86, 0x7523, None, "USB Serial", "1-4")


def test_an_adapter_is_found_by_its_serial_number_wherever_it_is_plugged_in() -> None:
    wanted = UsbIdentity(0x0403, 0x6001, "A200")
    moved = PortInfo("/dev/ttyUSB7", 0x0403, 0x6001, "A200")
    assert resolve(None, wanted, [ONBOARD, LEFT, RIGHT]) == RIGHT
    assert resolve(None, wanted, [LEFT, moved]) == moved


def test_the_only_adapter_of_its_kind_needs_no_serial_number() -> None:
    assert resolve(None, UsbIdentity(0x1A86, 0x7523), [LEFT, BARE_LEFT]) == BARE_LEFT


def test_two_adapters_without_a_serial_number_need_a_path() -> None:
    with pytest.raises(
        EndpointUnavailable, match=r"ttyUSB2.*ttyUSB3.*configure a path.*/dev/serial/by-path"
    ) as caught:
        resolve(None, UsbIdentity(0x1A86, 0x7523), [BARE_LEFT, BARE_RIGHT])
    assert caught.value.code == "port_ambiguous"


def test_two_adapters_with_serial_numbers_need_one_named() -> None:
    with pytest.raises(EndpointUnavailable, match=r"A100.*A200.*name one by its serial number") as caught:
        resolve(None, FTDI, [LEFT, RIGHT])
    assert caught.value.code == "port_ambiguous"


def test_two_adapters_with_the_same_serial_number_need_a_path() -> None:
    twin = PortInfo("/dev/ttyUSB8", 0x0403, 0x6001, "A100")
    with pytest.raises(EndpointUnavailable, match="configure a path"):
        resolve(None, UsbIdentity(0x0403, 0x6001, "A100"), [LEFT, twin])


@pytest.mark.parametrize(
    ("ports", "listed"),
    [((), "no serial port at all"), ((LEFT,), r"ttyUSB0 \(0403:6001 serial number A100\)")],
)
def test_an_adapter_that_is_not_there_is_missing_and_the_text_lists_what_is(
    ports: tuple[PortInfo, ...], listed: str
) -> None:
    with pytest.raises(EndpointUnavailable, match=listed) as caught:
        resolve(None, UsbIdentity(0x0403, 0x6001, "A200"), ports)
    assert caught.value.code == "port_missing"


def test_a_path_through_a_link_knows_its_adapter(tmp_path: Path) -> None:
    device = tmp_path / "ttyUSB0"
    device.touch()
    link = tmp_path / "by-path"
    link.symlink_to(device)
    port = PortInfo(str(device), 0x0403, 0x6001, "A100")
    assert resolve(str(link), None, [port]) == PortInfo(str(link), 0x0403, 0x6001, "A100")


def test_a_path_that_nobody_lists_is_taken_as_it_is() -> None:
    assert resolve("/dev/pts/7", None, [LEFT]) == PortInfo("/dev/pts/7")


def test_path_and_identity_together_refuse_another_adapter_in_that_socket() -> None:
    assert resolve("/dev/ttyUSB0", FTDI, [LEFT]) == LEFT
    with pytest.raises(EndpointUnavailable, match="1a86:7523") as caught:
        resolve("/dev/ttyUSB2", FTDI, [LEFT, BARE_LEFT])
    assert caught.value.code == "wrong_adapter"


def test_neither_path_nor_identity_is_refused() -> None:
    with pytest.raises(EndpointUnavailable, match="neither a path nor"):
        resolve(None, None, [LEFT])
