"""A line of the money ledger, and its form in the file: one JSON object with these keys, all always present.

id            "<terminal>-<n>", n counting this terminal's lines from 1
kind          charge, refund, reversal, hold, capture, release, batch_close; a vault also books
              verification (an issuer agreed, no money), token_stored, token_deleted
at            UTC, ISO 8601
terminal      the terminal's id, 8 digits, or a vault's store
amount_minor  integer minor units, never negative: the kind gives the direction
currency      ISO 4217, alphabetic
receipt, trace, turnover   4, 6 and 6 digits, as the terminal counts them; a vault: its transaction
order, customer            the merchant's order id and customer id, which a vault is told; of a terminal ""
brand, card   "visa", "************1111" (stars and the last four digits)
token         hexadecimal, of a vault its data key; or ""
reason        "" or why: unacknowledged, refused_by_ecr, asked; a vault: how the credential was used, as U/2
reverses      the id of the line that this one undoes (reversal), uses up (capture) or frees (release)
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Literal, get_args

Kind = Literal[
    "charge", "refund", "reversal", "hold", "capture", "release", "batch_close", "verification",
    "token_stored", "token_deleted",
]  # fmt: skip
KINDS: tuple[str, ...] = get_args(Kind)


class LedgerError(Exception):
    """A ledger file that cannot be what this module wrote: names the file, the line and what is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What is booked, before the ledger gives it an id."""

    kind: Kind
    at: datetime
    terminal: str
    amount_minor: int
    currency: str
    receipt: str
    trace: str
    turnover: str
    brand: str = ""
    card: str = ""
    token: str = ""
    reason: str = ""
    reverses: str = ""
    order: str = ""
    customer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line(Entry):
    """A booked line of the ledger; see the module for its keys."""

    id: str


def numbered(entry: Entry, number: int) -> Line:
    """The entry as its terminal's line of that number."""
    values = {field.name: getattr(entry, field.name) for field in fields(Entry)}
    return Line(id=f"{entry.terminal}-{number}", **values)


def encode(line: Line) -> bytes:
    """One line of the file, with its newline."""
    return json.dumps({**asdict(line), "at": line.at.isoformat()}, ensure_ascii=False).encode() + b"\n"


def decode(data: bytes, name: str, first_number: int) -> Iterator[Line]:
    """The lines in `data`. Raises LedgerError naming the file and the line's number."""
    for number, text in enumerate(data.splitlines(), first_number):
        yield _decode_line(text, f"{name}, line {number}")


_KEYS = frozenset(field.name for field in fields(Line))


def _decode_line(text: bytes, where: str) -> Line:
    try:
        found = json.loads(text)
    except ValueError:
        raise LedgerError(f"{where}: not JSON; the ledger is only ever appended to, do not edit it") from None
    if not isinstance(found, dict) or set(found) != _KEYS:
        raise LedgerError(f"{where}: expected an object with exactly the keys {sorted(_KEYS)}")
    if found["kind"] not in KINDS:
        raise LedgerError(f"{where}: kind is {found['kind']!r}; allowed: {', '.join(KINDS)}")
    if not isinstance(found["amount_minor"], int) or found["amount_minor"] < 0:
        raise LedgerError(f"{where}: amount_minor must be a whole number of minor units, zero or more")
    return Line(**{**found, "at": _time(found["at"], where)})


def _time(text: object, where: str) -> datetime:
    try:
        return datetime.fromisoformat(str(text))
    except ValueError:
        raise LedgerError(f"{where}: at must be a time in ISO 8601") from None
