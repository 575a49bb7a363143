"""What is swept at a reader with its vault: each order, in each way in which the vault can end it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from simulator.vault.settings import VaultFault
from tests.support.broker import Broker
from tests.sweep.counter_stage import Order, counter_stage
from tests.sweep.stage import Stage

Ending = Literal["approved", "declined", "timed_out", "found_out"]
ORDERS: tuple[Order, ...] = get_args(Order)
ENDINGS: tuple[Ending, ...] = get_args(Ending)

# The vault's own name of what each order asks for first.
_FIRST: Mapping[Order, str] = {
    "store_swiped": "enc_card_verification",
    "store_keyed": "enc_card_verification",
    "sale": "enc_track2_purchase",
    "appointment": "res_purchase_cc",
    "no_show": "res_purchase_cc",
    "verify": "res_card_verification_cc",
    "delete": "res_delete",
    "refund": "refund",
    "reversal": "purchasecorrection",
}
_LAST: Mapping[Order, str] = {**_FIRST, "store_swiped": "res_tokenize_cc", "store_keyed": "res_tokenize_cc"}
# No issuer is asked for these, so that none can decline.
_WITHOUT_ISSUER = frozenset({"delete", "refund", "reversal"})
_UNASKABLE = frozenset({"verify", "delete"})
_DECLINED = 51  # ISO 8583, field 39: not enough money
_STATES: Mapping[Ending, str] = {
    "approved": "approved",
    "declined": "declined",
    "timed_out": "not_started",
    "found_out": "approved",
}


@dataclass(frozen=True, slots=True)
class CounterCell:
    """One order and ending. `timed_out`: its host times out and nothing was done. `found_out`: it was done,
    and the vault hangs up without an answer. `settle_s`: see ReaderVaultOptions; nothing is long on its way
    here."""

    order: Order
    ending: Ending
    settle_s: float = 2.0

    @property
    def wire(self) -> str:
        """See Scene."""
        return "reader"

    @property
    def name(self) -> str:
        """See Scene."""
        return f"{self.wire}-{self.order}-{self.ending}"

    @property
    def states(self) -> frozenset[str]:
        """See Scene. What cannot be asked for is interrupted where its answer is lost."""
        lost = self.ending in ("timed_out", "found_out")
        return frozenset({"cancelled" if lost and self.order in _UNASKABLE else _STATES[self.ending]})

    @property
    def fault(self) -> VaultFault | None:
        """What the vault does wrong with each order."""
        first, last = _FIRST[self.order], _LAST[self.order]
        match self.ending:
            case "declined":
                return VaultFault(when="received", what="decline", command=first, value=_DECLINED)
            case "timed_out":
                return VaultFault(when="received", what="timed_out", command=first)
            case "found_out":
                return VaultFault(when="done", what="cut", command=last)
        return None

    def staged(self, broker: Broker, folder: Path) -> AbstractAsyncContextManager[Stage]:
        """See Scene."""
        return counter_stage(broker, folder, self.order, self.fault, self.settle_s)


COUNTER_CELLS = tuple(
    CounterCell(order, ending)
    for order in ORDERS
    for ending in ENDINGS
    if ending != "declined" or order not in _WITHOUT_ISSUER
)
