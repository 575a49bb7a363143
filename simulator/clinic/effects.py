"""What the end of an operation means for the clinic's records, by the command's name.

Each effect gets the operation's row as it was, and the view that ended or corrected it; it runs in the
transaction that stores the fact, and gives the same records when it runs twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from protocols.contract.operation import OperationView
from simulator.clinic import batches, cards, payments
from simulator.clinic.database import Database, Row

Effect = Callable[[Database, Row, OperationView, datetime], None]


def _moved(db: Database, operation: Row, view: OperationView, now: datetime) -> None:
    payments.moved(db, operation, view, now)
    batches.take_in(db, operation["agent"], operation["terminal"])


EFFECTS: Mapping[str, Effect] = {
    "store_card": cards.stored,
    "verify_card": cards.verified,
    "delete_card": cards.deleted,
    "sale": _moved,
    "charge_card": _moved,
    "refund": _moved,
    "reversal": _moved,
    "reconcile": batches.closed,
}
