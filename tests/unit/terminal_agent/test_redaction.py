"""The last line before any way out. Public test card numbers only."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal_agent.redaction import LONGEST_TEXT, clean, clean_exception, clean_text

VISA, AMEX, LONG = "4111111111111111", "378282246310005", "6205500000000000004"
NUMBERS = [VISA, AMEX, LONG, "4222222222222", "2223003122003222", "36227206271667"]


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("around", ["{}", "card {} read", "x{}y", '{{"pan": "{}"}}', ";{}=2512", "\n{}\n"])
def test_a_card_number_in_a_text_is_masked_but_for_four_digits(number: str, around: str) -> None:
    shown, found = clean(around.format(number))
    assert found == ("digits",)
    assert number[:-4] not in str(shown)
    assert number[-4:] in str(shown)


@pytest.mark.parametrize("written", ["4111 1111 1111 1111", "4111-1111-1111-1111", "3782 822463 10005"])
def test_grouped_numbers_are_found(written: str) -> None:
    assert clean(written)[1] == ("digits",)


@pytest.mark.parametrize("joint", ["", " ", ":", "-"])
def test_a_number_in_a_hex_dump_is_found(joint: str) -> None:
    dump = joint.join(f"{byte:02x}" for byte in VISA.encode())
    shown, found = clean(f"04 0f 22 {dump} 06")
    assert found == ("hex",)
    assert dump not in str(shown)
    assert str(shown).startswith("04 0f 22 ")


@pytest.mark.parametrize("dump", ["2208{}f0", "08{}", "0601{}0949", "22 08 {} f0", "49012422{}0000"])
@pytest.mark.parametrize("number", [VISA, "2223003122003222", AMEX])
def test_a_packed_number_in_a_hex_dump_is_found(dump: str, number: str) -> None:
    shown, found = clean(dump.format(number))
    assert found in (("packed",), ("digits",))
    assert number[4:12] not in str(shown)


def test_every_place_in_nested_data_is_reached_and_counted() -> None:
    data = {
        "a": [VISA, {"b": (AMEX, 1)}],
        VISA: None,
        "n": int(VISA),
        "f": float(VISA),
        "set": {LONG},
        "view": MappingProxyType({"x": VISA}),
    }
    shown, found = clean(data)
    assert found == ("digits",) * 7
    for number in (VISA, AMEX, LONG):
        assert number not in repr(shown)


class Word(Enum):
    CARD = VISA
    PLAIN = "plain"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (b"4111111111111111", "<16 bytes>"),
        (bytearray(3), "<3 bytes>"),
        (memoryview(b"ab"), "<2 bytes>"),
        (object(), "<object>"),
        (Word.PLAIN, "plain"),
        (Path("/a/b"), "/a/b"),
        (datetime(2026, 11, 22, 14, tzinfo=UTC), "2026-11-22 14:00:00+00:00"),
        (None, None),
        (True, True),
        (12, 12),
        (1.5, 1.5),
        (float("nan"), "nan"),
        (float("inf"), "inf"),
    ],
)
def test_other_types_are_shown_by_harmless_words(value: object, shown: object) -> None:
    assert clean(value) == (shown, ())


def test_an_enum_and_an_exception_are_looked_into() -> None:
    assert clean(Word.CARD)[1] == ("digits",)
    shown, found = clean(ValueError(f"bad {VISA}"))
    assert (shown, found) == ("ValueError: bad ************1111", ("digits",))
    assert clean_exception(KeyError(VISA)) == "KeyError: '************1111'"


@pytest.mark.parametrize("name", ["operation_id", "epoch"])
def test_a_ulid_of_digits_is_left_alone_in_its_field_only(name: str) -> None:
    ulid = "01" + "0" * 8 + VISA
    assert clean({name: ulid}) == ({name: ulid}, ())
    assert clean({name: VISA})[1] == ("digits",)
    assert clean({"text": f"{VISA} 1"})[1] == ("digits",)


@pytest.mark.parametrize(
    "name", ["seq", "trace", "uptime_s", "at_ms", "started_ns", "amount_minor", "size_bytes"]
)
def test_counts_and_times_are_left_alone_as_numbers(name: str) -> None:
    assert clean({name: int(VISA)}) == ({name: int(VISA)}, ())
    assert clean({name: VISA})[1] == ("digits",), "a text in such a field is still looked at"
    assert clean({"other": int(VISA)})[1] == ("digits",)


def test_honest_text_is_untouched() -> None:
    for text in (
        "2026-11-22T14:00:00.123456Z",
        "01JD7ZQ5W7T9M4K2X3C6B8N0PR",
        "10.0.0.1:20007",
        "4111111111111112",
    ):
        assert clean(text) == (text, ())


def test_long_and_deep_data_is_cut() -> None:
    assert len(clean_text("x" * 100_000)) == LONGEST_TEXT + 1
    nested: list[object] = []
    nested.append(nested)
    assert "too deep" in repr(clean(nested)[0])


@pytest.mark.parametrize("before", range(0, 40, 3))
def test_the_cut_never_splits_a_number_before_it_is_seen(before: int) -> None:
    text = " " * (LONGEST_TEXT - before) + "4111 1111 1111 1111" + " " * 50
    assert "4111" not in clean_text(text)


@given(
    st.recursive(st.none() | st.text() | st.integers() | st.floats() | st.binary(), st.lists, max_leaves=20)
)
def test_it_never_raises_and_gives_plain_types(value: object) -> None:
    shown, found = clean(value)
    assert isinstance(found, tuple)
    assert isinstance(shown, str | int | float | list | None)
