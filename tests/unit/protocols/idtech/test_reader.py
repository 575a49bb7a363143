"""The reader as a source of cards: found, greeted, armed, unplugged; and what it presents."""

from __future__ import annotations

from typing import Literal

import pytest

from protocols.core.card_source import CardSource, Ready
from protocols.core.errors import LocalError
from protocols.core.session import Closed, Greet, Link, Opened, Peer, Received
from simulator.cards import CARDS
from simulator.reader.device import VirtualReader
from simulator.reader.settings import ReaderSettings
from tests.support.reader_script import ReaderScript

VISA = CARDS["visa"]


def armed(settings: ReaderSettings | None = None) -> ReaderScript:
    script = ReaderScript(VirtualReader(settings), modes="swipe_and_keyed").ready()
    script.arm("swipe", "keyed")
    return script


# --- the link ---------------------------------------------------------------------------------------


def test_it_is_a_card_source() -> None:
    source: CardSource = ReaderScript().reader
    assert source.ready is Ready.DOWN
    assert source.why == "not_connected"
    assert source.next_deadline() is None


def test_it_opens_greets_and_is_ready() -> None:
    script = ReaderScript(VirtualReader()).ready()
    assert script.link == Link("reader", 1)
    assert script.state == "ready"
    assert script.reader.peer.serial == "T134000064"
    assert script.reader.next_deadline() is None
    asked = [report.data for report in script.sent if report.kind == "feature"]
    assert [bytes(data)[:5].hex() for data in asked if isinstance(data, bytes)] == [
        "02527e032d",
        "02528503d6",
        "0252510302",
    ]


def test_it_asks_nothing_where_that_is_set() -> None:
    script = ReaderScript(VirtualReader(), commands="none")
    script.plug()
    assert script.state == "ready"
    assert script.sent == []


def test_an_opening_that_fails_is_tried_again_later_each_time() -> None:
    script = ReaderScript(redial_s=2.0)
    script.give(Greet())
    pauses = []
    for _ in range(4):
        script.give(Closed(script.link, "port_missing: no reader", sent=False))
        assert script.state == "down"
        assert script.reader.why == "port_missing: no reader"
        pauses.append((script.reader.next_deadline() or 0) - script.now)
        script.wake()
    assert pauses == [0.5, 1.0, 2.0, 2.0]
    assert script.link.n == 5


def test_a_greeting_dials_at_once_and_once() -> None:
    script = ReaderScript()
    script.give(Greet())
    script.give(Greet())
    assert script.link.n == 1
    script.give(Closed(script.link, "port_missing: no reader", sent=False))
    script.give(Greet())
    assert script.link.n == 2


def test_another_links_causes_are_not_its_own() -> None:
    script = ReaderScript(VirtualReader()).ready()
    other = Link("gateway", 1)
    assert script.reader.handle(Opened(other, Peer("gw")), 0.0) == ()
    assert script.reader.handle(Received(other, b"HTTP"), 0.0) == ()
    assert script.reader.handle(Closed(Link("reader", 99), "reset", sent=True), 0.0) == ()
    assert script.state == "ready"


def test_bytes_without_a_report_are_our_own_mistake() -> None:
    script = ReaderScript(VirtualReader()).ready()
    with pytest.raises(LocalError) as caught:
        script.give(Received(script.link, b"\x02"))
    assert caught.value.code == "wrong_endpoint"


# --- the greeting -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("level", "code"),
    [(0, "reader_keys_exhausted"), (1, "reader_not_encrypting"), (2, "reader_not_encrypting")],
)
def test_a_reader_below_level_three_is_unfit(level: int, code: str) -> None:
    script = ReaderScript(VirtualReader(ReaderSettings(level=level))).ready()
    assert script.state == "unfit"
    assert script.reader.why.startswith(f"{code}: its security level is {level}")
    assert script.codes == [code]
    with pytest.raises(LocalError):
        script.arm()


@pytest.mark.parametrize("level", [3, 4])
def test_a_reader_that_encrypts_is_ready(level: int) -> None:
    assert ReaderScript(VirtualReader(ReaderSettings(level=level))).ready().reader.ready is Ready.READY


def test_a_reader_set_to_the_original_format_is_unfit_until_it_is_set_right() -> None:
    script = ReaderScript(VirtualReader(ReaderSettings(output="original"))).ready()
    assert script.state == "unfit"
    assert "enhanced" in script.reader.why
    script.device = VirtualReader()
    script.give(Greet())
    assert script.state == "ready"


@pytest.mark.parametrize("commands", ["silent", "stalled"])
def test_a_reader_that_answers_nothing_is_used_for_encrypted_reads_alone(
    commands: Literal["silent", "stalled"],
) -> None:
    script = armed(ReaderSettings(commands=commands))
    assert script.state == "armed"
    script.swipe(lambda device: device.swipe(VISA))
    assert script.outcome() == "taken"
    script = armed(ReaderSettings(commands=commands, level=1))
    script.swipe(lambda device: device.swipe(VISA))
    assert script.outcome() == "reader_not_encrypting"
    assert script.state == "armed"


def test_a_silent_reader_costs_the_answer_time_of_each_question() -> None:
    script = ReaderScript(VirtualReader(ReaderSettings(commands="silent")), answer_s=0.5)
    before = script.now
    script.ready()
    assert script.state == "ready"
    assert script.now - before == pytest.approx(1.5)


def test_another_reader_at_the_plug_is_unfit_and_the_right_one_is_found_again() -> None:
    script = ReaderScript(VirtualReader(), serial="T134000064")
    script.plug(serial="T000000001")
    assert script.state == "unfit"
    assert script.reader.why.startswith("wrong_device: the reader T000000001 is plugged in")
    assert script.codes == ["wrong_device"]
    assert script.sent == []
    script.give(Greet())
    assert script.state == "unfit"
    script.unplug()
    script.wake()
    script.give(Opened(script.link, Peer("usb", "T134000064")))
    assert script.state == "ready"
