"""Rows of BMPs: order, spelling, repetition, and the speed of hostile ones."""

import pytest

from protocols.core.errors import DecodingError
from protocols.zvt.data_objects import Slot
from protocols.zvt.messages import Authorization, StatusInformation
from protocols.zvt.tlv import node
from protocols.zvt.walker import Reading, write_row


def read(data: str) -> Reading:
    """A row that has been read."""
    reading = Reading()
    reading.walk(bytes.fromhex(data), 0)
    return reading


def test_the_order_of_the_wire_is_remembered() -> None:
    reading = read("490124 8700 42 2700")
    assert reading.values == {"currency": "124", "receipt": "0042", "result_code": 0}
    assert reading.slots == [Slot(0x49), Slot(0x87), Slot(0x27)]


def test_without_an_order_the_container_comes_last() -> None:
    message = Authorization(tlv=(node(0x1F07, b"\x01"),), currency="124", others=((0x05, b"\x02"),))
    assert write_row(message).hex().upper() == "0502" + "490124" + "06041F070101"


def test_what_was_added_comes_after_what_was_read() -> None:
    message = StatusInformation(result_code=0, receipt="0042", order=(Slot(0x87),))
    assert write_row(message).hex().upper() == "870042" + "2700"


def test_what_was_taken_away_is_not_written() -> None:
    message = StatusInformation(result_code=0, order=(Slot(0x87), Slot(0x27), Slot(0x05)))
    assert write_row(message).hex().upper() == "2700"


def test_a_spelling_is_only_used_for_the_value_that_it_spells() -> None:
    slot = (Slot(0x8B, b"VISA"),)
    assert write_row(StatusInformation(card_name="VISA", order=slot)) == b"\x8b\xf0\xf4VISA"
    assert write_row(StatusInformation(card_name="JCB", order=slot)) == b"\x8b\xf0\xf4JCB\x00"


def test_a_card_number_is_not_kept_as_a_spelling() -> None:
    reading = read("8BF1F6" + b"4111111111111111".hex())
    assert reading.values["card_name"] == "************1111"
    assert all(slot.hint is None for slot in reading.slots)
    assert reading.masked == 1


def test_an_earlier_card_number_is_not_kept_when_it_comes_twice() -> None:
    reading = read("22F0F84111111111111111 22F0F8EEEEEEEEEEEE4771")
    assert reading.values["pan"] == "************4771"
    assert reading.slots[0] == Slot(0x22, bytes.fromhex("22F0F8EEEEEEEEEEEE1111"), superseded=True)


def test_an_error_leaves_what_was_read_before() -> None:
    reading = Reading()
    with pytest.raises(DecodingError) as caught:
        reading.walk(bytes.fromhex("2700 99"), 0)
    assert (caught.value.code, caught.value.at) == ("unknown_bmp", 2)
    assert reading.values == {"result_code": 0}


@pytest.mark.parametrize("unit", ["1900", "0500", "22F0F0", "0600"])
def test_a_row_of_the_same_bmp_over_and_over_is_read_and_written_back(unit: str) -> None:
    row = bytes.fromhex(unit) * 20_000
    reading = Reading()
    reading.walk(row, 0)
    values = dict(reading.values, others=tuple(reading.others))
    assert write_row(StatusInformation(**values, order=tuple(reading.slots))) == row
