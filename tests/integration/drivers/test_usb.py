"""USB readers through real pyusb and real libusb, on the usbfs that umockdev emulates."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from drivers.usb_refusal import udev_rule
from protocols.idtech.reports import REPORT_SIZE
from protocols.idtech.settings import Get, Setting, Value, build_command, parse_answer
from simulator.cards import CARDS
from simulator.reader.device import VirtualReader
from tests.support.hid_echo import PID, VID, HidEcho
from tests.support.usb_bench import Refused, UsbBench, usb_bench
from tests.support.waiting import eventually, eventually_asked

pytestmark = pytest.mark.mocked_usb


@pytest.fixture
async def bench() -> AsyncIterator[UsbBench]:
    async with usb_bench() as made:
        yield made


@pytest.fixture
def reader() -> HidEcho:
    return HidEcho(input_bytes=512, packet_bytes=8)


async def refused(bench: UsbBench, *command: object) -> Refused:
    with pytest.raises(Refused) as caught:
        await bench.do(*command)
    return caught.value


async def redialled(bench: UsbBench, *which: object) -> object:
    """Opened, as a session does it: again while it is missing. udev's word of it takes a moment."""

    async def dial() -> object:
        try:
            return await bench.do("open", *which)
        except Refused as refusal:
            if refusal.code != "port_missing":
                raise
            return None

    return await eventually_asked(dial, "the reader is found")


async def test_a_reader_is_greeted_and_a_swipe_arrives_whole(bench: UsbBench, reader: HidEcho) -> None:
    reader.features[0] = b"level 3."
    key = bench.bus.plug(reader)
    await bench.start()
    assert await bench.do("library") == "usb.backend.libusb1"
    assert await bench.do("open", VID) == ["/dev/bus/usb/001/002", "A1"]
    assert bench.bus.kernel_driver[key] is False
    await bench.do("write", "output", 0, b"\x02R\x7e\x03".hex())
    await bench.do("write", "get_feature", 0, "")
    assert await bench.do("read") == ["feature", 0, b"level 3.".hex()]
    await bench.do("write", "get_feature", 7, "")
    assert await bench.do("read") == ["stalled", 7, ""]
    for first in (1, 2):
        reader.say(bytes([first]) * 512)
    assert [await bench.do("read") for _ in range(2)] == [
        ["input", 0, (b"\x01" * 512).hex()],
        ["input", 0, (b"\x02" * 512).hex()],
    ]
    assert list(reader.sent) == [("output 0", b"\x02R\x7e\x03" + bytes(60))]
    await bench.do("close")
    await eventually(lambda: bench.bus.kernel_driver[key], "the kernel's driver has the reader again")


async def test_pulled_out_while_it_is_read_and_found_again_elsewhere(
    bench: UsbBench, reader: HidEcho
) -> None:
    key = bench.bus.plug(reader, 1)
    await bench.start()
    await bench.do("open", VID, PID, "A1")
    reading = asyncio.create_task(refused(bench, "read"))
    await asyncio.sleep(0)
    reader.say(b"\x04" * 512)  # not fetched before the plug is out: lost with the power
    bench.bus.unplug(key)
    gone = await reading
    assert gone.code == "unplugged"
    assert "plug it in again" in gone.text
    await bench.do("close")
    assert (await refused(bench, "open", VID, PID, "A1")).code == "port_missing"
    bench.bus.plug(HidEcho("B7"), 2)
    bench.bus.plug(reader, 3)
    assert await redialled(bench, VID, PID, "A1") == ["/dev/bus/usb/001/004", "A1"]
    reader.say(b"\x05" * 512)
    assert await bench.do("read") == ["input", 0, (b"\x05" * 512).hex()]


async def test_pulled_out_in_the_middle_of_a_report_nothing_of_it_arrives(
    bench: UsbBench, reader: HidEcho
) -> None:
    key = bench.bus.plug(reader)
    await bench.start()
    await bench.do("open", VID)
    reader.say(b"\x06" * 256)  # the first half of what the descriptor declares
    bench.bus.unplug(key)
    assert (await refused(bench, "read")).code == "unplugged"


async def test_a_reader_that_is_open_already_is_busy(bench: UsbBench, reader: HidEcho) -> None:
    bench.bus.plug(reader)
    await bench.start()
    await bench.do("open", VID)
    assert (await refused(bench, "open", VID)).code == "port_busy"
    await bench.do("close")
    reader.say(bytes(512))
    assert (await bench.do("read"))[0] == "input"


async def test_two_alike_are_told_apart_by_their_serial_numbers(bench: UsbBench) -> None:
    for socket, serial in enumerate(("A1", "B7"), 1):
        bench.bus.plug(HidEcho(serial), socket)
    await bench.start()
    assert await bench.do("list") == [
        "/dev/bus/usb/001/002 (0acd:2010 serial number A1)",
        "/dev/bus/usb/001/003 (0acd:2010 serial number B7)",
    ]
    error = await refused(bench, "open", VID)
    assert error.code == "port_ambiguous"
    assert "serial number A1" in error.text
    assert await bench.do("open", VID, None, "B7") == ["/dev/bus/usb/001/003", "B7"]


async def test_a_node_that_may_not_be_opened_asks_for_the_udev_rule(bench: UsbBench, reader: HidEcho) -> None:
    bench.bus.plug(reader, closed=True)
    await bench.start()
    await bench.do("library")  # loaded while it still may be
    await bench.do("give up rights")
    error = await refused(bench, "open", VID)
    assert error.code == "permission"
    assert error.text.endswith(udev_rule(VID))


async def test_closing_and_ending_leave_nothing_behind(bench: UsbBench, reader: HidEcho) -> None:
    bench.bus.plug(reader)
    await bench.start()
    for _ in range(5):
        await bench.do("open", VID)
        await bench.do("close")
    assert await bench.end() == 0


async def test_a_swipe_on_the_virtual_reader_arrives_as_one_report(bench: UsbBench) -> None:
    device, card = VirtualReader(), CARDS["visa"]
    bench.bus.plug(device)
    await bench.start()
    assert await bench.do("open", device.vid, device.pid, device.serial) == [
        "/dev/bus/usb/001/002",
        device.serial,
    ]
    await bench.do("write", "feature", 0, build_command(Get(Setting.SECURITY_LEVEL)).hex())
    await bench.do("write", "get_feature", 0, "")
    kind, _number, answer = await bench.do("read")
    assert (kind, len(answer)) == ("feature", 2 * device.settings.feature_size)
    told = parse_answer(bytes.fromhex(answer))
    assert isinstance(told, Value)
    device.swipe(card)
    kind, _number, data = await bench.do("read")
    assert (kind, len(data)) == ("input", 2 * REPORT_SIZE)
    assert card.number.encode().hex() not in data
