"""Core values to JSON text and back, for the columns that hold them.

Read back through pydantic type adapters over the core's own dataclasses: there is no second vocabulary.
Its errors echo their input, so none of them leaves this file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from protocols.core.facts import Receipt
from protocols.core.operations import NAMES, Request
from protocols.core.outcomes import (
    Approved,
    Cancelled,
    Declined,
    NotStarted,
    Outcome,
    TerminalRecord,
    Unknown,
)
from terminal_agent.errors import JournalUnusable

T = TypeVar("T")

_REQUESTS: dict[str, TypeAdapter[Any]] = {name: TypeAdapter(kind) for kind, name in NAMES.items()}
OUTCOME_NAMES: Mapping[type, str] = {
    Approved: "approved",
    Declined: "declined",
    Cancelled: "cancelled",
    NotStarted: "not_started",
    Unknown: "unknown",
}
_OUTCOMES: dict[str, TypeAdapter[Any]] = {name: TypeAdapter(kind) for kind, name in OUTCOME_NAMES.items()}
_RECEIPTS: TypeAdapter[tuple[Receipt, ...]] = TypeAdapter(tuple[Receipt, ...])
_RECORD: TypeAdapter[TerminalRecord] = TypeAdapter(TerminalRecord)
_KEYS: TypeAdapter[dict[str, str]] = TypeAdapter(dict[str, str])
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def dump_request(request: Request) -> str:
    """A request as JSON; its kind is kept beside it, as the operation's name."""
    return _text(_REQUESTS[NAMES[type(request)]], request)


def load_request(op: str, text: str) -> Request:
    """The request of an operation called `op`."""
    what = f"an operation of kind {op}"
    request: Request = _value(_REQUESTS[op], _parsed(text, what), what)
    return request


def dump_outcome(outcome: Outcome) -> str:
    """An outcome as JSON, its kind in `kind`."""
    kind = OUTCOME_NAMES[type(outcome)]
    return json.dumps({"kind": kind, "value": _OUTCOMES[kind].dump_python(outcome, mode="json")})


def load_outcome(text: str) -> Outcome:
    """The outcome that `dump_outcome` wrote."""
    held = _parsed(text, "an outcome")
    outcome: Outcome = _value(_OUTCOMES[held["kind"]], held["value"], "an outcome")
    return outcome


def dump_receipts(receipts: tuple[Receipt, ...]) -> str:
    """Receipts as JSON."""
    return _text(_RECEIPTS, receipts)


def load_receipts(text: str) -> tuple[Receipt, ...]:
    """The receipts that `dump_receipts` wrote."""
    return _value(_RECEIPTS, _parsed(text, "receipts"), "receipts")


def dump_record(record: TerminalRecord) -> str:
    """A terminal's record as JSON; the kind of its result beside it."""
    return json.dumps(
        {
            "result": dump_outcome(record.result) if record.result else None,
            "record": _RECORD.dump_python(record, mode="json", exclude={"result"}),
        }
    )


def load_record(text: str) -> TerminalRecord:
    """The record that `dump_record` wrote."""
    held = _parsed(text, "an orphan")
    bare = _value(_RECORD, held["record"], "an orphan")
    result = load_outcome(held["result"]) if held["result"] else None
    if isinstance(result, Unknown):
        raise JournalUnusable("journal_corrupt", "an orphan's result is unknown, which no terminal can tell")
    return TerminalRecord(keys=bare.keys, amount=bare.amount, result=result)


def dump_keys(keys: Mapping[str, str]) -> str:
    """Plain names and values as JSON."""
    return json.dumps(dict(keys), separators=(",", ":"), ensure_ascii=False)


def load_keys(text: str) -> dict[str, str]:
    """What `dump_keys` wrote."""
    return _value(_KEYS, _parsed(text, "a mark's keys"), "a mark's keys")


def to_ms(moment: datetime) -> int:
    """Milliseconds since 1970, rounded down."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def from_ms(ms: int) -> datetime:
    """The UTC moment of milliseconds since 1970, exactly."""
    return _EPOCH + timedelta(milliseconds=ms)


def _text(adapter: TypeAdapter[Any], value: object) -> str:
    return adapter.dump_json(value).decode()


def _parsed(text: str, what: str) -> Any:
    """JSON text as plain values. Not by pydantic's own reader: it keeps the short strings that it has read,
    16,384 of them, for as long as the process lives."""
    try:
        return json.loads(text)
    except ValueError:
        why = "it is not JSON"
    raise _unreadable(what, why)


def _value(adapter: TypeAdapter[T], held: object, what: str) -> T:
    try:
        return adapter.validate_python(held)
    except ValidationError as error:
        why = f"{error.error_count()} fields"
    raise _unreadable(what, why)


def _unreadable(what: str, why: str) -> JournalUnusable:
    return JournalUnusable(
        "journal_unreadable",
        f"the journal holds {what} that this version cannot read ({why}); "
        "run the version that wrote it, or restore a backup",
    )
