"""One read at a time: presented, refused, ignored, broken off; and nothing of it kept."""

from __future__ import annotations

import pytest

from protocols.core.card import Card
from protocols.core.card_source import Ready
from protocols.core.errors import LocalError
from protocols.core.session import Opened, Peer
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
    script = ReaderScript(commands="none", report_size=509)
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
