"""`terminal-agent journal show | operations | facts | orphans | verify | backup | resolve`.

All but `resolve` only read, and work beside a running agent.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer

from protocols.contract.commands import Verdict
from terminal_agent import cli
from terminal_agent.clock import SystemClock
from terminal_agent.command_line.output import exits, say, say_json
from terminal_agent.command_line.rows import described, summed_up
from terminal_agent.commands.entries import Resolved
from terminal_agent.commands.lifecycle import Lifecycle
from terminal_agent.errors import AgentError, JournalFailed
from terminal_agent.journal.facts import Row
from terminal_agent.journal.sqlite import SqliteJournal, look_at, open_journal, verify
from terminal_agent.observability.health import journal_bytes
from terminal_agent.settings import load

app = typer.Typer(no_args_is_help=True, help="Look into the journal of operations.")

Config = Annotated[Path, typer.Option("--config", readable=False, help="the settings file")]
File = Annotated[
    Path | None,
    typer.Option("--journal", readable=False, help="a journal's file, instead of the settings'"),
]
Json = Annotated[bool, typer.Option("--json", help="one JSON object per line")]
OperationId = Annotated[str, typer.Argument(help="the operation's id, 26 characters", parser=str.upper)]


def _path(config: Path, journal: Path | None) -> Path:
    return journal or load(config).journal_path


@app.command("show")
def show(config: Config = cli.DEFAULT_CONFIG, journal: File = None, as_json: Json = False) -> None:
    """Where the journal stands: epoch, boots, events, what is open."""
    with exits():
        path = _path(config, journal)
        head = verify(path, every_page=False)
        with look_at(path) as reader:
            still_open, orphans = len(reader.open_operations()), len(reader.orphans())
    told = {
        "path": str(path),
        "size_bytes": journal_bytes(path),
        "epoch": head.epoch,
        "born": head.born.isoformat(),
        "boot": head.boot,
        "events": head.last_seq,
        "waiting_for_backend": head.last_seq - head.acked_seq,
        "synced": head.synced,
        "open_operations": still_open,
        "orphans": orphans,
    }
    if as_json:
        say_json(told)
        return
    for name, value in told.items():
        say(f"{name:<20} {value}")


@app.command("operations")
def operations(
    *,
    config: Config = cli.DEFAULT_CONFIG,
    journal: File = None,
    only_open: Annotated[bool, typer.Option("--open", help="only those that have not ended")] = False,
    terminal: Annotated[str | None, typer.Option(help="only of this terminal")] = None,
    limit: Annotated[int, typer.Option(min=1, help="at most so many, the newest first")] = 20,
    as_json: Json = False,
) -> None:
    """List operations."""
    with exits(), look_at(_path(config, journal)) as reader:
        rows = reader.open_operations(terminal)[::-1] if only_open else reader.newest(limit, terminal)
    for row in rows[:limit]:
        if as_json:
            say_json(described(row))
        else:
            say(summed_up(row))
    if not rows and not as_json:
        say("none")


@app.command("facts")
def facts(
    operation_id: OperationId,
    config: Config = cli.DEFAULT_CONFIG,
    journal: File = None,
    as_json: Json = False,
) -> None:
    """All that is known of one operation: its state, its marks with their keys, its receipts."""
    with exits(), look_at(_path(config, journal)) as reader:
        row, marks = _found(reader.operation(operation_id), operation_id), reader.marks(operation_id)
    if as_json:
        kept = [{"stage": mark.stage, "attempt": mark.attempt, "keys": dict(mark.keys)} for mark in marks]
        receipts = [{"kind": one.kind, "lines": list(one.lines)} for one in row.receipts]
        say_json(described(row) | {"marks": kept, "receipts": receipts})
        return
    for name, value in described(row).items():
        say(f"{name:<18} {value}")
    for mark in marks:
        keys = ", ".join(f"{name}={value}" for name, value in mark.keys.items())
        say(f"mark               {mark.stage}, attempt {mark.attempt}: {keys}")
    for receipt in row.receipts:
        say(f"receipt            {receipt.kind}")
        for line in receipt.lines:
            say(f"    {line}")


@app.command("orphans")
def list_orphans(config: Config = cli.DEFAULT_CONFIG, journal: File = None, as_json: Json = False) -> None:
    """Results that terminals told of and nobody had asked for."""
    with exits(), look_at(_path(config, journal)) as reader:
        found = reader.orphans()
    for orphan in found:
        told = {
            "terminal": orphan.terminal,
            "at": orphan.at.isoformat(),
            "amount": None if orphan.record.amount is None else str(orphan.record.amount),
            "keys": dict(orphan.record.keys),
            "fits": orphan.fits,
        }
        if as_json:
            say_json(told)
        else:
            say(" ".join(f"{name}={value}" for name, value in told.items()))
    if not found and not as_json:
        say("none")


@app.command("verify")
def check_journal(config: Config = cli.DEFAULT_CONFIG, journal: File = None) -> None:
    """Read every page and hold the tables against each other. Exit code 3: it cannot be trusted."""
    with exits():
        head = verify(_path(config, journal))
    say(f"sound: epoch {head.epoch}, {head.last_seq} events")


@app.command("backup")
def backup(
    to: Annotated[Path, typer.Argument(help="the file to make")],
    config: Config = cli.DEFAULT_CONFIG,
    journal: File = None,
) -> None:
    """Write a consistent copy, also while the agent runs."""
    with exits():
        path = _path(config, journal)
        verify(path, every_page=False)
        _make_private(to)
        try:
            asyncio.run(SqliteJournal(path, SystemClock()).backup(to))
        except JournalFailed:
            to.unlink(missing_ok=True)
            raise
    say(f"copied to {to}")


def _make_private(new: Path) -> None:
    """The file is closed to others before anything is in it."""
    try:
        os.close(os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        raise AgentError("file_exists", f"{new} exists already; name another file") from None
    except OSError as error:
        why = f"{new} cannot be made: {error.strerror}; is its folder there, and may you write in it?"
        raise AgentError("backup_failed", why) from None


@app.command("resolve")
def resolve(
    *,
    operation_id: OperationId,
    verdict: Annotated[Verdict, typer.Option(help="what became of it")],
    by: Annotated[str, typer.Option(help="who decided: an opaque staff id")],
    evidence: Annotated[str, typer.Option(help="what was seen, e.g. the terminal's receipt 17 of 14:02")],
    reason: Annotated[str, typer.Option(help="why that decides it")] = "decided at the agent's machine",
    config: Config = cli.DEFAULT_CONFIG,
    journal: File = None,
) -> None:
    """Decide an operation that needs a human, with the agent stopped; while it runs, the backend does."""
    with exits():
        path = _path(config, journal)
        row = asyncio.run(_resolve(path, Resolved(operation_id, verdict, by, evidence, reason)))
    say(summed_up(row))


async def _resolve(path: Path, resolved: Resolved) -> Row:
    """Apply the verdict as the agent would; only where a human's verdict is what is missing."""
    with look_at(path) as reader:
        row = _found(reader.operation(resolved.operation_id), resolved.operation_id)
    if row.state not in ("needs_human", "in_doubt"):
        raise AgentError(
            "not_in_doubt", f"{row.id} is {row.state}; only in_doubt and needs_human wait for a verdict"
        )
    clock = SystemClock()
    opened = await open_journal(path, clock)
    try:
        applied = await Lifecycle(opened, clock).apply(resolved, row.terminal)
    finally:
        await opened.aclose()
    return _found(applied.row, row.id)


def _found(row: Row | None, operation_id: str) -> Row:
    if row is None:
        raise AgentError("operation_unknown", f"the journal has no operation {operation_id}")
    return row
