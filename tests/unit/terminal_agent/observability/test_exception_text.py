"""Exceptions in plain types."""

from __future__ import annotations

import pytest

from protocols.core.errors import LocalError
from terminal_agent.observability.exception_text import MOST_CAUSES, described


def test_code_is_told_where_there_is_one() -> None:
    assert described(LocalError("illegal_move", "no"))["code"] == "illegal_move"
    assert "code" not in described(ValueError("no"))


def test_the_parts_of_a_group_are_told() -> None:
    group = ExceptionGroup("two", [ValueError("a"), OSError("b")])
    assert [part["type"] for part in described(group)["parts"]] == ["ValueError", "OSError"]


def fail_after(first: Exception, *, suppressed: bool) -> None:
    """Raise a ValueError while `first` is being handled."""
    try:
        raise first
    except OSError:
        if suppressed:
            raise ValueError("second") from None
        raise ValueError("second")  # noqa: B904 - without a cause is the point


def test_a_suppressed_context_stays_out() -> None:
    with pytest.raises(ValueError, match="second") as caught:
        fail_after(OSError("held the input"), suppressed=True)
    assert "cause" not in described(caught.value)


def test_a_context_that_is_not_suppressed_is_told() -> None:
    with pytest.raises(ValueError, match="second") as caught:
        fail_after(OSError("first"), suppressed=False)
    assert described(caught.value)["cause"]["text"] == "first"


def test_an_endless_chain_ends() -> None:
    first, second = ValueError("first"), ValueError("second")
    first.__cause__, second.__cause__ = second, first
    tree, depth = described(first), 0
    while "cause" in tree:
        tree, depth = tree["cause"], depth + 1
    assert depth == MOST_CAUSES
