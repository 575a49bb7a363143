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
