"""How the agent does, in numbers, for the retained `agent/health`."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from pathlib import Path

from protocols.contract.fields import AsOf
from protocols.contract.projections import Health
from terminal_agent.clock import BackendTime, Clock
from terminal_agent.errors import JournalFailed
from terminal_agent.journal.port import Journal
from terminal_agent.observability.certificate import Certificate, CertificateError, read_apart
from terminal_agent.observability.counters import Counters
from terminal_agent.observability.logs import get_logger

CERTIFICATE_EVERY_S = 86_400.0

log = get_logger(__name__)


class HealthReport:
    """Gathers the numbers. `certificate` is our own for the broker, None without TLS."""

    def __init__(
        self,
        *,
        journal: Journal,
        journal_path: Path,
        clock: Clock,
        backend: BackendTime,
        counters: Counters,
        certificate: Path | None,
        look: Callable[[Path], Awaitable[Certificate]] = read_apart,
    ) -> None:
        self._journal = journal
        self._journal_path = journal_path
        self._clock = clock
        self._backend = backend
        self._counters = counters
        self._certificate = certificate
        self._look = look
        self._started_s = clock.monotonic()
        self._seen: Certificate | None = None
        self._looked_s: float | None = None

    async def read(self) -> Health:
        """The numbers now. A journal that has failed is told of with what is still known."""
        head = self._journal.head
        offset_s = self._backend.offset_s
        return Health(
            uptime_s=int(self._clock.monotonic() - self._started_s),
            outbox_depth=head.last_seq - head.acked_seq,
            outbox_age_s=await self._outbox_age_s(),
            disk_free_bytes=self._journal.space().free_bytes,
            journal_bytes=journal_bytes(self._journal_path),
            rss_bytes=rss_bytes(),
            clock_offset_ms=None if offset_s is None else round(offset_s * 1000),
            certificate_days=await self._certificate_days(),
            terminals=self._counters.snapshot(),
            as_of=AsOf(epoch=head.epoch, seq=head.last_seq),
        )

    async def _outbox_age_s(self) -> float | None:
        """Age of the oldest fact that the backend has not acknowledged; None if there is none."""
        try:
            oldest = await self._journal.events_after(self._journal.head.acked_seq, 1)
        except JournalFailed:
            return None
        return max((self._clock.wall() - oldest[0].at).total_seconds(), 0.0) if oldest else None

    async def _certificate_days(self) -> int | None:
        if self._certificate is None:
            return None
        now_s = self._clock.monotonic()
        if self._looked_s is None or now_s - self._looked_s >= CERTIFICATE_EVERY_S:
            self._looked_s = now_s
            try:
                self._seen = await self._look(self._certificate)
            except CertificateError as error:
                self._seen = None
                log.warning("certificate_unreadable", why=str(error))
        return None if self._seen is None else self._seen.days_left(self._clock.wall())


def journal_bytes(path: Path) -> int:
    """The size of the journal with its write-ahead log."""
    return sum(one.stat().st_size for one in (path, path.with_name(path.name + "-wal")) if one.exists())


def rss_bytes() -> int | None:
    """Memory of this process in RAM; None where the system does not tell (it is not Linux)."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")
