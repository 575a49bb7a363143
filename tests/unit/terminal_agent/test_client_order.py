"""Facts in order, each once: whatever the order, the repeats and the gaps they arrive with."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from terminal_agent.client.order import Fact, FactOrder


def fact(seq: int) -> Fact:
    return Fact("agent-1", "desk-1", "operation", "01JD7A0000E5F6G7H8J9KMNPQR", seq, 1, {})


@given(st.integers(0, 5), st.integers(1, 12), st.data())
def test_any_order_with_any_repeats_gives_each_once_in_order(
    start: int, count: int, data: st.DataObject
) -> None:
    all_of_them = list(range(start + 1, start + count + 1))
    extra = data.draw(st.lists(st.integers(1, start + count), max_size=10))
    arriving = data.draw(st.permutations(all_of_them + extra))
    order = FactOrder(start)
    out: list[int] = []
    for seq in arriving:
        was_new = order.is_new(seq)
        due = order.take(fact(seq), 0.0)
        assert was_new or not due
        out += [one.seq for one in due]
    assert out == all_of_them
    assert order.seq == start + count


def test_a_gap_is_waited_for_and_then_taken_as_acknowledged_by_another() -> None:
    order = FactOrder(2, patience_s=75)
    assert order.take(fact(5), 0.0) == []
    assert order.take(fact(6), 30.0) == []
    assert order.take(fact(5), 74.0) == []
    due = order.take(fact(5), 75.0)
    assert [(one.seq, one.skipped) for one in due] == [(5, 2), (6, 0)]
    assert order.seq == 6


def test_a_gap_that_fills_is_no_gap() -> None:
    order = FactOrder(patience_s=75)
    order.take(fact(2), 0.0)
    assert [one.seq for one in order.take(fact(1), 60.0)] == [1, 2]
    assert order.take(fact(4), 80.0) == []
    assert order.take(fact(4), 154.0) == []
    assert [(one.seq, one.skipped) for one in order.take(fact(4), 155.0)] == [(4, 1)]


def test_what_another_node_acknowledged_is_not_waited_for() -> None:
    order = FactOrder()
    assert order.take(fact(3), 0.0) == order.take(fact(5), 0.0) == order.take(fact(7), 0.0) == []
    assert [one.seq for one in order.skip_to(4)] == [3, 5]
    assert (order.seq, order.is_new(2), order.is_new(6)) == (5, False, True)
    assert order.skip_to(1) == []
    assert [one.seq for one in order.take(fact(6), 0.0)] == [6, 7]


def test_what_is_put_back_comes_again() -> None:
    order = FactOrder()
    due = order.take(fact(1), 0.0)
    order.put_back(due)
    assert order.seq == 0
    assert [one.seq for one in order.take(fact(1), 1.0)] == [1]
    order.put_back([])
    assert order.seq == 1
