"""Operations for tests: ids, rows and requests that mean nothing in particular."""

from __future__ import annotations

from datetime import datetime

from protocols.contract.ulids import make_ulid
from protocols.core.operations import Attempt, Sale
from protocols.core.values import Money
from terminal_agent.journal.codec import to_ms
from terminal_agent.journal.facts import NewEvent, Row, attempt_key
from terminal_agent.journal.port import Reader


def operation_id(at: datetime, n: int = 0) -> str:
    """A ULID of this moment; another for each `n`."""
    return make_ulid(to_ms(at), n.to_bytes(10, "big"))


def sale_row(
    reader: Reader, at: datetime, n: int = 0, terminal: str = "t-1", amount_minor: int = 1250
) -> Row:
    """An accepted sale, numbered by the journal."""
    no = reader.next_no()
    name = operation_id(at, n)
    return Row(
        id=name,
        terminal=terminal,
        op="sale",
        hash="00" * 32,
        state="accepted",
        attempt=Attempt(no, attempt_key(reader.epoch(), no), at),
        created=at,
        changed=at,
        actor="staff-1",
        operation=Sale(operation_id=name, amount=Money(amount_minor)),
        amount=Money(amount_minor),
        data='{"amount_minor":1250}',
    )


def fact(n: int, operation: str | None = None) -> NewEvent:
    """An event that can be told from others by its number."""
    return NewEvent("operation", f'{{"n":{n}}}', "t-1", operation)
