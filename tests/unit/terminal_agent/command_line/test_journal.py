"""`terminal-agent journal …` over a real journal."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from protocols.core.facts import Mark, Receipt
from protocols.core.outcomes import TerminalRecord
from protocols.core.values import Money
from terminal_agent.clock import SystemClock
from terminal_agent.journal.facts import Change, OrphanRow
from terminal_agent.journal.port import Reader
from terminal_agent.journal.sqlite import look_at, open_journal, verify
from tests.support.operations import fact, operation_id, sale_row
from tests.unit.terminal_agent.command_line.calling import call
from tests.unit.terminal_agent.settings.samples import minimal

NOW = datetime(2026, 11, 22, 14, tzinfo=UTC)
ENDED, DOUBTFUL = operation_id(NOW, 0), operation_id(NOW, 1)


def ended(reader: Reader) -> Change:
    """An approved sale with a receipt that somebody forgot to mask."""
    receipt = Receipt("customer", ("CARTE 4111111111111111", "TOTAL 12.50"))
    row = replace(sale_row(reader, NOW, 0), state="approved", money="charged", receipts=(receipt,))
    return Change(row=row, events=(fact(1, ENDED),), at=NOW)


def doubtful(reader: Reader) -> Change:
    """A sale of which nobody knows what became of it, with its mark."""
    row = replace(sale_row(reader, NOW, 1, "t-2"), state="needs_human", money="unknown", code="needs_human")
    return Change(row=row, mark=Mark(DOUBTFUL, row.attempt.no, "committed", {"receipt": "17"}), at=NOW)


def orphan(_reader: Reader) -> Change:
    """A payment that was made by hand."""
    return Change(orphan=OrphanRow("t-1", NOW, TerminalRecord({"receipt": "18"}, Money(500))), at=NOW)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Settings whose journal holds two operations and an orphan."""

    async def fill() -> None:
        journal = await open_journal(tmp_path / "state" / "journal.sqlite3", SystemClock())
        for change in (ended, doubtful, orphan):
            await journal.transact(change)
        await journal.aclose()

    (tmp_path / "state").mkdir(mode=0o700)
    asyncio.run(fill())
    path = tmp_path / "agent.toml"
    path.write_text(minimal(), encoding="utf-8")
    return path


def test_show(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (told,) = call(capsys, "journal", "show", "--json", "--config", config).objects
    counts = (
        told["boot"],
        told["events"],
        told["waiting_for_backend"],
        told["open_operations"],
        told["orphans"],
    )
    assert counts == (1, 1, 1, 1, 1)
    assert told["synced"] is False
    assert told["size_bytes"] > 4096
    assert "waiting_for_backend  1" in call(capsys, "journal", "show", "--config", config).out


def test_operations(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    listed = call(capsys, "journal", "operations", "--json", "--config", config).objects
    assert [one["operation_id"] for one in listed] == [DOUBTFUL, ENDED]
    opened = call(capsys, "journal", "operations", "--open", "--config", config)
    assert opened.out == f"2026-11-22 14:00:00 {DOUBTFUL} t-2 sale 12.50 CAD: needs_human (needs_human)\n"
    assert call(capsys, "journal", "operations", "--terminal", "t-9", "--config", config).out == "none\n"
    assert (
        len(call(capsys, "journal", "operations", "--limit", "1", "--json", "--config", config).objects) == 1
    )


def test_facts_show_marks_and_receipts_masked(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = call(capsys, "journal", "facts", ENDED, "--config", config)
    assert "CARTE ************1111" in text.out
    (told,) = call(capsys, "journal", "facts", DOUBTFUL.lower(), "--json", "--config", config).objects
    assert told["marks"] == [{"stage": "committed", "attempt": 2, "keys": {"receipt": "17"}}]
    assert "mark               committed, attempt 2: receipt=17" in (
        call(capsys, "journal", "facts", DOUBTFUL, "--config", config).out
    )


def test_facts_of_an_operation_that_is_not_there(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    refused = call(capsys, "journal", "facts", operation_id(NOW, 7), "--config", config)
    assert (refused.code, refused.out) == (1, "")
    assert "the journal has no operation" in refused.err


def test_orphans(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (told,) = call(capsys, "journal", "orphans", "--json", "--config", config).objects
    assert (told["terminal"], told["amount"], told["keys"]) == ("t-1", "5.00 CAD", {"receipt": "18"})
    assert "terminal=t-1" in call(capsys, "journal", "orphans", "--config", config).out


def test_verify_and_a_journal_that_cannot_be_trusted(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(capsys, "journal", "verify", "--config", config).out.startswith("sound: epoch ")
    bad = tmp_path / "bad.sqlite3"
    bad.write_bytes(b"no journal" * 1000)
    refused = call(capsys, "journal", "verify", "--journal", bad)
    assert refused.code == 3
    assert "cannot be trusted" in refused.err


def test_a_journal_that_is_not_there_is_told_as_that(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for command in (["show"], ["operations"], ["orphans"], ["verify"], ["backup", tmp_path / "copy"]):
        refused = call(capsys, "journal", *command, "--journal", tmp_path / "none.sqlite3")
        assert refused.code == 3
        assert "there is no journal" in refused.err
    assert not (tmp_path / "copy").exists()


def test_a_backup_is_a_whole_journal_and_never_overwrites(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "copy.sqlite3"
    assert call(capsys, "journal", "backup", copy, "--config", config).code == 0
    assert copy.stat().st_mode & 0o777 == 0o600
    assert verify(copy).last_seq == 1
    again = call(capsys, "journal", "backup", copy, "--config", config)
    assert (again.code, "exists already" in again.err) == (1, True)
    astray = call(capsys, "journal", "backup", tmp_path / "none" / "copy", "--config", config)
    assert (astray.code, "No such file or directory; is its folder there" in astray.err) == (1, True)


def resolve(capsys: pytest.CaptureFixture[str], config: Path, target: str, verdict: str) -> tuple[int, str]:
    """Decide; the exit code and what was said."""
    words = ["--verdict", verdict, "--by", "staff-1", "--evidence", "receipt 17", "--config", config]
    made = call(capsys, "journal", "resolve", target, *words)
    return made.code, made.out + made.err


def test_a_human_decides_and_the_event_waits_for_the_backend(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = resolve(capsys, config, DOUBTFUL, "approved")
    assert (code, said.rstrip().endswith("approved (resolved)")) == (0, True)
    with look_at(tmp_path / "state" / "journal.sqlite3") as reader:
        row = reader.operation(DOUBTFUL)
        events = reader.events_after(1, 10)
    assert row is not None
    assert (row.state, row.money) == ("approved", "charged")
    assert [event.fact.operation_id for event in events] == [DOUBTFUL]


def test_what_has_ended_is_not_decided_again(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = resolve(capsys, config, ENDED, "declined")
    assert (code, "only in_doubt and needs_human wait for a verdict" in said) == (1, True)


def test_a_verdict_that_does_not_exist_is_refused(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert resolve(capsys, config, DOUBTFUL, "paid")[0] == 2


def test_settings_that_cannot_be_read_are_code_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(capsys, "journal", "show", "--config", tmp_path / "none.toml").code == 2
