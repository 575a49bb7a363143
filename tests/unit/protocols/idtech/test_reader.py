"""The reader as a source of cards: found, greeted, armed, unplugged; and what it presents."""

from __future__ import annotations

from typing import Literal

import pytest

from protocols.core.card import Card
from protocols.core.card_source import CardSource, Ready
from protocols.core.errors import LocalError
from protocols.core.session import Closed, Greet, Link, Opened, Peer, Received
from simulator.cards import CARDS
from simulator.reader.device import VirtualReader
from simulator.reader.faults import ReadFault, ReadFaults
from simulator.reader.opening import open_frame
from simulator.reader.settings import ReaderSettings
from tests.support.idtech_frames import ENHANCED, binary, reported, seen, text, untyped
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


# --- reads ------------------------------------------------------------------------------------------


def test_a_swipe_is_presented_as_the_text_that_the_gateway_documents() -> None:
    script = armed()
    script.swipe(lambda device: device.swipe(VISA))
    assert script.state == "ready"
    presented = script.card()
    assert presented.card == Card("Visa", "1111", None, "swipe")
    assert presented.keys == {"ksn": "FFFF9876543210E00001", "serial": "T134000064"}
    assert open_frame(presented.frame.view()).pan == VISA.number
    assert seen(presented.frame).startswith(b"02")
    assert script.reader.take_card() is None
    assert script.reader.peer.terminal_id == "T134000064"


@pytest.mark.parametrize(
    "name", ["moneris-sample-2", "moneris-sample-3", "moneris-sample-5", "moneris-sample-6"]
)
def test_a_sample_of_the_gateway_comes_out_as_the_gateway_shows_it(name: str) -> None:
    script = ReaderScript(commands="none", modes="swipe_and_keyed")
    script.plug()
    script.arm("swipe", "keyed")
    script.hear(reported(untyped(name)))
    assert seen(script.card().frame) == text(name)


def test_what_is_keyed_shows_its_expiry_and_no_digit() -> None:
    script = armed()
    script.swipe(lambda device: device.key_in(VISA, "123"))
    presented = script.card()
    assert presented.card == Card(None, None, VISA.expiry_yymm, "keyed")
    opened = open_frame(presented.frame.view())
    assert (opened.pan, opened.cvv) == (VISA.number, "123")


def test_every_buffer_of_a_read_is_wiped() -> None:
    script = armed()
    script.swipe(lambda device: device.swipe(VISA))
    script.arm()
    script.swipe(lambda device: device.swipe(VISA), "bad_lrc")
    assert script.outcome() == "frame_damaged"
    assert script.buffers
    assert not any(any(seen(buffer)) for buffer in script.buffers)


def test_a_read_that_nobody_asked_for_is_wiped_and_told() -> None:
    script = ReaderScript(VirtualReader()).ready()
    script.swipe(lambda device: device.swipe(VISA))
    assert script.codes == ["card_ignored"]
    assert script.outcome() == "nothing"
    script.arm()
    assert script.outcome() == "nothing"


def test_the_ksn_of_an_ignored_read_is_used_up() -> None:
    script = ReaderScript(commands="none")
    script.plug()
    script.hear(reported(binary(ENHANCED)))
    script.arm()
    script.hear(reported(binary(ENHANCED)))
    assert script.outcome() == "read_repeated"


def test_a_second_card_of_the_same_report_is_ignored() -> None:
    script = ReaderScript(VirtualReader(faults=ReadFaults([ReadFault(what="two_in_one")]))).ready()
    script.arm()
    script.swipe(lambda device: device.swipe(VISA))
    assert script.codes == ["card_ignored"]
    assert script.card().keys["ksn"] == "FFFF9876543210E00001"


def test_disarmed_it_takes_nothing_and_keeps_nothing() -> None:
    script = armed()
    script.reader.disarm(script.now)
    assert script.state == "ready"
    script.swipe(lambda device: device.swipe(VISA))
    assert (script.outcome(), script.codes) == ("nothing", ["card_ignored"])


def test_a_card_that_was_not_fetched_is_wiped_by_the_next_arming() -> None:
    script = armed()
    script.swipe(lambda device: device.swipe(VISA))
    script.arm()
    assert script.codes == ["card_ignored"]
    assert script.outcome() == "nothing"


def test_a_read_that_had_begun_before_the_arming_is_not_taken() -> None:
    script = ReaderScript(commands="none")
    script.plug()
    report = reported(binary(ENHANCED))
    script.hear(report[:200])
    script.arm()
    assert script.codes == ["card_ignored"]
    script.hear(report[200:])
    assert script.outcome() == "nothing"
    assert script.state == "armed"
    script.hear(reported(untyped("moneris-sample-2")))
    assert script.outcome() == "taken"


def test_arming_asks_for_what_the_reader_has() -> None:
    script = ReaderScript(VirtualReader(), modes="keyed").ready()
    with pytest.raises(LocalError) as caught:
        script.arm("swipe")
    assert caught.value.code == "entry_modes"
    script.arm("swipe", "keyed")
    with pytest.raises(LocalError) as caught:
        script.arm("keyed")
    assert caught.value.code == "not_ready"
    script.swipe(lambda device: device.swipe(VISA))
    assert script.outcome() == "entry_mode_unwanted"


def test_unplugged_in_the_middle_nothing_is_kept_and_it_is_ready_again_elsewhere() -> None:
    script = armed()
    script.swipe(lambda device: device.swipe(VISA), "cut_report")
    script.unplug()
    assert (script.reader.ready, script.reader.why) == (Ready.DOWN, "unplugged: the reader is gone")
    assert script.outcome() == "nothing"
    script.wake()
    script.give(Opened(script.link, Peer("usb-2", "T134000064")))
    assert script.state == "ready"
    script.arm()
    script.swipe(lambda device: device.swipe(VISA))
    assert script.outcome() == "taken"


def test_unplugged_with_a_card_not_fetched_nothing_is_kept() -> None:
    script = armed()
    script.swipe(lambda device: device.swipe(VISA))
    script.unplug()
    assert script.outcome() == "nothing"


def test_a_report_whose_rest_does_not_come_is_given_up_in_its_time() -> None:
    script = armed()
    script.swipe(lambda device: device.swipe(VISA), "cut_report")
    assert script.reader.next_deadline() == script.now + 1.0
    script.wake()
    assert script.outcome() == "frame_damaged"
    assert script.reader.next_deadline() is None
    script.swipe(lambda device: device.swipe(VISA))
    assert script.outcome() == "taken"
