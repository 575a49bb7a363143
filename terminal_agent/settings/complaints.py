"""What is said of wrong settings: the key, what stands there, what is allowed, what to do.

A value is shown only where it cannot be a secret: nothing out of `options`, nothing of an unknown key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from terminal_agent.redaction import clean_text
from terminal_agent.settings.whole import Settings

KINDS: Mapping[type, str] = {
    bool: "true/false",
    int: "a whole number",
    float: "a number",
    str: "text",
    list: "a list",
    dict: "a table",
}
LONGEST_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Complaint:
    """One thing that is wrong: `key` as a path (`terminals[0].serial.baud`), `text` for people."""

    key: str
    text: str

    def __str__(self) -> str:
        return f"{self.key}: {self.text}" if self.key else self.text


def complaints(error: ValidationError) -> tuple[Complaint, ...]:
    """Every complaint of a validation, each key once, without any secret."""
    found: dict[str, Complaint] = {}
    for detail in error.errors(include_url=False, include_context=False):
        loc = _without_unions(detail["loc"])
        found.setdefault(key_path(loc), Complaint(key_path(loc), _text(detail, loc)))
    return tuple(found.values())


def key_path(loc: Sequence[int | str]) -> str:
    """A key as people write it. Whoever put a card number into a key's name sees it masked."""
    parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc]
    return clean_text("".join(parts).removeprefix("."))


def _without_unions(loc: tuple[int | str, ...]) -> tuple[int | str, ...]:
    """Below an option's name there are only the names of the kinds that were tried."""
    return loc[: loc.index("options") + 2] if "options" in loc else loc


def _text(detail: ErrorDetails, loc: tuple[int | str, ...]) -> str:
    kind, said = detail["type"], detail["msg"].removeprefix("Value error, ")
    owner, field = _declared(loc)
    meaning = f" ({field.description})" if field is not None and field.description else ""
    if kind == "missing":
        return f"is missing{meaning}; add it"
    if kind == "extra_forbidden":
        return _unknown(str(loc[-1]), owner)
    if kind == "value_error":
        return said
    if "options" in loc:
        return f"is {_kind(detail['input'])}; allowed: text, a number, true or false"
    return f"is {_shown(detail['input'])}; allowed: {_allowed(said)}{meaning}; change it"


def _unknown(name: str, owner: type[BaseModel] | None) -> str:
    known = list(owner.model_fields) if owner is not None else []
    near = get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else "remove it."
    return f"is not a key that we know; {hint} Known here: {', '.join(known)}"


def _allowed(said: str) -> str:
    said = said.removeprefix("Input should be ").removeprefix("String should ")
    return said.replace("match pattern", "what matches", 1)


def _kind(value: object) -> str:
    return next((name for kind, name in KINDS.items() if isinstance(value, kind)), "a date or time")


def _shown(value: object) -> str:
    if isinstance(value, str | int | float):
        return f"{clean_text(repr(value))[:LONGEST_SHOWN]} ({_kind(value)})"
    return _kind(value)


def _declared(loc: Sequence[int | str]) -> tuple[type[BaseModel] | None, FieldInfo | None]:
    """The section that holds the key at `loc`, and the key's declaration if there is one."""
    owner: type[BaseModel] | None = Settings
    field: FieldInfo | None = None
    for part in loc:
        if isinstance(part, str):
            if field is not None:
                owner = _section_of(field.annotation)
            field = owner.model_fields.get(part) if owner is not None else None
    return owner, field


def _section_of(annotation: Any) -> type[BaseModel] | None:
    """The section inside an annotation such as `tuple[Terminal, ...]` or `Serial | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inside = (_section_of(one) for one in get_args(annotation))
    return next((one for one in inside if one is not None), None)
