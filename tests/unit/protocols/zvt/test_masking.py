"""No message holds a whole card number, wherever the terminal puts one. Public test numbers only."""

import pytest

from protocols.zvt.codec import decode, encode
from protocols.zvt.data_objects import Message
from protocols.zvt.messages import Authorization, OtherCommand, StatusInformation

VISA = "4111111111111111"


def terminal(apdu: str) -> Message:
    """What an APDU of the terminal says."""
    return decode(bytes.fromhex(apdu), from_terminal=True)


def ecr(apdu: str) -> Message:
    """What an APDU of an ECR says."""
    return decode(bytes.fromhex(apdu), from_terminal=False)


def apdu_of(code: str, data: str) -> str:
    """An APDU of its class, instruction and data, with a short length."""
    return f"{code} {len(bytes.fromhex(data)):02X} {data}"


@pytest.mark.parametrize(
    ("nibbles", "pan", "masked"),
    [
        ("EEEEEEEEEEEE4771", "************4771", 0),
        ("474843EEEEEE7743", "474843******7743", 0),
        ("474843EEEEEEEEEEEEEF", "474843*************", 0),
        ("474843EEEEEE7743FFFF", "474843******7743", 0),  # a field of fixed length, filled up
        (VISA + "FFFF", "************1111", 1),
        (VISA, "************1111", 1),
        ("378282246310005F", "***********0005", 1),
        ("41111111EEEE1111", "************1111", 0),  # eight digits in front are too many
        (VISA + "D2512101F", "************1111", 1),
        ("", "", 0),
    ],
)
def test_of_a_card_number_no_more_stays_than_the_terminal_may_show(
    nibbles: str, pan: str, masked: int
) -> None:
    number = bytes.fromhex(nibbles + "F" * (len(nibbles) % 2))
    bmp = b"\x22" + bytes((0xF0 + len(number) // 10, 0xF0 + len(number) % 10)) + number
    message = decode(b"\x04\x0f" + bytes((len(bmp),)) + bmp, from_terminal=True)
    assert isinstance(message, StatusInformation)
    assert (message.pan, message.masked) == (pan, masked)


def test_tracks_keep_their_length_only() -> None:
    track_2, track_3, track_1 = "4111111111111111D25120", "411111111111111125", "343131313131"
    message = terminal(apdu_of("04 0F", f"23 F1F1 {track_2} 24 F0F0F9 {track_3} 2D F0F6 {track_1}"))
    assert isinstance(message, StatusInformation)
    assert (message.track1_length, message.track2_length, message.track3_length) == (6, 11, 9)
    assert message.masked == 3
    assert b"\x41\x11\x11" not in encode(message)


def test_numbers_in_texts_are_masked_wherever_they_stand() -> None:
    digits = VISA.encode().hex()
    for apdu in (
        apdu_of("06 D1", f"00 {digits}"),
        apdu_of("06 D3", f"06 14 25 12 07 10 {digits}"),
        apdu_of("04 FF", f"FF 01 06 14 24 12 07 10 {digits}"),
        apdu_of("04 0F", f"27 00 3C F0F1F6 {digits}"),
        apdu_of("06 0F", f"F0F1F6 {digits} 00"),
        apdu_of("0F 01", digits),
    ):
        message = terminal(apdu)
        assert message.masked == 1
        assert VISA.encode() not in encode(message)
        assert b"*" * 12 + b"1111" in encode(message)
        assert VISA not in repr(message)


def test_tracks_and_customer_cards_inside_tlv_are_masked() -> None:
    message = terminal(apdu_of("04 0F", f"06 16 1F 08 06 34 31 31 31 31 31 E8 0B 1F 6A 08 {VISA}"))
    assert isinstance(message, StatusInformation)
    assert message.masked == 2
    assert "41111111" not in encode(message).hex()


def test_a_security_code_is_never_kept() -> None:
    message = ecr("06 01 03 3A 12 3F")
    assert isinstance(message, Authorization)
    assert message.others == ((0x3A, b"\xee\xee"),)
    assert encode(message) == bytes.fromhex("0601033AEEEE")


def test_a_foreign_commands_card_number_is_masked_too() -> None:
    message = ecr(f"06 03 0B 22 F0 F8 {VISA}")
    assert isinstance(message, OtherCommand)
    assert (message.code, message.pan) == (0x0603, "************1111")
