"""Whether an outcome that the agent reported is what the acquirer's ledger holds. The ledger is right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from protocols.contract.operation import OperationView
from protocols.contract.words import is_final
from simulator.acquirer.lines import Line
from simulator.acquirer.totals import undone

# Which lines an operation of each kind books, and what it does to the money.
_BOOKS: Mapping[str, tuple[tuple[str, ...], str]] = {
    "sale": (("charge",), "charged"),
    "charge_card": (("charge",), "charged"),
    "capture": (("capture",), "charged"),
    "refund": (("refund",), "returned"),
    "preauth": (("hold",), "held"),
    "reversal": (("reversal", "release"), "returned"),
}
MOVES_MONEY = frozenset(_BOOKS)


def assert_true(view: OperationView, lines: Sequence[Line], before: int = 0) -> None:
    """The final view of an operation against the lines booked since there were `before` of them.

    Approved: exactly one line of its kind stands, of the amount told. Otherwise none stands; `returned` only
    where what was charged or held had been booked and was undone.
    """
    assert is_final(view.state), f"{view.state} is no outcome"
    new = lines[before:]
    if view.op not in _BOOKS:
        assert (view.money, [line for line in new if line.kind != "batch_close"]) == ("none", []), view
        return
    kinds, effect = _BOOKS[view.op]
    # What undoes a line of the same operation is the terminal's own doing, not what was asked for.
    ids = {line.id for line in new}
    own = [line for line in new if line.kind in kinds and line.reverses not in ids]
    gone = undone(lines)
    standing = [(line.amount_minor, line.currency) for line in own if line.id not in gone]
    if view.state == "approved":
        assert (standing, view.money) == ([(view.amount_minor, view.currency)], effect), (view, new)
        return
    assert standing == [], (view, new)
    is_back = own and view.op in ("sale", "charge_card", "capture", "preauth")
    assert view.money == ("returned" if is_back else "none"), (view, new)
