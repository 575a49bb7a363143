"""Exit codes."""

from __future__ import annotations

import pytest

from terminal_agent.checks.findings import Finding, Level, Part, exit_code


def found(part: Part, level: Level) -> Finding:
    """A finding that says nothing else."""
    return Finding(part, "x", level, "text", "code")


@pytest.mark.parametrize(
    ("part", "code"),
    [("settings", 2), ("state", 3), ("journal", 3), ("broker", 4), ("terminal", 5), ("clock", 6)],
)
def test_a_part_that_failed_gives_its_code(part: Part, code: int) -> None:
    assert exit_code([found("settings", "ok"), found(part, "failed")]) == code


def test_warnings_are_no_failure_and_nothing_found_is_well() -> None:
    assert exit_code([found("clock", "warning"), found("broker", "ok")]) == 0
    assert exit_code([]) == 0


def test_the_first_part_in_order_decides() -> None:
    assert exit_code([found("clock", "failed"), found("terminal", "failed"), found("broker", "failed")]) == 4


def test_for_machines() -> None:
    finding = Finding("state", "/x", "failed", "full", "disk_low", {"free_mib": 3})
    assert finding.as_dict() == {
        "part": "state",
        "name": "/x",
        "level": "failed",
        "code": "disk_low",
        "text": "full",
        "facts": {"free_mib": 3},
    }
    assert "facts" not in found("state", "ok").as_dict()
