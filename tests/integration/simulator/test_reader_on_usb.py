"""The agent's reader and the virtual one at two ends of a virtual USB, with pyusb and the pump between."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from drivers.config import UsbConfig
from drivers.pump import Pump
from drivers.usb_port import UsbPort
from protocols.core.card_source import Presented, Ready
from protocols.core.errors import LocalError
from protocols.core.facts import Fact
from protocols.core.session import Alert, Capabilities, Cause, Effect, Greet, Mono, Notice, Phase
from protocols.idtech.options import ReaderOptions
from protocols.idtech.reader import Reader
from simulator.cards import CARDS
from simulator.reader.device import VirtualReader
from simulator.reader.faults import ReadFault
from simulator.reader.opening import open_frame
from simulator.reader.settings import ReaderSettings
from simulator.wire.usb_backend import VirtualUsb
from tests.support.waiting import eventually

VISA = CARDS["visa"]
SERIAL = "T134000064"


class Desk:
    """A reader without a vault: the least that a pump can drive."""

    phase = Phase.IDLE
    capabilities = Capabilities(frozenset())

    def __init__(self) -> None:
        self.bus = VirtualUsb()
        self.reader = Reader(ReaderOptions(serial=SERIAL, modes="swipe_and_keyed"))
        self.told: list[str] = []

    def next_deadline(self) -> Mono | None:
        return self.reader.next_deadline()

    def handle(self, cause: Cause, now: Mono) -> tuple[Effect, ...]:
        return self.reader.handle(cause, now)

    def note(self, notice: Notice) -> None:
        assert isinstance(notice, Alert)
        self.told.append(notice.code)

    async def book(self, fact: Fact) -> None:
        raise LocalError("unexpected", f"a reader books nothing, not even {type(fact).__name__}")

    def port(self) -> UsbPort:
        return UsbPort(UsbConfig(vid=0x0ACD), backend=lambda: self.bus)

    async def becomes(self, ready: Ready) -> None:
        await eventually(lambda: self.reader.ready is ready, f"the reader is {ready.value}")

    async def read(self) -> Presented:
        """The card of the read that is asked for."""
        found: list[Presented] = []

        def look() -> bool:
            found.extend(filter(None, [self.reader.take_card()]))
            return bool(found)

        await eventually(look, "a card is read")
        return found[0]


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    made = Desk()
    pump = Pump(made, {"reader": made.port}, made.book, made.note)
    running = asyncio.create_task(pump.run())
    pump.post(Greet())
    yield made
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running


def arm(desk: Desk) -> None:
    desk.reader.arm(("swipe", "keyed"), asyncio.get_running_loop().time())


async def test_swiped_and_keyed_cards_come_through(desk: Desk) -> None:
    device = VirtualReader()
    desk.bus.plug(device)
    await desk.becomes(Ready.READY)
    assert desk.reader.peer.serial == SERIAL
    for act in (device.swipe, lambda card: device.key_in(card, "123")):
        arm(desk)
        act(VISA)
        assert open_frame((await desk.read()).frame.view()).pan == VISA.number
    assert desk.told == []


async def test_unplugged_in_the_middle_of_a_swipe_and_plugged_in_elsewhere(desk: Desk) -> None:
    device = VirtualReader()
    desk.bus.plug(device)
    await desk.becomes(Ready.READY)
    arm(desk)
    device.plan(ReadFault(what="cut_report"))
    device.swipe(VISA)
    desk.bus.unplug(device)
    await desk.becomes(Ready.DOWN)
    assert desk.reader.why.startswith("unplugged:")
    assert desk.reader.take_card() is None
    desk.bus.plug(device, socket=2)
    await desk.becomes(Ready.READY)
    arm(desk)
    device.swipe(VISA)
    assert (await desk.read()).keys["ksn"].endswith("00002")
    assert desk.told == []


async def test_a_reader_that_does_not_encrypt_is_unfit_and_its_cards_are_wiped(desk: Desk) -> None:
    device = VirtualReader(ReaderSettings(level=1))
    desk.bus.plug(device)
    await desk.becomes(Ready.UNFIT)
    device.swipe(VISA)
    await eventually(lambda: "card_ignored" in desk.told, "the read is told")
    assert desk.told == ["reader_not_encrypting", "card_ignored"]
    assert desk.reader.take_card() is None


async def test_another_reader_in_its_place_is_not_used(desk: Desk) -> None:
    other = VirtualReader(ReaderSettings(usb_serial="T000000001"))
    desk.bus.plug(other)
    await desk.becomes(Ready.UNFIT)
    assert desk.told == ["wrong_device"]
    desk.bus.unplug(other)
    desk.bus.plug(VirtualReader(), socket=2)
    await desk.becomes(Ready.READY)
