"""A journal held against itself, read only."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from terminal_agent.clock import SystemClock
from terminal_agent.errors import JournalUnusable
from terminal_agent.journal.facts import Change
from terminal_agent.journal.sqlite import connect, open_journal, verify
from tests.support.operations import fact

NOW = datetime(2026, 11, 22, 14, tzinfo=UTC)


async def written(path: Path, events: int) -> None:
    """A journal with so many events, closed."""
    journal = await open_journal(path, SystemClock())
    await journal.transact(lambda _: Change(events=tuple(fact(n) for n in range(events)), at=NOW))
    await journal.aclose()


@pytest.mark.parametrize("every_page", [True, False])
async def test_a_sound_journal_tells_where_it_stands(tmp_path: Path, every_page: bool) -> None:
    await written(tmp_path / "j.sqlite3", 3)
    head = verify(tmp_path / "j.sqlite3", every_page=every_page)
    assert (head.last_seq, head.acked_seq, head.boot, head.synced) == (3, 0, 1, False)


async def test_also_while_its_agent_runs(tmp_path: Path) -> None:
    journal = await open_journal(tmp_path / "j.sqlite3", SystemClock())
    assert verify(tmp_path / "j.sqlite3") == journal.head
    await journal.aclose()


async def test_a_missing_event_is_found(tmp_path: Path) -> None:
    path = tmp_path / "j.sqlite3"
    await written(path, 3)
    db = connect(path)
    db.execute("DELETE FROM events WHERE seq = 2")
    db.close()
    with pytest.raises(JournalUnusable, match="contradicts itself"):
        verify(path)


async def test_a_damaged_page_is_found_when_every_page_is_read(tmp_path: Path) -> None:
    path = tmp_path / "j.sqlite3"
    await written(path, 200)
    content = bytearray(path.read_bytes())
    content[-4096:] = b"\xee" * 4096
    path.write_bytes(content)
    with pytest.raises(JournalUnusable) as caught:
        verify(path)
    assert caught.value.code == "journal_corrupt"


def test_no_file_is_named_as_unreadable(tmp_path: Path) -> None:
    with pytest.raises(JournalUnusable) as caught:
        verify(tmp_path / "none.sqlite3")
    assert caught.value.code == "journal_unreadable"
