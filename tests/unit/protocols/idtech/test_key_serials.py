"""Which key serial numbers a reader may send, one after the other."""

from __future__ import annotations

from protocols.idtech.refusals import KeySerials


def test_a_ksn_comes_once_and_only_goes_up() -> None:
    serials = KeySerials()
    assert serials.refusal("FFFF9876543210E00005") is None
    assert serials.refusal("FFFF9876543210E00005") == "read_repeated"
    assert serials.refusal("FFFF9876543210E00004") == "read_repeated"
    assert serials.refusal("FFFF9876543210E00100") is None


def test_the_counter_is_twenty_one_bits() -> None:
    serials = KeySerials()
    assert serials.refusal("FFFF9876543210E0FFFF") is None
    assert serials.refusal("FFFF9876543210F00000") is None
    assert serials.refusal("FFFF9876543210E00001") == "read_repeated"


def test_another_device_key_in_the_middle_is_another_device() -> None:
    serials = KeySerials()
    assert serials.refusal("FFFF9876543210E00005") is None
    assert serials.refusal("FFFF987654321FE00006") == "wrong_device"
    serials.plugged()
    assert serials.refusal("FFFF987654321FE00006") is None
    serials.plugged()
    assert serials.refusal("FFFF9876543210E00005") == "read_repeated"


def test_what_the_reader_told_at_its_greeting_counts() -> None:
    serials = KeySerials()
    serials.told("FFFF9876543210E00008")
    assert serials.refusal("FFFF9876543210E00007") == "read_repeated"
    assert serials.refusal("FFFF9876543210E00008") is None
    serials.told("FFFF9876543210E00003")
    assert serials.refusal("FFFF9876543210E00008") == "read_repeated"
