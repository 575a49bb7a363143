"""What the operating system says of the agent's process, and SQLite of its journal, from outside."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.bench.processes import pss_mib, rss_mib

_THREADS = re.compile(r"^Threads:\s+(\d+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One look. `at_s` since the load began. PSS and descriptors are None where only root may look: the agent
    keeps its memory private. `journal_bytes`: pages in use, wherever they lie; `operations`: ended so far."""

    at_s: float
    rss_mib: float
    pss_mib: float | None
    descriptors: int | None
    threads: int
    journal_bytes: int
    operations: int

    def row(self) -> dict[str, float | None]:
        """For the file."""
        return asdict(self)


def sample(pid: int, journal: Path, at_s: float, operations: int) -> Sample:
    """Look now. Raises OSError where the process is gone."""
    pss = pss_mib(pid)
    return Sample(
        at_s=round(at_s, 2),
        rss_mib=round(rss_mib(pid), 3),
        pss_mib=None if pss is None else round(pss, 3),
        descriptors=_descriptors(pid),
        threads=_threads(pid),
        journal_bytes=_bytes_in_use(journal),
        operations=operations,
    )


def _descriptors(pid: int) -> int | None:
    try:
        return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())
    except PermissionError:
        return None


def _threads(pid: int) -> int:
    found = _THREADS.search(Path(f"/proc/{pid}/status").read_text(encoding="utf-8"))
    if found is None:
        raise ProcessLookupError(f"process {pid} has no threads any more")
    return int(found[1])


def _bytes_in_use(journal: Path) -> int:
    """Pages that hold something. The sizes of the files would jump with each checkpoint of the log."""
    with closing(sqlite3.connect(f"{journal.as_uri()}?mode=ro", uri=True)) as database:
        pages, free, size = (
            int(database.execute(f"PRAGMA {what}").fetchone()[0])
            for what in ("page_count", "freelist_count", "page_size")
        )
    return (pages - free) * size
