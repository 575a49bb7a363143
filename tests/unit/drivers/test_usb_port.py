"""The USB door on a virtual bus: found by identity and descriptor, reports both ways, refusals, unplugged."""

from __future__ import annotations

import asyncio
import errno
import threading
from collections.abc import AsyncIterator

import pytest

from drivers.config import UsbConfig
from drivers.port_holder import Holder
from drivers.transport import Endpoint, EndpointClosed, EndpointUnavailable
from drivers.usb_port import UsbPort, list_readers
from drivers.usb_refusal import udev_rule
from protocols.core.card import Sealed
from protocols.core.errors import LocalError
from protocols.core.session import Peer, Report
from simulator.wire.usb_backend import VirtualUsb
from tests.support.hid_echo import PID, VID, HidEcho


@pytest.fixture
def bus() -> VirtualUsb:
    return VirtualUsb()


@pytest.fixture
def reader(bus: VirtualUsb) -> HidEcho:
    device = HidEcho()
    bus.plug(device)
    return device


def make(bus: VirtualUsb, config: UsbConfig | None = None, *held_by: Holder) -> UsbPort:
    return UsbPort(config or UsbConfig(VID), lambda: bus, lambda _path: held_by)


@pytest.fixture
async def port(bus: VirtualUsb, reader: HidEcho) -> AsyncIterator[UsbPort]:
    endpoint = make(bus)
    await endpoint.open(5)
    yield endpoint
    await endpoint.aclose()


async def unavailable(port: Endpoint) -> EndpointUnavailable:
    with pytest.raises(EndpointUnavailable) as caught:
        await port.open(5)
    await port.aclose()
    return caught.value


async def closed(port: UsbPort) -> EndpointClosed:
    with pytest.raises(EndpointClosed) as caught:
        await port.read()
    return caught.value


def text(report: Report) -> bytes:
    assert isinstance(report.data, Sealed)
    return bytes(report.data.view())


def usb_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("usb ")]


async def test_says_where_it_is_and_its_serial_number(bus: VirtualUsb, reader: HidEcho) -> None:
    port = make(bus)
    assert await port.open(5) == Peer(where="/dev/bus/usb/001/002", serial="A1")
    await port.aclose()


async def test_takes_the_interface_from_the_kernel_and_gives_it_back(
    bus: VirtualUsb, reader: HidEcho
) -> None:
    port, seen = make(bus), [bus.plugged(reader).kernel_driver]
    await port.open(5)
    seen.append(bus.plugged(reader).kernel_driver)
    await port.aclose()
    seen.append(bus.plugged(reader).kernel_driver)
    assert seen == [True, False, True]
    assert bus.plugged(reader).claimed_by is None


async def test_an_input_report_comes_sealed(port: UsbPort, reader: HidEcho) -> None:
    reader.say(bytes(range(64)))
    report = await port.read()
    assert (report.kind, report.id, text(report)) == ("input", 0, bytes(range(64)))


@pytest.mark.parametrize(("size", "packet"), [(512, 8), (500, 64), (500, 8), (3, 8), (64, 64)])
async def test_a_report_of_many_packets_is_one_report(bus: VirtualUsb, size: int, packet: int) -> None:
    device = HidEcho(input_bytes=size, packet_bytes=packet)
    bus.plug(device)
    port = make(bus)
    await port.open(5)
    for first in (1, 2):
        device.say(bytes([first]) * size)
    assert [text(await port.read()) for _ in range(2)] == [b"\x01" * size, b"\x02" * size]
    await port.aclose()


async def test_output_goes_by_its_endpoint_at_its_declared_size(port: UsbPort, reader: HidEcho) -> None:
    await port.write(Report("output", 0, b"\x02R"))
    assert list(reader.sent) == [("output 0", b"\x02R" + bytes(62))]
    assert port.sent_any


async def test_output_goes_by_a_request_where_there_is_no_endpoint(bus: VirtualUsb) -> None:
    device = HidEcho(has_output=False)
    bus.plug(device)
    port = make(bus)
    await port.open(5)
    await port.write(Report("output", 0, Sealed(b"x" * 64)))
    await port.aclose()
    assert list(device.sent) == [("output 0", b"x" * 64)]


async def test_feature_reports_are_set_and_asked(port: UsbPort, reader: HidEcho) -> None:
    reader.features[0] = b"level 3."
    await port.write(Report("feature", 0, b"\x53"))
    await port.write(Report("get_feature", 0, b""))
    assert await port.read() == Report("feature", 0, b"level 3.")
    assert list(reader.sent) == [("feature 0", b"\x53" + bytes(7))]


@pytest.mark.parametrize("report", [Report("get_feature", 9, b""), Report("feature", 0, b"\xff")])
async def test_a_stall_is_an_answer(port: UsbPort, report: Report) -> None:
    await port.write(report)
    assert await port.read() == Report("stalled", report.id, b"")


async def test_bytes_are_refused(port: UsbPort) -> None:
    with pytest.raises(LocalError, match="takes reports"):
        await port.write(b"bytes")
    assert not port.sent_any


async def test_the_other_directions_reports_are_refused(port: UsbPort) -> None:
    with pytest.raises(LocalError, match="'input' is never sent"):
        await port.write(Report("input", 0, b""))


# --- which device ---------------------------------------------------------------------------------------


async def test_several_alike_are_ambiguous_and_named_and_a_serial_number_tells(bus: VirtualUsb) -> None:
    devices = [HidEcho("A1"), HidEcho("A2")]
    for socket, device in enumerate(devices, 1):
        bus.plug(device, socket)
    error = await unavailable(make(bus))
    assert error.code == "port_ambiguous"
    assert "2 readers are 0acd:*" in error.message
    assert all(f"serial number {device.serial}" in error.message for device in devices)
    port = make(bus, UsbConfig(VID, PID, "A2"))
    assert (await port.open(5)).serial == "A2"
    devices[1].say(bytes(64))
    assert text(await port.read()) == bytes(64)
    await port.aclose()


async def test_two_that_show_no_serial_number_cannot_be_told_apart(bus: VirtualUsb) -> None:
    for _ in range(2):
        bus.plug(HidEcho(None))
    error = await unavailable(make(bus))
    assert error.code == "port_ambiguous"
    assert "leave only one plugged in" in error.message


@pytest.mark.parametrize(
    "config", [UsbConfig(0x0801), UsbConfig(VID, 0x2020), UsbConfig(VID, PID, "other")], ids=str
)
async def test_what_is_not_there_is_missing(bus: VirtualUsb, reader: HidEcho, config: UsbConfig) -> None:
    error = await unavailable(make(bus, config))
    assert error.code == "port_missing"
    assert not make(bus, config).sent_any


async def test_a_replugged_one_is_found_elsewhere(bus: VirtualUsb, reader: HidEcho) -> None:
    config = UsbConfig(VID, PID, "A1")
    first = make(bus, config)
    await first.open(5)
    bus.unplug(reader)
    assert (await closed(first)).code == "unplugged"
    await first.aclose()
    assert (await unavailable(make(bus, config))).code == "port_missing"
    bus.plug(reader, socket=4)
    second = make(bus, config)
    assert await second.open(5) == Peer(where="/dev/bus/usb/001/003", serial="A1")
    await second.aclose()


@pytest.mark.parametrize(
    ("hid_class", "code", "words"),
    [
        ((3, 1, 1), "wrong_adapter", "types like a keyboard"),
        ((8, 6, 80), "wrong_adapter", "interfaces: none"),
    ],
)
async def test_a_device_without_reports_is_the_wrong_one(
    bus: VirtualUsb, hid_class: tuple[int, int, int], code: str, words: str
) -> None:
    bus.plug(HidEcho(hid_class=hid_class))
    error = await unavailable(make(bus))
    assert error.code == code
    assert words in error.message


async def test_of_two_interfaces_for_reports_none_is_guessed(bus: VirtualUsb) -> None:
    bus.plug(HidEcho(two_interfaces=True))
    error = await unavailable(make(bus))
    assert error.code == "port_ambiguous"
    assert "2 HID interfaces for reports (0, 1)" in error.message


async def test_one_that_is_listed_still_though_it_is_gone_counts_for_nothing(
    bus: VirtualUsb, reader: HidEcho
) -> None:
    ghost = HidEcho("A1")
    bus.plug(ghost).refusal = errno.ENODEV
    port = make(bus)
    assert (await port.open(5)).where == "/dev/bus/usb/001/002"
    await port.aclose()
    bus.unplug(reader)
    assert "found: no reader at all" in (await unavailable(make(bus))).message


# --- refusals ------------------------------------------------------------------------------------------


async def test_a_permission_error_carries_the_udev_rule(bus: VirtualUsb, reader: HidEcho) -> None:
    bus.plugged(reader).refusal = errno.EACCES
    for config in (UsbConfig(VID), UsbConfig(VID, PID, "A1")):
        error = await unavailable(make(bus, config))
        assert error.code == "permission"
        assert error.message.endswith(udev_rule(VID))


async def test_one_that_another_program_claimed_is_busy_and_given_back_as_it_was(
    bus: VirtualUsb, reader: HidEcho
) -> None:
    bus.plugged(reader).kernel_driver = False
    bus.hold(reader)
    error = await unavailable(make(bus, None, Holder(4242, "pcscd")))
    assert (error.code, error.holder) == ("port_busy", "pcscd (pid 4242)")
    assert "pcscd (pid 4242)" in error.message
    assert not bus.plugged(reader).kernel_driver


async def test_a_second_opening_is_busy_and_harms_nothing(
    bus: VirtualUsb, port: UsbPort, reader: HidEcho
) -> None:
    assert (await unavailable(make(bus))).code == "port_busy"
    reader.say(bytes(64))
    assert text(await port.read()) == bytes(64)


async def test_without_libusb_it_says_so() -> None:
    port = UsbPort(UsbConfig(VID), lambda: None)
    error = await unavailable(port)
    assert error.code == "port_failed"
    assert "install the package libusb-1.0-0" in error.message
    assert list_readers(backend=lambda: None) == ()


# --- the end -------------------------------------------------------------------------------------------


async def test_pulled_out_while_it_reads(bus: VirtualUsb, port: UsbPort, reader: HidEcho) -> None:
    reader.say(b"\x07" * 64)
    assert text(await port.read()) == b"\x07" * 64
    reading = asyncio.create_task(closed(port))
    await asyncio.sleep(0)
    bus.unplug(reader)
    assert (await reading).code == "unplugged"
    with pytest.raises(EndpointClosed, match="is gone"):
        await port.write(Report("output", 0, b"x"))


async def test_half_a_report_at_the_end_is_kept_by_nobody(bus: VirtualUsb) -> None:
    device = HidEcho(input_bytes=128, packet_bytes=64)
    bus.plug(device)
    port = make(bus)
    await port.open(5)
    device.say(b"\x07" * 64)
    device.say(b"\x08" * 64)
    assert text(await port.read()) == b"\x07" * 64 + b"\x08" * 64
    device.say(b"\x09" * 64)
    bus.unplug(device)
    assert (await closed(port)).code == "unplugged"
    await port.aclose()


async def test_closing_ends_the_thread_and_the_reading(bus: VirtualUsb, reader: HidEcho) -> None:
    port = make(bus)
    await port.open(5)
    assert len(usb_threads()) == 1
    reading = asyncio.create_task(closed(port))
    await asyncio.sleep(0)
    await port.aclose()
    assert (await reading).code == "closed"
    assert usb_threads() == []


async def test_a_close_that_is_given_up_closes_all_the_same(bus: VirtualUsb, reader: HidEcho) -> None:
    port = make(bus)
    await port.open(5)
    closing = asyncio.create_task(port.aclose())
    await asyncio.sleep(0)
    closing.cancel()
    await asyncio.wait([closing])
    await port.aclose()
    assert bus.plugged(reader).claimed_by is None


async def test_unread_reports_are_wiped_at_the_close(bus: VirtualUsb, reader: HidEcho) -> None:
    port = make(bus)
    await port.open(5)
    reader.say(b"\x07" * 64)
    reader.say(b"\x08" * 64)
    first = await port.read()
    await port.aclose()
    assert text(first) == b"\x07" * 64
    assert (await closed(port)).code == "closed"


def test_readers_are_listed_with_what_they_say(bus: VirtualUsb) -> None:
    shut = HidEcho("A2")
    bus.plug(HidEcho("A1"), 3)
    bus.plug(shut).refusal = errno.EACCES
    first, second = list_readers(backend=lambda: bus)
    assert (first.path, first.serial_number, first.product) == ("/dev/bus/usb/001/002", "A1", "Echo reader")
    assert (first.location, first.kind) == ("1-3", "reader")
    assert (second.path, second.serial_number, second.product) == ("/dev/bus/usb/001/003", None, None)
