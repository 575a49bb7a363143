"""Reading a failure: does it stop money, what is its code."""

from __future__ import annotations

import pytest

from protocols.core.errors import LocalError
from terminal_agent.errors import JournalFailed
from terminal_agent.supervision.unit import code_of, stops_money, telling


def raised_from(cause: Exception) -> Exception:
    """A plain error whose cause is given."""
    error = ValueError("plain")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    "error",
    [
        JournalFailed("journal_io", "gone"),
        ExceptionGroup("tasks", [ValueError(), JournalFailed("journal_io", "gone")]),
        ExceptionGroup("outer", [ExceptionGroup("inner", [JournalFailed("journal_io", "gone")])]),
        raised_from(JournalFailed("journal_io", "gone")),
    ],
)
def test_a_journal_failure_is_found_however_it_is_wrapped(error: Exception) -> None:
    assert stops_money(error)
    assert code_of(error) == "journal_io"
    assert str(telling(error)) == "gone"


def test_other_failures_do_not_stop_money() -> None:
    assert not stops_money(ExceptionGroup("tasks", [ValueError(), OSError()]))
    assert not stops_money(LocalError("illegal_move", "no"))


def test_the_code_is_a_text_or_the_general_one() -> None:
    assert code_of(LocalError("illegal_move", "no")) == "illegal_move"
    assert code_of(ValueError()) == "unit_crashed"
    assert code_of(SystemExit(3)) == "unit_crashed"
