"""Whether an outcome that the agent reported is what a vault's ledger holds. The ledger is right."""

from __future__ import annotations

from collections.abc import Sequence

from protocols.contract.operation import OperationView
from protocols.contract.words import is_final
from simulator.acquirer.lines import Line
from tests.support.truth import MOVES_MONEY, assert_true

# Without a way to ask what became of it: an end that says that it was interrupted, and is asked for anew.
_UNASKABLE = frozenset({"verify_card", "delete_card"})


def assert_true_at_vault(view: OperationView, lines: Sequence[Line], before: int = 0) -> None:
    """The final view of an operation against the lines booked since there were `before` of them.

    Money: see assert_true. A card is kept if and only if its very token was told, forgotten if and only if
    that was told; an issuer called it good where that was told, and nowhere else.
    """
    assert is_final(view.state), f"{view.state} is no outcome"
    new = lines[before:]
    stored = [line.token for line in new if line.kind == "token_stored"]
    told = [view.token.value] if view.op == "store_card" and view.token is not None else []
    assert stored == told, (view, new)
    if view.op == "store_card":
        assert view.card_stored == ("yes" if stored else "no"), (view, new)
    if view.op in MOVES_MONEY:
        assert_true(view, lines, before)
        return
    done = {
        "store_card": len(stored),
        "verify_card": sum(line.kind == "verification" for line in new),
        "delete_card": sum(line.kind == "token_deleted" for line in new),
    }[view.op]
    assert view.money == "none", view
    if view.op in _UNASKABLE and (view.state, view.code) == ("cancelled", "interrupted"):
        assert done <= 1, (view, new)
    else:
        assert done == (view.state == "approved"), (view, new)
