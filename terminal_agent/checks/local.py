"""What can be seen on this machine alone: folders and their rights, the journal, the clock."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from terminal_agent.checks.findings import Finding
from terminal_agent.checks.system_clock import Synchronised, synchronised
from terminal_agent.errors import JournalUnusable
from terminal_agent.journal.sqlite import look_at
from terminal_agent.settings import Settings

# The program was written after this: a clock that says otherwise is wrong.
WRITTEN = datetime(2026, 11, 1, tzinfo=UTC)
OF_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_AS_WHOM = "run this as the agent's user (sudo -u terminal-agent …), and let that user own the state folder"


def check_config(path: Path) -> Iterator[Finding]:
    """Whoever can write the settings can send the agent to another broker (PCI DSS 11.5.2)."""
    for one in (path, path.absolute().parent):
        bits = stat.S_IMODE(one.stat().st_mode)
        if os.name == "posix" and bits & (stat.S_IWGRP | stat.S_IWOTH) and not bits & stat.S_ISVTX:
            text = f"others may write it (mode {bits:04o}); chmod go-w {one}"
            yield Finding("settings", str(one), "failed", text, "open_to_others")


def check_state_dir(settings: Settings) -> Iterator[Finding]:
    """The agent's own folder: there, ours, writable, closed to others, with room."""
    folder = settings.agent.state_dir
    name = str(folder)
    if not is_there(folder):
        yield Finding("state", name, "failed", "there is no such folder; make it, mode 0700", "state_missing")
        return
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".check-") as file:
            file.write(b"x")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        text = f"nothing can be written there: {error.strerror}; {_AS_WHOM}"
        yield Finding("state", name, "failed", text, "state_not_writable")
        return
    yield _closed(folder, name, "the state folder")
    free_mib = shutil.disk_usage(folder).free >> 20
    if free_mib < settings.journal.floor_mib + settings.journal.reserve_mib:
        text = f"{free_mib} MiB free, below the floor of {settings.journal.floor_mib} MiB; make room"
        yield Finding("state", name, "failed", text, "disk_low", {"free_mib": free_mib})


def is_there(path: Path) -> bool:
    """Also one that may not be looked at: what follows says so."""
    try:
        return path.exists()
    except PermissionError:
        return True


def _closed(path: Path, name: str, what: str) -> Finding:
    """Whether others can look in. Windows has other means, which are not looked at."""
    bits = stat.S_IMODE(path.stat().st_mode)
    if os.name == "posix" and bits & OF_OTHERS:
        text = f"{what} is open to others (mode {bits:04o}); chmod 0700 {path}"
        return Finding("state", name, "failed" if bits & stat.S_IRWXO else "warning", text, "open_to_others")
    return Finding("state", name, "ok", f"{what} is ours alone")


def check_journal(settings: Settings) -> Finding:
    """It opens and makes sense. Read only, also beside a running agent; the agent makes a missing one."""
    path = settings.journal_path
    name = str(path)
    if not is_there(path):
        if not path.parent.is_dir():
            text = f"the folder {path.parent} does not exist; make it, mode 0700"
            return Finding("journal", name, "failed", text, "journal_unreadable")
        return Finding("journal", name, "ok", "none yet; the agent makes it when it first starts")
    try:
        with look_at(path) as reader:
            open_now, seq = len(reader.open_operations()), reader.last_seq()
    except JournalUnusable as error:
        return Finding("journal", name, "failed", str(error), error.code)
    facts = {"open_operations": open_now, "last_seq": seq}
    return Finding("journal", name, "ok", f"opens; {open_now} operations open, {seq} events", "ok", facts)


def check_clock(
    now: datetime, kernel: Callable[[], Synchronised] = synchronised, written: datetime = WRITTEN
) -> Finding:
    """The machine's clock: evidently wrong fails; not kept right by anybody is a warning."""
    if now < written:
        text = f"the clock says {now:%Y-%m-%d}, which is over; set it and let it be kept right (NTP)"
        return Finding("clock", "system clock", "failed", text, "clock_wrong")
    match kernel():
        case "no":
            text = "nobody keeps the clock right; start time synchronisation (e.g. timedatectl set-ntp true)"
            return Finding("clock", "system clock", "warning", text, "clock_not_synchronised")
        case "yes":
            return Finding("clock", "system clock", "ok", "kept right by time synchronisation")
        case "unknown":
            text = "this system does not tell whether its clock is kept right; the backend's time will"
            return Finding("clock", "system clock", "ok", text)
