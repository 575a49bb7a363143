"""Commands that the clinic gave, and what became of each: the rows, and the one place where they change.

A row is there before its command leaves. A fact, a reply that tells where the operation stands, and a
rejection move it; the first end counts, a truth found later comes as `corrected`. What an end means for
cards, invoices and batches is in `effects`, in the same transaction.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from protocols.contract import commands
from protocols.contract.events import Corrected
from protocols.contract.messages import dump
from protocols.contract.operation import OperationView
from protocols.contract.replies import Reply
from protocols.contract.words import is_final
from simulator.clinic.database import Database, Row, stamp
from simulator.clinic.effects import EFFECTS

_OPS = {model: op for op, model in commands.TERMINAL.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a command is about, in the clinic's own records. `note` is what its end will need."""

    patient: str | None = None
    card: str | None = None
    invoice: str | None = None
    target: str | None = None
    note: Mapping[str, Any] = field(default_factory=dict)


def written(
    db: Database, agent: str, terminal: str, command: commands.TerminalCommand, about: About, *, now: datetime
) -> str:
    """Write the row of a command that is about to leave; its id. Raises AlreadyThereError where an
    invoice has a payment under way already."""
    db.add(
        "operations",
        id=command.operation_id,
        agent=agent,
        terminal=terminal,
        op=_OPS[type(command)],
        data=json.dumps(dump(command)),
        actor=command.actor,
        asked_at=stamp(now),
        patient=about.patient,
        card=about.card,
        invoice=about.invoice,
        target=about.target,
        note=json.dumps(dict(about.note)),
        changed_at=stamp(now),
    )
    return command.operation_id


def command_of(row: Row) -> commands.TerminalCommand:
    """The command as it was sent, to be repeated byte for byte."""
    return commands.TERMINAL[row["op"]].model_validate(json.loads(row["data"]))


def view_of(row: Row) -> OperationView | None:
    """The newest view that an agent gave of it."""
    return OperationView.model_validate_json(row["view"]) if row["view"] else None


def get(db: Database, operation: str) -> Row | None:
    """One operation's row."""
    return db.one("SELECT * FROM operations WHERE id = ?", operation)


def unanswered(db: Database) -> list[Row]:
    """Commands whose reply was never seen: to be repeated, which is safe."""
    return db.all("SELECT * FROM operations WHERE answered = 0 AND ended = 0 ORDER BY id")


def open_at(db: Database, agent: str) -> Iterator[commands.OpenOperation]:
    """What an agent is to be told in `sync`: operations of which no end is known."""
    for row in db.all("SELECT * FROM operations WHERE ended = 0 AND agent = ? ORDER BY id", agent):
        if row["op"] in commands.OCCUPYING:
            yield commands.OpenOperation.model_validate(
                {
                    "operation_id": row["id"],
                    "terminal": row["terminal"],
                    "op": row["op"],
                    "data": json.loads(row["data"]),
                    "accepted": row["state"] != "sent",
                }
            )


def replied(db: Database, operation: str, reply: Reply, now: datetime) -> None:
    """Take a reply: refused for good, answered at once, or where it stands. A refusal of what facts have told
    to run (by a journal that was restored from a copy, say) is none."""
    with db.transaction():
        db.run("UPDATE operations SET answered = 1 WHERE id = ?", operation)
        refused = reply.verdict in ("rejected", "conflict")
        lost = reply.state is not None and reply.state.state == "rejected"
        if refused or lost:
            _end(db, operation, "rejected", reply.code, reply.text.model_dump(), now=now)
        elif reply.state is not None and reply.state.operation_id == operation:
            told(db, reply.state, now)
        row = get(db, operation)
        if row is not None and row["op"] not in commands.OCCUPYING and not row["ended"]:
            _end(db, operation, "done", reply.code, reply.text.model_dump(), now=now)


def told(db: Database, view: OperationView, now: datetime) -> None:
    """Take what an agent tells of an operation. One that is not ours, or has ended, stays as it is; a fact
    outranks a refusal that came before it."""
    row = get(db, view.operation_id)
    if row is None or (row["ended"] and row["state"] != "rejected"):
        return
    ended = is_final(view.state)
    with db.transaction():
        _set(db, view, ended=ended, now=now)
        if ended and (effect := EFFECTS.get(row["op"])):
            effect(db, row, view, now)


def corrected(db: Database, truth: Corrected, now: datetime) -> None:
    """A truth found after the end: what was told stays readable in the facts, the row tells what holds."""
    row = get(db, truth.operation_id)
    if row is None:
        return
    view = view_of(row) or OperationView(
        operation_id=row["id"], op=row["op"], state=truth.state, code=truth.code, text=truth.text
    )
    known = {name: getattr(truth, name) for name in ("state", "money", "code", "text", "evidence")}
    if truth.amount_minor is not None:
        known["amount_minor"] = truth.amount_minor
    view = view.model_copy(update=known)
    with db.transaction():
        _set(db, view, ended=True, now=now)
        if effect := EFFECTS.get(row["op"]):
            effect(db, row, view, now)


def _set(db: Database, view: OperationView, *, ended: bool, now: datetime) -> None:
    db.run(
        "UPDATE operations SET answered = 1, ended = ?, state = ?, code = ?, text_fr = ?, text_en = ?,"
        " money = ?, view = ?, changed_at = ? WHERE id = ?",
        int(ended),
        view.state,
        view.code,
        view.text.fr,
        view.text.en,
        view.money,
        json.dumps(dump(view)),
        stamp(now),
        view.operation_id,
    )


def _end(
    db: Database, operation: str, state: str, code: str, text: Mapping[str, str], *, now: datetime
) -> None:
    db.run(
        "UPDATE operations SET ended = 1, state = ?, code = ?, text_fr = ?, text_en = ?, changed_at = ?"
        " WHERE id = ? AND ended = 0 AND state = 'sent'",
        state,
        code,
        text["fr"],
        text["en"],
        stamp(now),
        operation,
    )
