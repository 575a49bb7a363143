"""How commands speak: text or JSON, everything masked on its way out, errors on standard error."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from terminal_agent.checks.findings import EXIT_CODES
from terminal_agent.errors import AgentError, JournalFailed, JournalUnusable
from terminal_agent.redaction import clean, clean_text
from terminal_agent.settings import SettingsError


def say(text: str) -> None:
    """A line for people."""
    typer.echo(clean_text(text))


def say_json(value: object) -> None:
    """A value for machines, on one line."""
    typer.echo(json.dumps(clean(value)[0], ensure_ascii=False))


@contextmanager
def exits() -> Iterator[None]:
    """Our own errors end the command with their text and their exit code."""
    try:
        yield
    except AgentError as error:
        typer.echo(clean_text(str(error)), err=True)
        raise typer.Exit(_code(error)) from None


def _code(error: AgentError) -> int:
    if isinstance(error, SettingsError):
        return EXIT_CODES["settings"]
    return EXIT_CODES["journal"] if isinstance(error, JournalUnusable | JournalFailed) else 1
