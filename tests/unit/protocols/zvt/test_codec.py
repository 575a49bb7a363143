"""The codec where units in the field differ, where bytes are ambiguous, and where they are wrong."""

import pytest

from protocols.core.errors import DecodingError, LocalError
from protocols.zvt.codec import decode, encode
from protocols.zvt.data_objects import Message
from protocols.zvt.messages import (
    AbortedByTerminal,
    Authorization,
    Completion,
    IntermediateStatus,
    LogOff,
    Negative,
    Opaque,
    OtherCommand,
    PartialReversal,
    Positive,
    PrintBlock,
    PrintLine,
    ReadCard,
    Registration,
    Reversal,
    StatusEnquiry,
    StatusInformation,
)
from protocols.zvt.tlv import node


def terminal(apdu: str, charset: str = "cp437") -> Message:
    """What an APDU of the terminal says."""
    return decode(bytes.fromhex(apdu), from_terminal=True, charset=charset)


def ecr(apdu: str) -> Message:
    """What an APDU of an ECR says."""
    return decode(bytes.fromhex(apdu), from_terminal=False)


def apdu_of(code: str, data: str) -> str:
    """An APDU of its class, instruction and data, with a short length."""
    return f"{code} {len(bytes.fromhex(data)):02X} {data}"


def as_written(message: Message) -> str:
    """The APDU of a message, in capitals."""
    return encode(message).hex(" ").upper()


# --- what we send -----------------------------------------------------------------------------------


def test_a_payment_in_canadian_dollars() -> None:
    message = Authorization(amount_minor=11000, currency="124", payment_type=0x40, tlv=())
    assert as_written(message) == "06 01 0E 04 00 00 00 01 10 00 49 01 24 19 40 06 00"
    assert decode(encode(message), from_terminal=False) == message


def test_a_registration_has_its_currency_without_a_number() -> None:
    message = Registration(password="123456", config=0xBE, currency="124", service=0, tlv=())
    assert as_written(message) == "06 00 0A 12 34 56 BE 01 24 03 00 06 00"
    assert decode(encode(message), from_terminal=False) == message


def test_a_registration_without_a_currency_but_with_a_container() -> None:
    message = ecr("06 00 09 00 00 00 BE 06 03 1A 01 40")
    assert isinstance(message, Registration)
    assert (message.currency, message.tlv) == (None, (node(0x1A, b"\x40"),))
    assert as_written(message) == "06 00 09 00 00 00 BE 06 03 1A 01 40"


def test_the_question_for_open_preauthorisations() -> None:
    assert as_written(PartialReversal(receipt="FFFF")) == "06 23 03 87 FF FF"


def test_a_card_read_with_a_token() -> None:
    message = ReadCard(timeout_s=30, dialog_control=2, tlv=(node(0x1F15, b"\xd0"),))
    assert as_written(message) == "06 C0 09 1E FC 02 06 04 1F 15 01 D0"


@pytest.mark.parametrize(
    ("message", "apdu"),
    [
        (StatusEnquiry(), "05 01 00"),
        (StatusEnquiry(password="123456", service=4), "05 01 05 12 34 56 03 04"),
        (Reversal(receipt="0042"), "06 30 06 00 00 00 87 00 42"),
        (LogOff(), "06 02 00"),
        (Positive(), "80 00 00"),
        (Negative(code=0x9C), "84 9C 00"),
    ],
)
def test_the_short_ones(message: Message, apdu: str) -> None:
    assert as_written(message) == apdu
    assert ecr(apdu) == message


def test_an_apdu_of_255_bytes_takes_the_long_length() -> None:
    assert as_written(PrintLine(attribute=0, text="-" * 253))[:8] == "06 D1 FE"
    assert as_written(PrintLine(attribute=0, text="-" * 254))[:14] == "06 D1 FF FF 00"


@pytest.mark.parametrize(
    "message",
    [
        Authorization(amount_minor=-1),
        Authorization(receipt="12345"),
        Authorization(receipt="12G4"),
        Authorization(payment_type=256),
        Authorization(vu_number="x" * 16),
        Authorization(card_name="x" * 99),
        Registration(password="12345", config=0),
        Registration(config=0x1FF),
        IntermediateStatus(status=0, timeout_minutes=100),
        Opaque(code=0x10000),
        Opaque(code=0x0F00, data=bytes(65536)),
        OtherCommand(code=0x0601),
        Negative(code=256),
    ],
)
def test_what_the_wire_cannot_say_is_our_own_mistake(message: Message) -> None:
    with pytest.raises(LocalError) as caught:
        encode(message)
    assert caught.value.code in {"bad_value", "too_long"}


# --- what may come ----------------------------------------------------------------------------------


def test_an_unknown_bmp_drops_the_rest_and_nothing_before_it() -> None:
    message = terminal("04 0F 0C 27 05 3C F0 F0 F2 4E 6F 99 01 02 03")
    assert isinstance(message, StatusInformation)
    assert (message.result_code, message.additional_text, message.incomplete) == (5, "No", True)


def test_a_result_survives_a_broken_tail() -> None:
    message = terminal("04 0F 07 27 00 87 00 42 04 00")
    assert isinstance(message, StatusInformation)
    assert (message.result_code, message.receipt, message.incomplete) == (0, "0042", True)


@pytest.mark.parametrize("broken", ["04 EE EE EE EE EE EE", "06 03 1F 10 05", "06 04 25 02 07 09"])
def test_an_object_that_cannot_be_read_takes_none_of_the_others_with_it(broken: str) -> None:
    message = terminal(apdu_of("04 0F", f"0B 00 00 41 {broken} 27 00 87 00 42"))
    assert isinstance(message, StatusInformation)
    assert (message.trace, message.result_code, message.receipt) == ("000041", 0, "0042")
    assert (message.amount_minor, message.tlv, message.incomplete) == (None, None, True)
    with pytest.raises(DecodingError):
        terminal(apdu_of("04 0F", f"0B 00 00 41 {broken} 87 00 42"))


def test_a_broken_tail_without_a_result_is_an_error() -> None:
    with pytest.raises(DecodingError) as caught:
        terminal("04 0F 05 87 00 42 04 00")
    assert (caught.value.code, caught.value.at) == ("bmp_truncated", 3)


@pytest.mark.parametrize(
    ("apdu", "status", "software"),
    [
        ("06 0F 01 DC", 0xDC, None),
        ("06 0F 01 06", 0x06, None),
        ("06 0F 01 F0", 0xF0, None),
        ("06 0F 07 F0 F0 F3 62 6C 61 06", 0x06, "bla"),
        ("06 0F 03 9C 06 00", 0x9C, None),
        ("06 0F 03 F0 06 00", 0xF0, None),
        ("06 0F 07 F0 F0 F3 62 6C 61 51", 0x51, "bla"),
    ],
)
def test_the_completion_of_a_status_enquiry(apdu: str, status: int, software: str | None) -> None:
    message = terminal(apdu)
    assert isinstance(message, Completion)
    assert (message.terminal_status, message.software) == (status, software)
    assert as_written(message) == apdu


def test_a_completion_that_is_a_row_is_not_taken_for_a_status() -> None:
    message = terminal("06 0F 0A 19 00 29 29 00 10 06 49 01 24")
    assert isinstance(message, Completion)
    assert (message.terminal_status, message.payment_type, message.currency) == (None, 0, "124")


def test_a_completion_with_an_unknown_bmp_keeps_its_row() -> None:
    message = terminal("06 0F 05 19 01 99 01 02")
    assert isinstance(message, Completion)
    assert (message.payment_type, message.incomplete) == (1, True)


def test_an_abort_without_a_result() -> None:
    message = terminal("06 1E 00")
    assert message == AbortedByTerminal()
    assert as_written(message) == "06 1E 00"


@pytest.mark.parametrize(
    ("apdu", "currency"), [("06 1E 03 6F 01 24", "124"), ("06 1E 03 6F 06 00", None), ("06 1E 01 6F", None)]
)
def test_an_abort_over_the_currency(apdu: str, currency: str | None) -> None:
    message = terminal(apdu)
    assert isinstance(message, AbortedByTerminal)
    assert (message.result_code, message.currency) == (0x6F, currency)
    assert as_written(message) == apdu


def test_an_abort_with_its_extended_error() -> None:
    message = terminal(apdu_of("06 1E", "FF 06 0E 1F 16 02 00 18 1F 17 06 46 61 75 6C 74 21"))
    assert isinstance(message, AbortedByTerminal)
    assert (message.error_code, message.error_text) == ("0018", "Fault!")


@pytest.mark.parametrize(
    ("data", "receipts"),
    [
        ("B8", ()),
        ("B8 87 FF FF", ()),
        ("B8 87 01 23", ("0123",)),
        ("B8 06 0A 23 08 08 02 01 23 08 02 45 67", ("0123", "4567")),
        ("B8 87 01 23 06 0A 23 08 08 02 45 67 08 02 78 90", ("0123", "4567", "7890")),
        ("B8 87 01 23 06 0A 23 08 08 02 01 23 08 02 45 67", ("0123", "4567")),
    ],
)
def test_open_preauthorisations(data: str, receipts: tuple[str, ...]) -> None:
    message = terminal(apdu_of("06 1E", data))
    assert isinstance(message, AbortedByTerminal)
    assert message.open_receipts == receipts


@pytest.mark.parametrize(
    ("apdu", "minutes", "lines", "incomplete"),
    [
        ("04 FF 01 0A", None, (), False),
        ("04 FF 02 0A 06", 6, (), False),
        ("04 FF 03 17 06 00", None, (), False),
        ("04 FF 0A 17 03 06 06 24 04 07 02 4F 4B", 3, ("OK",), False),
        ("04 FF 02 0A FF", None, (), True),
    ],
)
def test_intermediate_statuses(
    apdu: str, minutes: int | None, lines: tuple[str, ...], incomplete: bool
) -> None:
    message = terminal(apdu)
    assert isinstance(message, IntermediateStatus)
    assert (message.timeout_minutes, message.display_lines, message.incomplete) == (
        minutes,
        lines,
        incomplete,
    )
    assert incomplete or as_written(message) == apdu


def test_a_card_name_without_any_byte_or_with_only_its_end() -> None:
    for apdu in ("04 0F 05 27 00 8B F0 F0", "04 0F 06 27 00 8B F0 F1 00"):
        message = terminal(apdu)
        assert isinstance(message, StatusInformation)
        assert message.card_name == ""
        assert as_written(message) == apdu


@pytest.mark.parametrize("name", ["56 49 53 41", "56 49 53 41 00", "56 49 53 41 00 00 00"])
def test_a_card_name_ends_where_its_zeros_begin(name: str) -> None:
    apdu = apdu_of("04 0F", f"27 00 8B F0 F{len(bytes.fromhex(name))} {name}")
    message = terminal(apdu)
    assert isinstance(message, StatusInformation)
    assert message.card_name == "VISA"
    assert as_written(message) == apdu


def test_a_bmp_that_comes_twice_counts_the_last_time() -> None:
    apdu = "04 0F 08 27 05 87 00 41 87 00 42"
    message = terminal(apdu)
    assert isinstance(message, StatusInformation)
    assert message.receipt == "0042"
    assert as_written(message) == apdu


def test_lengths_in_a_longer_form_are_written_back() -> None:
    apdu = "04 0F FF 0C 00 27 00 06 82 00 06 1F 2B 81 02 10 01"
    message = terminal(apdu)
    assert isinstance(message, StatusInformation)
    assert message.long_trace == "1001"
    assert as_written(message) == apdu


def test_an_answer_may_hold_data() -> None:
    assert terminal("84 1E 01 7D") == Negative(code=0x1E, data=b"\x7d")
    assert terminal("80 00 01 0D") == Positive(data=b"\x0d")


def test_a_vendors_command_is_kept_as_it_is() -> None:
    message = ecr("0F A1 02 00 01")
    assert message == Opaque(code=0x0FA1, data=b"\x00\x01")
    assert as_written(message) == "0F A1 02 00 01"


def test_the_text_of_a_line_is_read_in_the_negotiated_charset() -> None:
    apdu = "06 D1 03 00 C3 A9"
    assert terminal(apdu, "utf-8") == PrintLine(attribute=0, text="é")
    assert terminal(apdu) == PrintLine(attribute=0, text="├⌐")
    latin = terminal("06 D1 02 00 C9", "utf-8")  # not UTF-8 at all: read as CP437, and written back
    assert as_written(latin) == "06 D1 02 00 C9"


def test_line_feeds_are_not_taken_for_a_container() -> None:
    message = terminal("06 D1 02 FF 06")
    assert message == PrintLine(attribute=0xFF, text="\x06")


def test_our_own_command_coming_back_is_not_taken_for_the_terminals() -> None:
    apdu = encode(Authorization(amount_minor=1))
    with pytest.raises(DecodingError) as caught:
        decode(apdu, from_terminal=True)
    assert caught.value.code == "wrong_direction"
    with pytest.raises(DecodingError):
        decode(encode(StatusInformation(result_code=0)), from_terminal=False)


@pytest.mark.parametrize(
    ("apdu", "code"),
    [
        ("", "too_short"),
        ("04 0F", "too_short"),
        ("04 0F FF 01", "too_short"),
        ("04 0F 01", "length_mismatch"),
        ("04 FF 00", "too_short"),
        ("06 D1 00", "too_short"),
        ("06 1E 03 6C 3C F0", "bmp_truncated"),
        ("06 1E 05 6C 3C 30 30 31", "bad_length_digit"),
        ("06 1E 08 6C 04 0A 00 00 00 00 00", "bad_digit"),
        ("06 1E 04 6C 06 80 00", "tlv_bad_length"),
        ("06 1E 05 6C 06 02 1F 16", "tlv_truncated"),
        ("06 1E 06 6C 06 03 24 05 07", "tlv_truncated"),
    ],
)
def test_malformed_ones_have_stable_codes(apdu: str, code: str) -> None:
    data = bytes.fromhex(apdu)
    with pytest.raises(DecodingError) as caught:
        decode(data, from_terminal=True)
    assert caught.value.code == code


# --- what a dialogue can go on with -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("apdu", "kept"),
    [
        ("06 1E 05 6C 06 02 1F 16", AbortedByTerminal(result_code=0x6C, incomplete=True)),
        ("04 FF 06 0A 01 06 05 24 05", IntermediateStatus(status=0x0A, timeout_minutes=1, incomplete=True)),
        ("06 D3 04 06 05 25 05", PrintBlock(incomplete=True)),
        ("06 0F 05 27 00 49 01", Completion(result_code=0, incomplete=True)),
    ],
)
def test_prompts_prints_and_ends_are_salvaged(apdu: str, kept: Message) -> None:
    data = bytes.fromhex(apdu)
    size = data[:2] + bytes((len(data) - 3,)) + data[3:]
    with pytest.raises(DecodingError):
        decode(size, from_terminal=True)
    assert decode(size, from_terminal=True, salvage=True) == kept


@pytest.mark.parametrize("apdu", ["04 FF 00", "06 D1 00", "04 0F 03 04 00 00", "04 0F 05 27", "06 1E 02 6C"])
def test_nothing_is_salvaged_without_its_front_or_when_it_is_a_result(apdu: str) -> None:
    with pytest.raises(DecodingError):
        decode(bytes.fromhex(apdu), from_terminal=True, salvage=True)
