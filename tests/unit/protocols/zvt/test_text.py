"""Charsets: negotiated by number, never a failure."""

import pytest

from protocols.zvt import text


@pytest.mark.parametrize(
    ("number", "charset"),
    [(0xFF, "cp437"), (0xFE, "utf-8"), (1, "iso8859-1"), (15, "iso8859-15"), (99, "cp437")],
)
def test_charsets_by_number(number: int, charset: str) -> None:
    assert text.by_number(number) == charset


def test_every_named_charset_exists() -> None:
    for charset in text.CHARSETS.values():
        assert text.decode(text.encode("Total 1.00", charset), charset) == "Total 1.00"


def test_french_in_the_default_charset() -> None:
    assert text.decode(text.encode("refusée, çà", "cp437")) == "refusée, çà"


def test_bytes_that_are_not_of_the_charset_are_still_read() -> None:
    assert text.decode(b"\xc9", "utf-8") == text.decode(b"\xc9", "cp437")
    assert text.decode(b"ok", "no-such-charset") == "ok"
    assert text.encode("ok", "no-such-charset") == b"ok"
    assert text.fitting(b"\xc9", "utf-8") == "cp437"
    assert text.fitting(b"\xc3\x89", "utf-8") == "utf-8"


def test_what_a_charset_cannot_say_becomes_a_question_mark() -> None:
    assert text.encode("1 €", "cp437") == b"1 ?"


@pytest.mark.parametrize(
    "meant",
    [
        "Approuvée à Montréal",
        "CARTE REFUSÉE",
        "À bientôt",
        "Merci à vous",
        "ÄRZTE GRÖSSE ÜBER",
        "Straße für",
        "REÇU",
    ],
)
def test_latin_1_that_nobody_negotiated_is_read_as_it_was_meant(meant: str) -> None:
    assert text.as_meant(text.decode(meant.encode("iso8859-1"))) == meant


@pytest.mark.parametrize("meant", ["Approuvée à Montréal", "REÇU N° 12", "1 €", "L’œuvre – Ä"])
def test_utf_8_that_nobody_negotiated_is_read_as_it_was_meant(meant: str) -> None:
    assert text.as_meant(text.decode(meant.encode("utf-8"))) == meant


@pytest.mark.parametrize(
    "meant",
    [
        "Approuvée à Montréal",
        "REÇU N° 12",
        "Größe, Straße",
        "════════",
        "╔══════╗",
        "────TOTAL────",
        "┌──┬──┐",
        "─┐",
        "TOTAL ──── 12",
        "N° 12 ± 3",
        "TOTAL 1.00",
        "",
    ],
)
def test_what_is_cp437_stays_as_it_is(meant: str) -> None:
    assert text.as_meant(text.decode(meant.encode("cp437"))) == meant


def test_the_seven_bit_set_has_german_letters_for_seven_signs() -> None:
    assert text.decode(b"Test { | } ~ [ \\ ]", text.SEVEN_BIT) == "Test ä ö ü ß Ä Ö Ü"
    assert text.encode("Größe 1 €", text.SEVEN_BIT) == b"Gr|~e 1 ?"
    assert text.fitting(b"Gr|~e", text.SEVEN_BIT) == text.SEVEN_BIT
    assert text.fitting(b"Gr\x94~e", text.SEVEN_BIT) == "cp437"


def test_a_text_of_another_charset_is_left_alone() -> None:
    assert text.as_meant("α à 5 €") == "α à 5 €"
    assert text.as_meant("α 5 €") == "α 5 €"
