"""What a sweep makes of its kills: which are made, the sums, and when the whole is sound."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.sweep.calls import Point
from tests.sweep.cells import ENDINGS, POLICIES, Cell
from tests.sweep.counter_cells import CounterCell
from tests.sweep.judging import Verdict
from tests.sweep.report import page, results, sound
from tests.sweep.running import Kill, Swept, chosen

CELL = Cell("tcp", "approved", "keep")
POINTS = [Point("write", 1), Point("write", 2), Point("fdatasync", 1)]


def kill(verdict: Verdict, truth_s: float | None = 1.0) -> Kill:
    """One death at the first point."""
    return Kill(POINTS[0], "before", "wire write", "approved", verdict, truth_s)


def test_every_kill_is_chosen_once_by_as_many_offsets_as_are_left_out() -> None:
    parts = [list(chosen(POINTS, 4, offset)) for offset in range(4)]
    assert sorted(one for part in parts for one in part) == sorted(chosen(POINTS, 1, 0))
    assert len(list(chosen(POINTS, 1, 0))) == 2 * len(POINTS)


def test_sums_of_a_wire_and_of_all() -> None:
    one = Swept(CELL, {POINTS[0]: "wire write"}, [kill("true", 1.0), kill("true", 3.0)], Counter())
    other = Swept(Cell("pty", "declined", "refuse"), kills=[kill("true", 2.0)])
    found = results([one, other], 1, 2.0)
    assert (found["kills"], found["true"], found["truth_s"]) == (3, 3, {"p50": 2.0, "max": 3.0})
    assert found["wires"]["tcp"]["kills"] == 2
    assert found["hit"] == {"before wire write": 3}
    assert sound(found)
    assert "tcp-approved-keep" in page(found)


@pytest.mark.parametrize("verdict", ["lost", "double", "wrong"])
def test_one_that_is_not_true_is_told_and_ends_badly(verdict: Verdict) -> None:
    found = results([Swept(CELL, kills=[kill("true"), kill(verdict, None)])], 1, 2.0)
    assert not sound(found)
    assert f"told approved, {verdict}" in page(found)


def test_a_terminal_may_leave_an_order_to_a_human_and_a_vault_may_not() -> None:
    left = [kill("true"), kill("human", None)]
    found = results([Swept(CELL, kills=left)], 1, 2.0)
    assert sound(found)
    assert "told approved, human" in page(found)
    assert not sound(results([Swept(CounterCell("sale", "approved"), kills=left)], 1, 2.0))


def test_a_cell_that_ended_early_and_a_sweep_that_missed_most_end_badly() -> None:
    early = results([Swept(CELL, kills=[kill("true")], broken="no terminal")], 1, 2.0)
    assert not sound(early)
    assert "ENDED EARLY: no terminal" in page(early)
    assert not sound(results([Swept(CELL, kills=[kill("true")], missed=Counter({"wire write": 1}))], 1, 2.0))
    assert not sound(results([Swept(CELL)], 1, 2.0))


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("ending", ENDINGS)
def test_each_cell_has_a_terminal_of_its_policy(ending: str, policy: str) -> None:
    cell = Cell("tcp", ending, policy)  # type: ignore[arg-type]  # its words
    assert cell.plan().scenario["booking_policy"] == policy
    assert cell.states
