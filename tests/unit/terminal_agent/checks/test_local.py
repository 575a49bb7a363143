"""Folders, journal and clock of this machine."""

from __future__ import annotations

import errno
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import pytest

from terminal_agent.checks.findings import Level
from terminal_agent.checks.local import check_clock, check_config, check_journal, check_state_dir
from terminal_agent.checks.system_clock import Synchronised, synchronised
from terminal_agent.clock import SystemClock
from terminal_agent.journal.facts import Change
from terminal_agent.journal.sqlite import open_journal
from tests.support.operations import fact, sale_row
from tests.unit.terminal_agent.settings.samples import minimal, read

NOW = datetime(2026, 11, 22, 14, tzinfo=UTC)


def state(tmp_path: Path, mode: int = 0o700) -> Path:
    """The state folder of the minimal settings."""
    folder = tmp_path / "state"
    folder.mkdir()
    folder.chmod(mode)
    return folder


def test_a_good_state_folder_and_nothing_left_in_it(tmp_path: Path) -> None:
    folder = state(tmp_path)
    findings = list(check_state_dir(read(tmp_path, minimal())))
    assert [finding.level for finding in findings] == ["ok"]
    assert list(folder.iterdir()) == []


def test_a_missing_state_folder(tmp_path: Path) -> None:
    (finding,) = check_state_dir(read(tmp_path, minimal()))
    assert (finding.level, finding.code) == ("failed", "state_missing")


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="wants a folder that refuses even root")
def test_a_state_folder_where_nothing_can_be_written(tmp_path: Path) -> None:
    (finding,) = check_state_dir(read(tmp_path, minimal().replace('"state"', '"/proc"')))
    assert (finding.level, finding.code) == ("failed", "state_not_writable")


@pytest.mark.parametrize(("mode", "level"), [(0o700, "ok"), (0o750, "warning"), (0o705, "failed")])
def test_a_state_folder_that_others_can_look_into(tmp_path: Path, mode: int, level: Level) -> None:
    state(tmp_path, mode)
    (finding,) = check_state_dir(read(tmp_path, minimal()))
    assert finding.level == level
    assert ("chmod 0700" in finding.text) == (level != "ok")


def test_a_disk_below_the_floor(tmp_path: Path) -> None:
    state(tmp_path)
    settings = read(tmp_path, minimal()).model_copy(deep=True)
    floor = settings.journal.model_copy(update={"floor_mib": 1 << 40})
    findings = list(check_state_dir(settings.model_copy(update={"journal": floor})))
    assert [finding.code for finding in findings] == ["ok", "disk_low"]


@pytest.mark.parametrize(
    ("file_mode", "folder_mode", "open_to_others"),
    [(0o640, 0o750, 0), (0o660, 0o750, 1), (0o640, 0o770, 1), (0o666, 0o777, 2), (0o644, 0o1777, 0)],
)
def test_settings_that_others_may_write(
    tmp_path: Path, file_mode: int, folder_mode: int, open_to_others: int
) -> None:
    folder = tmp_path / "etc"
    folder.mkdir()
    read(folder, minimal())
    (folder / "agent.toml").chmod(file_mode)
    folder.chmod(folder_mode)
    findings = list(check_config(folder / "agent.toml"))
    assert len(findings) == open_to_others
    assert all(one.level == "failed" and "chmod go-w" in one.text for one in findings)


def test_no_journal_yet(tmp_path: Path) -> None:
    state(tmp_path)
    assert check_journal(read(tmp_path, minimal())).level == "ok"


def test_a_journal_in_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    finding = check_journal(read(tmp_path, minimal()))
    assert (finding.level, finding.code) == ("failed", "journal_unreadable")


def test_a_file_that_is_no_journal(tmp_path: Path) -> None:
    (state(tmp_path) / "journal.sqlite3").write_text("hello " * 100, encoding="utf-8")
    finding = check_journal(read(tmp_path, minimal()))
    assert (finding.level, finding.code) == ("failed", "journal_corrupt")


async def test_a_journal_also_while_its_agent_runs(tmp_path: Path) -> None:
    path = state(tmp_path) / "journal.sqlite3"
    journal = await open_journal(path, SystemClock())
    await journal.transact(lambda reader: Change(row=sale_row(reader, NOW), events=(fact(1),), at=NOW))
    boot = journal.head.boot
    finding = check_journal(read(tmp_path, minimal()))
    await journal.aclose()
    assert (finding.level, finding.facts) == ("ok", {"open_operations": 1, "last_seq": 1})
    journal = await open_journal(path, SystemClock())
    assert journal.head.boot == boot + 1, "a check is no start of the agent"
    await journal.aclose()


@pytest.mark.parametrize(
    ("kernel", "level", "code"),
    [("yes", "ok", "ok"), ("unknown", "ok", "ok"), ("no", "warning", "clock_not_synchronised")],
)
def test_the_clock(kernel: Synchronised, level: Level, code: str) -> None:
    finding = check_clock(NOW, lambda: kernel)
    assert (finding.level, finding.code) == (level, code)


def test_a_clock_before_this_program_was_written_is_wrong() -> None:
    finding = check_clock(datetime(1970, 1, 1, tzinfo=UTC), lambda: "yes")
    assert (finding.level, finding.code) == ("failed", "clock_wrong")


def test_the_kernel_answers_with_one_of_three_words() -> None:
    assert synchronised() in ("yes", "no", "unknown")


def test_what_belongs_to_another_user_is_told_as_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(path: Path, **_options: object) -> NoReturn:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    made = read(tmp_path, minimal())
    monkeypatch.setattr(Path, "stat", denied)
    monkeypatch.setattr("tempfile.NamedTemporaryFile", lambda **options: denied(options["dir"]))
    (state,) = check_state_dir(made)
    assert (state.level, state.code) == ("failed", "state_not_writable")
    assert "Permission denied; run this as the agent's user" in state.text
    journal = check_journal(made)
    assert (journal.level, journal.code) == ("failed", "journal_unreadable")
    assert "cannot be reached; run this as the agent's user" in journal.text
