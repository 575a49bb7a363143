"""What came of an order that was struck, held against the ledger. The ledger is right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Literal

from protocols.contract.operation import OperationView
from protocols.contract.replies import Reply
from simulator.acquirer.lines import Line
from simulator.acquirer.totals import live_charges, live_refunds, tokens_kept

Told = OperationView | Reply | None
Verdict = Literal["true", "human", "lost", "double", "wrong"]


def judged(
    view: Told, lines: Sequence[Line], before: int, assert_true: Callable[[OperationView, int], None]
) -> tuple[Verdict, str]:
    """What was told, None if nothing was, against the lines booked since there were `before`; and why. An
    order that was rejected must not have booked anything; one that is left to a human was not decided."""
    standing = effects(lines, before)
    if any(count > 1 for count in Counter(line.kind for line in standing).values()):
        return "double", str(standing)
    if view is None:
        return "lost", str(standing)
    if isinstance(view, OperationView) and view.state == "needs_human":
        return "human", str(standing)
    if isinstance(view, Reply):
        return ("wrong", f"{view.code}: {standing}") if standing else ("true", "")
    try:
        assert_true(view, before)
    except AssertionError as error:
        return "wrong", str(error)
    return "true", ""


def effects(lines: Sequence[Line], before: int) -> list[Line]:
    """What was booked since then and stands: money taken, given back or undone, cards kept or forgotten."""
    new = {line.id for line in lines[before:]}
    standing = [*live_charges(lines), *live_refunds(lines), *tokens_kept(lines)]
    undone = [
        line
        for line in lines
        if line.kind == "token_deleted" or (line.kind == "reversal" and line.reverses not in new)
    ]
    return [line for line in (*standing, *undone) if line.id in new]
