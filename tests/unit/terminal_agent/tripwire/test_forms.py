"""Every form of a card number is found; what only looks like one is left alone. Public test numbers only."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.card_ranges import is_known_card_number
from protocols.contract.fields import write_time
from protocols.contract.ulids import make_ulid
from simulator.cards import CARDS
from terminal_agent.tripwire.forms import find_card_numbers
from terminal_agent.tripwire.masking import mask_text
from tests.support.card_forms import NUMBERS, packed, text_forms

FORMS = tuple(text_forms(NUMBERS[0]))
AROUND = ("{}", "card {} read", '{{"a":"{}"}}', "data={}&b=2", "\n{}\n")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("number", NUMBERS)
def test_a_number_is_found_once_in_each_form_and_masked(number: str, form: str) -> None:
    written = text_forms(number)[form]
    for around in AROUND:
        text = around.format(written)
        masked, found = mask_text(text)
        assert len(found) == 1, (around, form)
        assert find_card_numbers(masked) == []
        assert number[:-4] not in masked
        assert (masked[0], masked[-1]) == (text[0], text[-1]) or around in {"{}"}
        assert len(masked) == len(text)


@pytest.mark.parametrize("number", [card.number for card in CARDS.values() if card.name != "interac"])
def test_every_card_of_the_simulator_is_of_a_known_range(number: str) -> None:
    assert is_known_card_number(number)


@pytest.mark.parametrize("number", ["4111111111111111", "36227206271667"])
def test_packed_bytes_as_characters_are_found(number: str) -> None:
    raw = packed(number).decode("latin-1")
    assert [find.form for find in find_card_numbers(f"<{raw}>")] == ["packed"]
    assert [find.form for find in find_card_numbers(json.dumps(raw))] == ["escaped"]
    assert [find.form for find in find_card_numbers(repr(packed(number)))] == ["escaped"]


@pytest.mark.parametrize(
    "text",
    [
        "4111111111111112",  # wrong check digit
        "1" * 60,
        "9111111111111117",  # no scheme begins so
        "51051051051051",  # Mastercard has 16
        "A0000000031010",
        "22.11.2026 14:03:11",
        "20261122140311",
        "2026-11-22T14:03:11.123456+00:00",
        "10.0.0.1:20007",
        "1764000000123",  # milliseconds
        "1764000000123456",
        "************1111",
        "00:1a:2b:3c:4d:5e",
        "Paiement approuvé",
        "approved by the host",
        "100 % de 40",
    ],
)
def test_honest_text_is_left_alone(text: str) -> None:
    assert mask_text(text) == (text, ())


@given(st.integers(1_500_000_000_000, 2_150_000_000_000), st.binary(min_size=10, max_size=10))
def test_ids_and_times_of_ours_pass_untouched(unix_ms: int, entropy: bytes) -> None:
    moment = datetime.fromtimestamp(unix_ms / 1000, UTC)
    ulid = make_ulid(unix_ms, entropy)
    for text in (
        ulid,
        f"{ulid}-118",
        f"operation {ulid}",
        write_time(moment),
        moment.isoformat(),
        str(moment),
    ):
        assert mask_text(text) == (text, ())
    assert mask_text(str(unix_ms)) == (str(unix_ms), ())


@given(st.uuids())
def test_uuids_pass_untouched(value: object) -> None:
    assert mask_text(str(value)) == (str(value), ())


@given(
    st.integers(0, 9999),
    st.integers(0, 999_999),
    st.integers(0, 999_999_999_999),
    st.datetimes(timezones=st.just(UTC)),
)
def test_the_keys_of_a_terminal_pass_untouched(receipt: int, trace: int, amount: int, at: datetime) -> None:
    keys = json.dumps(
        {
            "receipt": f"{receipt:04}",
            "trace": f"{trace:06}",
            "amount": f"{amount:012}",
            "date": f"{at:%m%d}",
            "time": f"{at:%H%M%S}",
            "terminal_id": "52500042",
            "attempt": "RZ1",
        }
    )
    assert mask_text(keys) == (keys, ())


def test_random_bytes_in_base64_are_left_alone() -> None:
    dice = random.Random(1)
    texts = [json.dumps({"a": dice.randbytes(30).hex(" ")[:40]}) for _ in range(50)]
    assert sum(len(find_card_numbers(text)) for text in texts) == 0


@given(st.text(max_size=300))
def test_it_never_raises_and_keeps_the_length(text: str) -> None:
    assert len(mask_text(text)[0]) == len(text)
