"""What is swept at a reader: each order, and a fault of the vault for each ending."""

from __future__ import annotations

import pytest

from tests.sweep.__main__ import parser, scenes
from tests.sweep.counter_cells import COUNTER_CELLS, ENDINGS, ORDERS, CounterCell


@pytest.mark.parametrize("cell", COUNTER_CELLS, ids=lambda cell: cell.name)
def test_every_ending_but_the_plain_one_has_a_fault(cell: CounterCell) -> None:
    assert (cell.fault is None) == (cell.ending == "approved")
    assert len(cell.states) == 1


def test_no_order_and_no_ending_is_left_out() -> None:
    assert {cell.order for cell in COUNTER_CELLS} == set(ORDERS)
    assert {cell.ending for cell in COUNTER_CELLS} == set(ENDINGS)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("--wire reader", len(COUNTER_CELLS)),
        ("--wire reader --orders sale refund --endings approved declined", 3),
        ("--wire pty tcp", 36),
        ("--wire pty reader --endings timed_out --policies keep", 1 + len(ORDERS)),
    ],
)
def test_what_is_asked_for_is_swept(words: str, expected: int) -> None:
    assert len({scene.name for scene in scenes(parser().parse_args(words.split()))}) == expected
