"""What the end of an operation means for the clinic's records, by the command's name.

Each effect gets the operation's row as it was, and the view that ended or corrected it; it runs in the
transaction that stores the fact, and gives the same records when it runs twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from protocols.contract.operation import OperationView
from simulator.clinic import cards, payments
from simulator.clinic.database import Database, Row

Effect = Callable[[Database, Row, OperationView, datetime], None]

EFFECTS: Mapping[str, Effect] = {
    "store_card": cards.stored,
    "verify_card": cards.verified,
    "delete_card": cards.deleted,
    "sale": payments.moved,
    "charge_card": payments.moved,
    "refund": payments.moved,
    "reversal": payments.moved,
}
