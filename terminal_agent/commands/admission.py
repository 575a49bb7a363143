"""Whether a command may run now: ordered checks over what is known at this moment. Pure.

A rejection is final for its id and is journaled like an acceptance, or a copy that the broker delivers later
would run after the staff had already made a new one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from protocols.contract import commands
from protocols.contract.parsing import Command, Refusal
from terminal_agent.commands import originals
from terminal_agent.commands.checks import CHECKS
from terminal_agent.commands.entries import Admitted
from terminal_agent.commands.situation import Case, No, Situation
from terminal_agent.commands.translate import amount_asked, request_of
from terminal_agent.journal.facts import Row
from terminal_agent.journal.port import Reader

Verdict = Literal["accepted", "rejected", "duplicate", "conflict"]


@dataclass(frozen=True, slots=True)
class Decision:
    """What came of a command. `known` is the operation that had this id already; `no` is why it is rejected,
    or why what is repeated was no command."""

    verdict: Verdict
    entry: Admitted | None = None
    known: Row | None = None
    no: No | None = None


def decide(command: Command, terminal: str, situation: Situation, reader: Reader) -> Decision:
    """The decision on a well-formed command that occupies a terminal."""
    body = command.body
    if not isinstance(body, commands.TerminalCommand):
        raise TypeError(f"{command.op} is no command to a terminal")
    known = reader.operation(body.operation_id)
    if known is not None:
        same = (known.hash, known.terminal, known.op) == (command.content_hash, terminal, command.op)
        return Decision("duplicate" if same else "conflict", known=known)
    case = Case(command.op, body, situation, terminal, reader)
    no = next((no for check in CHECKS if (no := check(case)) is not None), None)
    original = originals.original_of(body, terminal, reader)
    entry = Admitted(
        operation_id=body.operation_id,
        terminal=terminal,
        op=command.op,
        hash=command.content_hash,
        code=no.code if no else None,
        actor=body.actor,
        locale=body.locale,
        data=command.canonical.decode(),
        operation=None if no else request_of(body, original),
        original_id=originals.id_of(body),
        amount=amount_asked(body, original),
    )
    return Decision("rejected" if no else "accepted", entry=entry, no=no)


def why_not(refusal: Refusal) -> No:
    """Why a message is no command."""
    return No(refusal.code, refusal.path, detail=refusal.detail, allowed=refusal.allowed or None)


def refuse(refusal: Refusal, op: str, terminal: str, reader: Reader) -> Decision:
    """The decision on a message that is no command, but whose id could be read."""
    no = why_not(refusal)
    if refusal.operation_id is None:
        return Decision("rejected", no=no)
    known = reader.operation(refusal.operation_id)
    told = refusal.content_hash or ""
    if known is not None:
        same = (known.hash, known.terminal, known.op) == (told, terminal, op)
        return Decision("duplicate" if same else "conflict", known=known, no=no)
    entry = Admitted(
        operation_id=refusal.operation_id, terminal=terminal, op=op, hash=told, code=refusal.code
    )
    return Decision("rejected", entry=entry, no=no)
