"""What is refused of a device with each trouble, and that it stays armed."""

from __future__ import annotations

import pytest

from protocols.core.session import Opened, Peer
from protocols.idtech.refusals import REFUSALS
from simulator.cards import CARDS
from simulator.reader.device import VirtualReader
from simulator.reader.faults import READ_TROUBLES, ReadFault, ReadTrouble
from simulator.reader.settings import ReaderSettings
from tests.support.idtech_frames import (
    ENHANCED,
    ORIGINAL,
    binary,
    reported,
    seen,
)
from tests.support.reader_script import ReaderScript

AT_A_DEVICE: dict[ReadTrouble, str] = {
    "bad_lrc": "frame_damaged",
    "bad_sum": "frame_damaged",
    "bad_length": "frame_damaged",
    "truncated": "frame_damaged",
    "cut_report": "frame_damaged",
    "two_in_one": "taken",
    "decode_error": "card_unreadable",
    "nothing_read": "card_unreadable",
    "repeat_ksn": "read_repeated",
    "ksn_back": "read_repeated",
    "no_ksn": "reader_key_missing",
    "original_format": "reader_not_encrypting",
    "clear_tracks": "reader_not_encrypting",
    "track_in_clear": "reader_not_encrypting",
    "licence": "not_payment_card",
    "raw": "not_payment_card",
    "other_serial": "wrong_device",
    "wrong_mask": "card_inconsistent",
}


@pytest.mark.parametrize("trouble", READ_TROUBLES)
@pytest.mark.parametrize("split", [64, 200, 509])
def test_each_trouble_of_a_device(trouble: ReadTrouble, split: int) -> None:
    device = VirtualReader(ReaderSettings(usb_serial=""))
    script = ReaderScript(device, serial="T134000064", report_size=509).ready()
    for _ in range(2):
        script.arm()
        script.swipe(lambda device: device.swipe(CARDS["visa"]))
        assert script.outcome() == "taken"
    script.arm()
    device.plan(ReadFault(what=trouble))
    device.swipe(CARDS["visa"])
    report = b"".join(report or b"" for report in iter(device.take_input, None))
    for at in range(0, len(report), split):
        script.hear(report[at : at + split])
    if script.reader.next_deadline() is not None:
        script.wake()
    outcome = script.outcome()
    assert outcome == AT_A_DEVICE[trouble]
    assert (outcome in script.codes) == (outcome in REFUSALS and REFUSALS[outcome].alert)
    assert script.state == ("ready" if outcome == "taken" else "armed")
    assert not any(any(seen(buffer)) for buffer in script.buffers)
    for code, details in script.alerts:
        assert CARDS["visa"].number not in f"{code}{details}"


@pytest.mark.parametrize(
    ("card", "brand"),
    [
        ("amex", "American Express"),
        ("unionpay_long", "UnionPay"),
        ("mastercard_2series", "Mastercard"),
        ("diners", "Diners Club"),
        ("jcb", "JCB"),
        ("discover", "Discover"),
    ],
)
def test_cards_of_other_lengths_and_brands_are_taken(card: str, brand: str) -> None:
    script = ReaderScript(VirtualReader()).ready()
    script.arm()
    script.swipe(lambda device: device.swipe(CARDS[card]))
    presented = script.card()
    assert presented.card.last_four == CARDS[card].last_four
    assert presented.card.brand == brand


def test_a_refused_read_leaves_it_armed_for_the_next_one() -> None:
    script = ReaderScript(commands="none")
    script.plug()
    script.arm()
    script.hear(reported(binary(ORIGINAL)))
    assert script.outcome() == "reader_not_encrypting"
    assert script.codes == ["reader_not_encrypting"]
    script.hear(reported(binary(ENHANCED)))
    assert script.outcome() == "taken"


def test_after_a_replug_old_reads_are_still_known() -> None:
    script = ReaderScript(commands="none")
    script.plug()
    script.arm()
    script.hear(reported(binary(ENHANCED)))
    assert script.outcome() == "taken"
    script.unplug()
    script.wake()
    script.give(Opened(script.link, Peer("usb", None)))
    script.arm()
    script.hear(reported(binary(ENHANCED)))
    assert script.outcome() == "read_repeated"
