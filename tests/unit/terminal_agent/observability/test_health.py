"""The health projection, over the journal in memory."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

from terminal_agent.clock import BackendTime
from terminal_agent.journal.facts import Change, NewEvent
from terminal_agent.observability.certificate import Certificate, CertificateError
from terminal_agent.observability.counters import Counters
from terminal_agent.observability.health import HealthReport, journal_bytes, rss_bytes
from tests.support.clock import FakeClock
from tests.support.memory_journal import MemoryJournal


class Looked:
    """Certificates as they would be read, one per look; None for an unreadable one."""

    def __init__(self, *found: Certificate | None) -> None:
        self._found = list(found)
        self.looks = 0

    async def __call__(self, path: Path) -> Certificate:
        self.looks += 1
        found = self._found.pop(0)
        if found is None:
            raise CertificateError(f"{path} cannot be read")
        return found


def report(
    tmp_path: Path, clock: FakeClock, look: Looked | None = None
) -> tuple[HealthReport, MemoryJournal, BackendTime, Counters]:
    """A report over fakes. The certificate is only asked for when `look` is given."""
    journal, backend, counters = MemoryJournal(clock, bytes), BackendTime(clock), Counters()
    made = HealthReport(
        journal=journal,
        journal_path=tmp_path / "journal.sqlite3",
        clock=clock,
        backend=backend,
        counters=counters,
        certificate=tmp_path / "agent.pem" if look is not None else None,
        look=look or Looked(),
    )
    return made, journal, backend, counters


async def test_a_fresh_agent(tmp_path: Path) -> None:
    health, journal, _, _ = report(tmp_path, FakeClock())
    told = await health.read()
    assert (told.uptime_s, told.outbox_depth, told.outbox_age_s) == (0, 0, None)
    assert (told.clock_offset_ms, told.certificate_days) == (None, None)
    assert told.disk_free_bytes == journal.space().free_bytes
    assert told.as_of is not None
    assert (told.as_of.epoch, told.as_of.seq) == (journal.head.epoch, journal.head.last_seq)


async def test_uptime_outbox_clock_and_counts(tmp_path: Path) -> None:
    clock = FakeClock()
    health, journal, backend, counters = report(tmp_path, clock)
    counters.happened("front", "accepted")
    events = (NewEvent("concluded", "{}"), NewEvent("concluded", "{}"))
    await journal.transact(lambda _: Change(events=events, at=clock.wall()))
    clock.pass_time(90.5)
    backend.hear(clock.wall() + timedelta(seconds=1.25))
    told = await health.read()
    assert (told.uptime_s, told.outbox_depth, told.outbox_age_s) == (90, 2, 90.5)
    assert told.clock_offset_ms == 1250
    assert told.terminals == {"front": {"accepted": 1}}
    await journal.acknowledge(journal.head.epoch, journal.head.last_seq)
    told = await health.read()
    assert (told.outbox_depth, told.outbox_age_s) == (0, None)


async def test_a_clock_set_back_gives_no_negative_age(tmp_path: Path) -> None:
    clock = FakeClock()
    health, journal, _, _ = report(tmp_path, clock)
    await journal.transact(lambda _: Change(events=(NewEvent("concluded", "{}"),), at=clock.wall()))
    clock.jump(-3600)
    assert (await health.read()).outbox_age_s == 0.0


async def test_the_certificate_is_looked_at_once_a_day(tmp_path: Path) -> None:
    clock = FakeClock()
    first = Certificate("agent", clock.wall(), clock.wall() + timedelta(days=10, hours=1))
    renewed = Certificate("agent", clock.wall(), clock.wall() + timedelta(days=100))
    look = Looked(first, renewed, None)
    health, _, _, _ = report(tmp_path, clock, look)
    assert (await health.read()).certificate_days == 10
    clock.pass_time(86_000)
    assert (await health.read()).certificate_days == 9
    assert look.looks == 1
    clock.pass_time(1_000)
    assert (await health.read()).certificate_days == 98
    clock.pass_time(90_000)
    assert (await health.read()).certificate_days is None


def test_the_journals_size_counts_its_log(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite3"
    assert journal_bytes(path) == 0
    path.write_bytes(b"x" * 10)
    (tmp_path / "journal.sqlite3-wal").write_bytes(b"x" * 5)
    assert journal_bytes(path) == 15


def test_memory_of_this_process() -> None:
    used = rss_bytes()
    assert used is None if os.name == "nt" else used is not None and 5 << 20 < used < 4 << 30
