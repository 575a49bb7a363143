"""The virtual reader as a device: descriptors, settings, reports, and what goes wrong by plan."""

from __future__ import annotations

import struct
from typing import Literal

import pytest

from protocols.core.errors import DecodingError, FramingError
from protocols.idtech.codec import decode
from protocols.idtech.messages import EncodeType, Keyed, OriginalSwipe, Read, Swipe
from protocols.idtech.settings import (
    ENHANCED_OUTPUT,
    Get,
    NotTaken,
    Set,
    Setting,
    Taken,
    Value,
    build_command,
    encrypt_always,
    parse_answer,
)
from simulator import dukpt
from simulator.cards import CARDS
from simulator.reader.device import VirtualReader
from simulator.reader.faults import READ_TROUBLES, ReadFault, ReadFaults
from simulator.reader.hid import HidDevice, Stalled
from simulator.reader.opening import open_frame
from simulator.reader.settings import ReaderSettings

VISA = CARDS["visa"]


def _outputs(reader: VirtualReader) -> list[bytes]:
    """The frames of all waiting reports, one output each."""
    whole = b"".join(iter(lambda: reader.take_input() or b"", b""))
    return [whole[9 : 9 + int.from_bytes(whole[7:9], "little")]] if whole else []


def _read(reader: VirtualReader) -> Read:
    (output,) = _outputs(reader)
    return decode(memoryview(output), "binary")


def _asked(reader: VirtualReader, command: bytes) -> object:
    reader.feature_set(0, command)
    heard = b""
    for _ in range(40):
        heard += reader.feature_get(0)
        answer = parse_answer(heard)
        if answer is not None:
            return answer
    return None


def test_it_is_a_hid_device() -> None:
    device: HidDevice = VirtualReader()
    told = device.descriptors
    assert struct.unpack_from("<HH", told.device, 8) == (0x0ACD, 0x2010)
    assert (device.vid, device.pid, device.serial) == (0x0ACD, 0x2010, told.strings[told.device[16]])
    assert len(told.device) == told.device[0] == 18
    assert int.from_bytes(told.configuration[2:4], "little") == len(told.configuration)
    assert struct.unpack_from("<H", told.configuration, 25)[0] == len(told.report)


def test_a_reader_without_serial_in_its_descriptor() -> None:
    device = VirtualReader(ReaderSettings(usb_serial=""))
    assert device.serial is None
    assert device.descriptors.device[16] == 0


@pytest.mark.parametrize("size", [64, 509, 521])
def test_reports_have_the_declared_size(size: int) -> None:
    reader = VirtualReader(ReaderSettings(report_size=size))
    reader.swipe(VISA)
    reports = list(iter(reader.take_input, None))
    assert {len(report or b"") for report in reports} == {size}
    assert (len(reports) > 1) == (size == 64)
    whole = b"".join(report or b"" for report in reports)
    assert open_frame(memoryview(whole)[9 : 9 + int.from_bytes(whole[7:9], "little")]).pan == VISA.number


def test_a_listener_hears_of_each_read() -> None:
    reader, heard = VirtualReader(), []
    reader.listen(lambda: heard.append(True))
    reader.swipe(VISA)
    reader.key_in(VISA, "123")
    assert heard == [True, True]


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        (Setting.SECURITY_LEVEL, b"3"),
        (Setting.OUTPUT_FORMAT, b"1"),
        (Setting.KSN, bytes.fromhex("FFFF9876543210E00001")),
        (Setting.PAN_DIGITS_BEFORE, b"4"),
    ],
)
def test_it_tells_its_settings(setting: Setting, value: bytes) -> None:
    assert _asked(VirtualReader(), build_command(Get(setting))) == Value(setting, value)


def test_a_reader_whose_keys_are_used_up_says_so() -> None:
    last = "FFFF9876543210FFF800"
    reader = VirtualReader(ReaderSettings(ksn=last))
    asked = {
        setting: _asked(reader, build_command(Get(setting)))
        for setting in (Setting.SECURITY_LEVEL, Setting.KSN)
    }
    assert asked[Setting.SECURITY_LEVEL] == Value(Setting.SECURITY_LEVEL, b"0")
    assert asked[Setting.KSN] == Value(Setting.KSN, bytes.fromhex(last))
    with pytest.raises(dukpt.KeySerialError):
        reader.swipe(VISA)
    assert reader.take_input() is None


def test_settings_can_be_changed_and_change_what_it_sends() -> None:
    reader = VirtualReader(ReaderSettings(output="original"))
    reader.swipe(VISA)
    assert isinstance(_read(reader), OriginalSwipe)
    assert _asked(reader, build_command(ENHANCED_OUTPUT)) == Taken()
    assert _asked(reader, build_command(encrypt_always(0x07))) == Taken()
    reader.swipe(VISA)
    assert isinstance(_read(reader), Swipe)


@pytest.mark.parametrize(
    ("settings", "shown"),
    [
        ({}, ";4111********1111=***************?*"),
        ({Setting.PAN_DIGITS_BEFORE: b"6"}, ";411111******1111=***************?*"),
        ({Setting.PAN_DIGITS_BEFORE: b"\x00", Setting.PAN_DIGITS_AFTER: b"0"},
         ";****************=***************?*"),
        ({Setting.SHOW_EXPIRY: b"1"}, ";4111********1111=3012***********?*"),
        ({Setting.SEND_TRACK_LRC: b"0"}, ";4111********1111=***************?"),
        ({Setting.MASK_CHARACTER: b"X"}, ";4111XXXXXXXX1111=XXXXXXXXXXXXXXX?X"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("output", ["enhanced", "original"])
def test_how_tracks_are_shown_is_set_and_the_card_is_the_same(
    settings: dict[Setting, bytes], shown: str, output: Literal["enhanced", "original"]
) -> None:
    reader = VirtualReader(ReaderSettings(output=output))
    for setting, value in settings.items():
        assert _asked(reader, build_command(Set(setting, value))) == Taken()
    reader.swipe(VISA)
    report = reader.take_input() or b""
    frame = memoryview(report)[9 : 9 + int.from_bytes(report[7:9], "little")]
    assert shown.encode() in bytes(frame)
    assert (open_frame(frame).pan, open_frame(frame).expiry_yymm) == (VISA.number, VISA.expiry_yymm)


@pytest.mark.parametrize(
    "command",
    [
        build_command(Set(Setting.SECURITY_LEVEL, b"1")),
        build_command(Set(Setting.PAN_DIGITS_BEFORE, b"7")),
        build_command(Set(Setting.PAN_DIGITS_AFTER, b"5")),
        build_command(Set(Setting.SHOW_EXPIRY, b"2")),
        build_command(Set(Setting.OUTPUT_FORMAT, b"")),
        build_command(Set(Setting.MASK_CHARACTER, b"**")),
        build_command(Get(0x22)),
        b"\x02\x52\x7e\x03\x00",
    ],
)
def test_what_it_does_not_take(command: bytes) -> None:
    assert _asked(VirtualReader(), command) == NotTaken()


def test_a_silent_reader_and_one_that_stalls() -> None:
    silent = VirtualReader(ReaderSettings(commands="silent"))
    assert _asked(silent, build_command(Get(Setting.SECURITY_LEVEL))) is None
    stalling = VirtualReader(ReaderSettings(commands="stalled"))
    with pytest.raises(Stalled):
        stalling.feature_set(0, build_command(Get(Setting.SECURITY_LEVEL)))
    with pytest.raises(Stalled):
        stalling.feature_get(0)
    with pytest.raises(Stalled):
        silent.output_report(0, b"")


def test_the_ksn_goes_up_and_passes_over_counters_with_many_bits() -> None:
    reader = VirtualReader(ReaderSettings(ksn="FFFF9876543210E003FE"))
    seen = []
    for _ in range(3):
        reader.swipe(VISA)
        seen.append(_read(reader).ksn)
    assert seen == ["FFFF9876543210E003FF", "FFFF9876543210E00400", "FFFF9876543210E00401"]


def test_without_power_it_forgets_what_waits_and_not_its_counter() -> None:
    reader = VirtualReader()
    reader.swipe(VISA)
    reader.feature_set(0, build_command(Get(Setting.SECURITY_LEVEL)))
    reader.lose_power()
    assert reader.take_input() is None
    assert not any(reader.feature_get(0))
    reader.swipe(VISA)
    assert _read(reader).ksn == "FFFF9876543210E00002"


def test_a_reader_without_keys_sends_clear_tracks_and_no_keyed_frame() -> None:
    reader = VirtualReader(ReaderSettings(level=1))
    reader.swipe(VISA)
    read = _read(reader)
    assert isinstance(read, OriginalSwipe)
    assert read.encrypted is None
    assert VISA.number.encode() in bytes(read.tracks[1])
    reader.key_in(VISA)
    assert _outputs(reader) == []


def test_what_is_keyed_carries_expiry_and_postal_code_in_clear() -> None:
    reader = VirtualReader()
    reader.key_in(VISA, "123", postal_code="H2X1Y4")
    read = _read(reader)
    assert isinstance(read, Keyed)
    assert bytes(read.expiry or b"").decode() == VISA.expiry_yymm
    assert bytes(read.postal_code or b"") == b"H2X1Y4"


def test_a_fault_strikes_so_often_and_then_no_more() -> None:
    faults = ReadFaults([ReadFault(what="nothing_read", times=2), ReadFault(what="bad_lrc", nth=3)])
    assert [sorted(faults.take()) for _ in range(4)] == [["nothing_read"], ["nothing_read"], ["bad_lrc"], []]


def test_a_fault_for_ever() -> None:
    faults = ReadFaults([ReadFault(what="no_ksn", times=0)])
    assert [sorted(faults.take()) for _ in range(3)] == [["no_ksn"]] * 3


def _after(trouble: str) -> tuple[VirtualReader, bytes]:
    """A reader after two good reads and one with this trouble, and the output of that one."""
    what = next(known for known in READ_TROUBLES if known == trouble)
    reader = VirtualReader(faults=ReadFaults([ReadFault(what=what, nth=3)]))
    for _ in range(2):
        reader.swipe(VISA)
        _outputs(reader)
    reader.swipe(VISA)
    return reader, _outputs(reader)[0]


@pytest.mark.parametrize(
    ("trouble", "code"),
    [("bad_lrc", "bad_lrc"), ("bad_sum", "bad_sum"), ("bad_length", "truncated"), ("truncated", "truncated")],
)
def test_damaged_frames(trouble: str, code: str) -> None:
    _, output = _after(trouble)
    with pytest.raises((FramingError, DecodingError)) as caught:
        decode(memoryview(output), "binary")
    assert caught.value.code in (code, "bad_length")


@pytest.mark.parametrize(("trouble", "counter"), [("repeat_ksn", 2), ("ksn_back", 1)])
def test_a_ksn_that_does_not_go_up(trouble: str, counter: int) -> None:
    _, output = _after(trouble)
    assert decode(memoryview(output), "binary").ksn == f"FFFF9876543210E{counter:05X}"


def test_troubles_of_the_card_and_of_the_format() -> None:
    def read(trouble: str) -> Read:
        return decode(memoryview(_after(trouble)[1]), "binary")

    licence, raw, clear = read("licence"), read("raw"), read("track_in_clear")
    assert isinstance(licence, Swipe)
    assert licence.encode_type == EncodeType.AAMVA
    assert isinstance(raw, Swipe)
    assert raw.encode_type == EncodeType.RAW
    assert isinstance(clear, Swipe)
    assert VISA.number.encode() in bytes(clear.tracks[0].masked or b"")
    assert isinstance(read("original_format"), OriginalSwipe)
    assert read("clear_tracks").ksn is None
    assert read("no_ksn").ksn is None
    other = read("other_serial")
    assert isinstance(other, Swipe)
    assert other.serial == "T999999999"
    undecoded = read("decode_error")
    assert isinstance(undecoded, Swipe)
    assert not undecoded.decoded(2)
    assert undecoded.sampled(2)
    masked = read("wrong_mask")
    assert isinstance(masked, Swipe)
    assert len(masked.tracks[0].masked or b"") == masked.tracks[0].length


def test_reports_that_break_off_hold_two_or_hold_nothing() -> None:
    whole = len(_after("repeat_ksn")[1])
    assert len(_after("cut_report")[1]) < whole
    assert len(_after("two_in_one")[1]) == 2 * whole
    assert _after("nothing_read")[1] == b""


def test_the_public_key_is_the_one_of_the_samples() -> None:
    assert ReaderSettings().base_key == dukpt.PUBLIC_BASE_KEY.hex()
    assert dukpt.PUBLIC_BASE_KEY.hex() not in repr(ReaderSettings())
