"""The kinds of field that messages are made of, and the two kinds of message: strict in, tolerant out.

`Asked` is what the backend sends: types are exact (no float for an integer, no text for a number), an unknown
value of an enumeration is refused, an unknown field is ignored, null is absent. `Told` is what the agent
sends: a reader tolerates fields and words it does not know. Neither ever shows its input in an error.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

ULID_PATTERN = r"^[0-7][0-9A-HJKMNP-TV-Z]{25}$"
# Of times up to the year 9774: there is always a later one.
_EPOCH_PATTERN = r"^[0-6][0-9A-HJKMNP-TV-Z]{25}$"
ID_PATTERN = r"^[a-z0-9-]{1,36}$"
_PRINTABLE = r"^[^\x00-\x1f\x7f]+$"
_FIRST_YEAR, _LAST_YEAR = 2000, 8999
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


def read_time(value: object) -> datetime:
    """RFC 3339 text with a zone (or an aware datetime) -> the same instant in UTC. Raises ValueError."""
    if isinstance(value, str) and _RFC3339.fullmatch(value):
        value = datetime.fromisoformat(value.upper())
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise ValueError("a time is RFC 3339 text with its zone, such as 2026-01-31T14:05:00Z")
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("a time lies between the years 1 and 9999 in UTC") from None


def _of_a_clock(instant: datetime) -> datetime:
    """The same instant, if a clock may read it now. A language's zero time, or the end of its calendar, is
    what an unset variable holds: nothing can be reckoned from it."""
    if not _FIRST_YEAR <= instant.year <= _LAST_YEAR:
        limits = {"first": _FIRST_YEAR, "last": _LAST_YEAR}
        raise PydanticCustomError("year_out_of_range", "a clock reads a year {first} to {last}", limits)
    return instant


def write_time(instant: datetime) -> str:
    """An aware datetime -> RFC 3339 in UTC with milliseconds, e.g. 2026-01-31T14:05:00.000Z."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Timestamp = Annotated[
    datetime,
    BeforeValidator(read_time),
    PlainSerializer(write_time, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
Now = Annotated[
    Timestamp, AfterValidator(_of_a_clock), Field(description="the backend's clock now, years 2000 to 8999")
]
OperationId = Annotated[str, Field(pattern=ULID_PATTERN, description="ULID, upper case")]
Epoch = Annotated[str, Field(pattern=ULID_PATTERN, description="ULID born with the agent's journal")]
ToldEpoch = Annotated[
    str, Field(pattern=_EPOCH_PATTERN, description="the agent's own epoch, as its facts and states carry it")
]
Id = Annotated[str, Field(pattern=ID_PATTERN, description="opaque id of an agent, terminal or backend node")]
Actor = Annotated[str, Field(min_length=1, max_length=64, pattern=_PRINTABLE, description="opaque staff id")]
Note = Annotated[
    str, Field(min_length=1, max_length=500, pattern=_PRINTABLE, description="free text, no card data")
]
Reference = Annotated[
    str, Field(min_length=1, max_length=128, pattern=_PRINTABLE, description="opaque reference")
]
# Opaque; the pattern keeps a card number from being passed as one (tokens of vaults hold letters).
Token = Annotated[
    str,
    Field(
        min_length=8,
        max_length=128,
        pattern=r"^[\x21-\x7e]*[A-Za-z][\x21-\x7e]*$",
        description="of a stored card",
    ),
]
# 12 digits is the widest amount field of the wires we speak (ZVT BMP 04).
AmountMinor = Annotated[int, Field(ge=1, le=999_999_999_999, description="minor units, e.g. cents")]
Currency = Literal["CAD", "USD", "EUR", "CHF"]
Locale = Literal["fr", "en"]
EntryMode = Literal["insert", "tap", "swipe", "keyed"]


class Asked(BaseModel):
    """What the backend sends: exact types, unknown fields ignored, unknown values refused, null is absent."""

    model_config = ConfigDict(
        strict=True, frozen=True, extra="ignore", hide_input_in_errors=True, allow_inf_nan=False
    )

    @model_validator(mode="before")
    @classmethod
    def _null_is_absent(cls, fields: Any) -> Any:
        """Many languages write what they leave out as null."""
        if not isinstance(fields, dict):
            return fields
        return {name: value for name, value in fields.items() if value is not None}


class Told(BaseModel):
    """What the agent sends: a reader keeps going over fields and words it does not know."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True, allow_inf_nan=False)


class Text(Told):
    """One sentence for people, in both languages. Pages show it as it is."""

    fr: str
    en: str


class AsOf(Told):
    """The last fact that a projection or a progress notice knows of: a reader ignores what is older."""

    epoch: Epoch
    seq: int = Field(ge=0)
