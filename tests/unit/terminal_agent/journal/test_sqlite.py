"""What only a journal in a file can do: be damaged, full, copied, held by another, of another version."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from terminal_agent.errors import JournalFailed, JournalUnusable
from terminal_agent.journal import sqlite
from terminal_agent.journal.facts import Change
from terminal_agent.journal.port import Reader
from terminal_agent.journal.reserve import Reserve
from terminal_agent.journal.schema import MIGRATIONS
from terminal_agent.journal.sqlite import SqliteJournal, look_at, open_journal
from tests.support.clock import FakeClock
from tests.support.operations import fact, sale_row

CLOCK = FakeClock()


class Disk(sqlite3.Connection):
    """A connection whose commits fail as often as the test says, with the error it says."""

    failures: Iterator[int | None] = iter(())

    def execute(self, sql: str, parameters: object = (), /) -> sqlite3.Cursor:
        if sql == "COMMIT" and (code := next(Disk.failures, None)) is not None:
            error = sqlite3.OperationalError("the test's disk")
            error.sqlite_errorcode = code
            error.sqlite_errorname = "SQLITE_TEST"
            raise error
        return super().execute(sql, parameters)  # type: ignore[arg-type]  # passed through as it came


def faulty(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None, check_same_thread=False, factory=Disk)


async def opened(path: Path, **how: object) -> SqliteJournal:
    return await open_journal(path / "journal.sqlite", CLOCK, Random(3).randbytes, **how)  # type: ignore[arg-type]  # keyword arguments of the call


def small(path: Path, free_bytes: int = 1 << 30) -> Reserve:
    return Reserve(path / "journal.reserve", 4096, 1 << 20, lambda _: free_bytes)


async def open_and_read(path: Path) -> None:
    journal = await opened(path)
    try:
        await journal.read(lambda reader: reader.open_operations())
    finally:
        await journal.aclose()


def sale(n: int = 0) -> object:
    def decide(reader: Reader) -> Change:
        return Change(row=sale_row(reader, CLOCK.wall(), n), events=(fact(n),))

    return decide


async def write(journal: SqliteJournal, n: int = 0) -> None:
    await journal.transact(sale(n))  # type: ignore[arg-type]  # a Decide


async def test_everything_is_there_after_a_restart_and_the_boot_is_counted(tmp_path: Path) -> None:
    journal = await opened(tmp_path)
    await write(journal)
    await journal.mark_synced(CLOCK.wall())
    await journal.acknowledge(journal.head.epoch, 1)
    before = journal.head
    rows = await journal.read(lambda reader: reader.open_operations())
    await journal.aclose()
    again = await opened(tmp_path)
    assert again.head == replace(before, boot=2)
    assert await again.read(lambda reader: reader.open_operations()) == rows
    await write(again, 1)
    assert [event.boot for event in await again.events_after(0, 9)] == [1, 2]
    await again.aclose()


async def test_what_the_backend_can_know_does_not_grow_over_starts_that_never_met_it(tmp_path: Path) -> None:
    journal = await opened(tmp_path)
    await journal.mark_met()
    known = []
    for n in range(3):
        await write(journal, n)
        await journal.aclose()
        journal = await opened(tmp_path)
        known.append(journal.head.known_seq)
    await journal.aclose()
    assert known == [1, 1, 1]


async def test_a_commit_is_on_disk_before_it_is_told(tmp_path: Path) -> None:
    journal = await opened(tmp_path)
    with closing(sqlite3.connect(tmp_path / "journal.sqlite")) as other:
        for n in range(3):
            await write(journal, n)
            assert other.execute("SELECT COUNT(*) FROM operations").fetchone() == (n + 1,)
        assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    await journal.aclose()


async def test_one_agent_at_a_time(tmp_path: Path) -> None:
    journal = await opened(tmp_path)
    with pytest.raises(JournalUnusable, match="held by another agent") as caught:
        await opened(tmp_path)
    assert caught.value.code == "journal_in_use"
    await journal.aclose()
    await (await opened(tmp_path)).aclose()


async def test_a_damaged_file_stops_money_and_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    journal = await opened(tmp_path)
    for n in range(50):
        await write(journal, n)
    await journal.aclose()
    content = bytearray(path.read_bytes())
    content[4096 * 3 : 4096 * 6] = b"\xff" * 4096 * 3
    path.write_bytes(content)
    with pytest.raises(JournalUnusable, match="restore a backup") as caught:
        await opened(tmp_path)
    assert caught.value.code == "journal_corrupt"
    assert caught.value.stops_money


async def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "journal.sqlite").write_bytes(b"not a database at all" * 400)
    with pytest.raises(JournalUnusable) as caught:
        await opened(tmp_path)
    assert caught.value.code == "journal_corrupt"


async def test_a_directory_that_is_not_there_is_told_apart(tmp_path: Path) -> None:
    with pytest.raises(JournalUnusable) as caught:
        await open_journal(tmp_path / "missing" / "journal.sqlite", CLOCK)
    assert caught.value.code == "journal_unreadable"


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("PRAGMA application_id = 1", "journal_foreign"),
        (f"PRAGMA user_version = {len(MIGRATIONS) + 1}", "journal_newer"),
        ("UPDATE epochs SET acked_seq = 99", "journal_corrupt"),
        ("DELETE FROM events WHERE seq = 2", "journal_corrupt"),
        ("UPDATE operations SET operation = '{\"amount\": 1}'", "journal_unreadable"),
    ],
)
async def test_a_file_that_makes_no_sense_is_refused(tmp_path: Path, statement: str, code: str) -> None:
    journal = await opened(tmp_path)
    for n in range(3):
        await write(journal, n)
    await journal.aclose()
    with closing(sqlite3.connect(tmp_path / "journal.sqlite")) as db:
        db.execute(statement)
        db.commit()
    with pytest.raises(JournalUnusable) as caught:
        await open_and_read(tmp_path)
    assert caught.value.code == code


async def test_an_error_never_repeats_what_the_journal_holds(tmp_path: Path) -> None:
    journal = await opened(tmp_path)
    await write(journal)
    await journal.aclose()
    with closing(sqlite3.connect(tmp_path / "journal.sqlite")) as db:
        db.execute('UPDATE operations SET operation = \'{"amount": "4242-secret"}\'')
        db.commit()
    again = await opened(tmp_path)
    with pytest.raises(JournalUnusable) as caught:
        await again.read(lambda reader: reader.open_operations())
    assert "4242" not in str(caught.value)
    assert caught.value.__cause__ is None
    await again.aclose()


async def test_open_operations_finish_on_a_full_disk_by_the_reserve(tmp_path: Path) -> None:
    reserve = small(tmp_path)
    journal = await opened(tmp_path, connect=faulty, reserve=reserve)
    assert not journal.space().low
    Disk.failures = iter([sqlite3.SQLITE_FULL])
    await write(journal)
    assert not (tmp_path / "journal.reserve").exists()
    assert journal.space().low
    assert len(await journal.events_after(0, 9)) == 1
    await journal.tidy()
    assert not journal.space().low
    await journal.aclose()


async def test_a_full_disk_without_reserve_fails_cleanly_and_goes_on_when_there_is_room(
    tmp_path: Path,
) -> None:
    journal = await opened(tmp_path, connect=faulty, reserve=small(tmp_path, free_bytes=0))
    Disk.failures = iter([sqlite3.SQLITE_FULL])
    with pytest.raises(JournalFailed) as caught:
        await write(journal)
    assert caught.value.code == "journal_full"
    assert journal.space().low
    assert journal.head.last_seq == 0
    await write(journal)
    assert journal.head.last_seq == 1
    await journal.aclose()


async def test_after_a_failed_sync_nothing_more_is_written(tmp_path: Path) -> None:
    journal = await opened(tmp_path, connect=faulty)
    Disk.failures = iter([sqlite3.SQLITE_IOERR])
    with pytest.raises(JournalFailed) as caught:
        await write(journal)
    assert (caught.value.code, caught.value.effect) == ("journal_io", "unknown")
    with pytest.raises(JournalFailed, match="restart the agent"):
        await write(journal)
    await journal.aclose()


async def test_all_of_a_batch_hear_of_its_failure(tmp_path: Path) -> None:
    journal = await opened(tmp_path, connect=faulty)
    Disk.failures = iter([sqlite3.SQLITE_IOERR] * 9)
    results = await asyncio.gather(*(write(journal, n) for n in range(5)), return_exceptions=True)
    assert [type(result) for result in results] == [JournalFailed] * 5
    Disk.failures = iter(())
    await journal.aclose()


async def test_a_copy_is_taken_while_it_runs_and_can_be_opened(tmp_path: Path) -> None:
    journal = await opened(tmp_path)
    await write(journal)
    copy = tmp_path / "copy.sqlite"
    await asyncio.gather(journal.backup(copy), write(journal, 1))
    await journal.aclose()
    with look_at(copy) as reader:
        assert 1 <= len(reader.newest(9)) <= 2
    with pytest.raises(JournalFailed):
        await journal.backup(tmp_path / "nowhere" / "copy.sqlite")


async def test_a_running_journal_can_be_looked_at_and_a_missing_one_is_told(tmp_path: Path) -> None:
    journal = await opened(tmp_path)
    await write(journal)
    with look_at(tmp_path / "journal.sqlite") as reader:
        assert len(reader.open_operations()) == 1
    await journal.aclose()
    with pytest.raises(JournalUnusable), look_at(tmp_path / "none.sqlite"):
        pytest.fail("there is nothing to look at")


async def test_waiting_writers_share_a_commit(tmp_path: Path) -> None:
    commits: list[str] = []

    class Counting(sqlite3.Connection):
        def execute(self, sql: str, parameters: object = (), /) -> sqlite3.Cursor:
            if sql == "COMMIT":
                commits.append(sql)
            return super().execute(sql, parameters)  # type: ignore[arg-type]  # passed through as it came

    journal = await opened(
        tmp_path,
        connect=lambda path: sqlite3.connect(
            path, isolation_level=None, check_same_thread=False, factory=Counting
        ),
    )
    commits.clear()
    await asyncio.gather(*(write(journal, n) for n in range(40)))
    assert journal.head.last_seq == 40
    assert len(commits) <= 3
    await journal.aclose()


def test_the_file_is_opened_by_name_of_the_library_in_one_place_only() -> None:
    root = Path(sqlite.__file__).parents[2]
    named = [
        path.relative_to(root).as_posix()
        for package in ("protocols", "drivers", "terminal_agent")
        for path in (root / package).rglob("*.py")
        if "import sqlite3" in path.read_text(encoding="utf-8")
    ]
    assert named == ["terminal_agent/journal/sqlite.py"]
