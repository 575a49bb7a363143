"""Values of JSON: what is masked stays JSON, typed fields are exempt in their own shape only."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal_agent.tripwire.masking import mask_json_text, mask_text, mask_value

VISA = "4111111111111111"
# 18 digits in which a known number stands, as a gateway's reference number may have it
REFERENCE = f"66{VISA}"


def test_masked_json_is_json_with_all_the_rest() -> None:
    text = json.dumps({"a": [VISA, {VISA: 1}], "b": int(VISA), "text": "Approuvée", "amount_minor": 1250})
    masked, found = mask_json_text(text)
    assert len(found) == 3
    assert json.loads(masked) == {
        "a": ["************1111", {"************1111": 1}],
        "b": "************1111",
        "text": "Approuvée",
        "amount_minor": 1250,
    }


def test_what_is_no_json_is_masked_as_text() -> None:
    assert mask_json_text(f"{{{VISA}")[0] == "{************1111"


def test_clean_json_is_the_same_text() -> None:
    text = json.dumps({"a": ["x", 1.5, None, True]}, indent=3)
    assert mask_json_text(text)[0] is text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("operation_id", f"01{'0' * 8}{VISA}"),
        ("epoch", f"01{'0' * 8}{VISA}"),
        ("reference", REFERENCE),
        ("ksn", f"{VISA}0007"),
        ("ksn", f"FFFF{VISA[:12]}"),
        ("hash", VISA * 4),
        ("stan", 4111111111111111),
        ("at_ms", 4111111111111111),
        ("amount_minor", 4111111111111111),
    ],
)
def test_a_typed_field_is_exempt_and_no_other(name: str, value: object) -> None:
    assert mask_value({name: value}) == ({name: value}, ())
    assert len(mask_value({"note": str(value)})[1]) > 0 or name == "ksn"


@pytest.mark.parametrize(
    "name", ["operation_id", "reference", "ksn", "hash", "stan", "at_ms", "value", "token"]
)
def test_a_card_number_is_not_exempt_anywhere(name: str) -> None:
    held: dict[str, Any] = {name: VISA}
    if name != "ksn":  # sixteen digits are a key serial number's shape
        assert len(mask_value(held)[1]) == 1
    assert len(mask_value({name: f"card {VISA}"})[1]) == (name not in {"value", "token"})


def test_a_token_is_never_changed_unless_it_is_a_card_number() -> None:
    token = f"ab{VISA}cd" + "0" * 44
    assert mask_text(token, "value") == (token, ())
    assert mask_text(VISA, "value")[0] == "************1111"
    assert mask_text("4111 1111 1111 1111", "token")[0] == "**** **** **** 1111"


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(_JSON)
def test_any_json_stays_json_and_is_the_same_where_nothing_was_found(value: Any) -> None:
    text = json.dumps(value)
    masked, found = mask_json_text(text)
    assert found or masked == text
    json.loads(masked)
