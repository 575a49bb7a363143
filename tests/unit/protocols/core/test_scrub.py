"""Card numbers in free text are masked in place, everything else stays. Public test numbers only."""

import pytest

from protocols.card_ranges import luhn_valid
from protocols.core.scrub import scrub, scrub_bcd, scrub_bytes

VISA, AMEX, DINERS = "4111111111111111", "378282246310005", "30569309025904"
MAESTRO_19 = "6304000000000000000"


@pytest.mark.parametrize("number", [VISA, AMEX, DINERS, MAESTRO_19])
def test_a_number_keeps_its_last_four(number: str) -> None:
    assert luhn_valid(number)
    assert scrub(f"Karte {number}!") == (f"Karte {'*' * (len(number) - 4)}{number[-4:]}!", 1)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("4111 1111 1111 1111", "**** **** **** 1111"),
        ("4111-1111-1111-1111", "****-****-****-1111"),
        ("No 12 4111 1111 1111 1111 99", "No 12 **** **** **** 1111 99"),
        (f"7 {VISA} 7", "7 ************1111 7"),
        (f"{VISA}D2512", "************1111D2512"),
    ],
)
def test_groups_and_neighbours(text: str, masked: str) -> None:
    assert scrub(text) == (masked, 1)


def test_a_number_with_its_expiry_glued_to_it() -> None:
    assert scrub(f"{VISA}25121") == ("*" * 17 + "5121", 1)


def test_two_numbers_in_one_line() -> None:
    assert scrub(f"{VISA} {AMEX}") == ("************1111 ***********0005", 2)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Trace-Nr:           001044",
        "4111111111111112",  # wrong check digit
        "000000000000000000",  # a padded zero
        "0000004111111111",
        "19.10.2021 13:30:04",
        "************1111",
        "GEN.NR.:978539 AID59: 809258",
        "Crypto: EF4FA68818DB7720",
        "1" * 60,  # longer than any card number
    ],
)
def test_other_digits_stay(text: str) -> None:
    assert scrub(text) == (text, 0)


def test_bytes_of_any_charset_keep_their_other_bytes() -> None:
    assert scrub_bytes(b"\x81\xff" + VISA.encode() + b"\x00") == (b"\x81\xff************1111\x00", 1)


def test_packed_digits_are_hidden_by_nibble_e() -> None:
    assert scrub_bcd(bytes.fromhex("AF" + VISA + "D2512F")) == (bytes.fromhex("AFEEEEEEEEEEEE1111D2512F"), 1)


def test_packed_bytes_without_a_number_are_the_same_object() -> None:
    data = bytes.fromhex("A0000000041010")
    assert scrub_bcd(data) == (data, 0)
