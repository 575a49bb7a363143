"""What is wrong with a field, and what it may be, from what pydantic reports: in words of ours alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from protocols.contract.envelope import Detail

# pydantic's type of error (its docs, "Validation Errors") -> our word, and what is allowed. What is filled in
# are the limits of our models.
_FAULTS: Final[Mapping[str, tuple[Detail, str]]] = {
    "missing": ("missing", ""),
    "literal_error": ("unknown_value", "{expected}"),
    "greater_than_equal": ("out_of_range", "at least {ge}"),
    "less_than_equal": ("out_of_range", "at most {le}"),
    "too_short": ("out_of_range", "at least {min_length} of them"),
    "too_long": ("out_of_range", "at most {max_length} of them"),
    "string_too_short": ("out_of_range", "at least {min_length} characters"),
    "string_too_long": ("out_of_range", "at most {max_length} characters"),
    "string_pattern_mismatch": ("malformed", "what matches {pattern}"),
    "year_out_of_range": ("out_of_range", "the clock's time now, {first} to {last}"),
    # The one validator that raises it is that of times; its text may hold what was sent.
    "value_error": ("malformed", "RFC 3339 with its zone, such as 2026-01-31T14:05:00Z"),
    "int_type": ("wrong_type", "an integer without quotes, point or exponent"),
    "string_type": ("wrong_type", "a text"),
    "bool_type": ("wrong_type", "true or false"),
    "tuple_type": ("wrong_type", "a list"),
    "dict_type": ("wrong_type", "an object"),
    "model_type": ("wrong_type", "an object"),
}


def first_fault(error: ValidationError) -> tuple[tuple[str | int, ...], Detail, str]:
    """The path of the first field that is wrong, what is wrong with it, and what it may be ("" where that is
    said already). Nothing of the input is in it but the names in the path."""
    first: ErrorDetails = error.errors(include_url=False, include_input=False)[0]
    detail, allowed = _FAULTS.get(first["type"], ("wrong_type", ""))
    return first["loc"], detail, allowed.format(**first.get("ctx", {}))
