"""The vault as a pure desk: request bytes in with the time, reply bytes out and how they are to be delivered.

Fields are taken by name in any order, and absent optional ones are tolerated, as the real gateway does with
the clients that exist. What is booked is in the ledger before the reply is made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal, Protocol

from protocols.card_ranges import luhn_valid
from protocols.core.errors import DecodingError
from protocols.moneris.codec import Asked, read_request, write_receipt
from protocols.moneris.messages import Receipt
from simulator.acquirer.ledger import Ledger
from simulator.faults import FaultBook
from simulator.vault import slips
from simulator.vault.books import Refused
from simulator.vault.diary import Diary
from simulator.vault.issuer import Presented, is_expiry, is_number
from simulator.vault.lasting import LastingWork
from simulator.vault.orders import FOLLOW_UPS
from simulator.vault.settings import VaultFault, VaultSettings
from simulator.vault.work import Work


class Opened(Protocol):
    """A reader's frame, opened: the card number, its expiry (YYMM) and what stood beside them."""

    @property
    def pan(self) -> str: ...
    @property
    def expiry_yymm(self) -> str: ...
    @property
    def cvv(self) -> str | None: ...


Opens = Callable[[memoryview], Opened]
"""Opens a reader's frame. Raises ValueError for one that it cannot open."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A reply and its delivery: so many seconds late, not at all, or half of it and then hung up."""

    reply: bytes = field(repr=False)
    delay_s: float = 0.0
    cut: Literal["no", "half", "all"] = "no"
    status: int = 200


class VaultDesk:
    """One vault for all its stores. `opens` decrypts what readers have encrypted. With a diary it takes up
    where it stood before a restart; DiaryError where diary and ledger do not belong together."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        opens: Opens,
        settings: VaultSettings | None = None,
        faults: Iterable[VaultFault] = (),
        diary: Diary | None = None,
    ) -> None:
        self.settings = settings or VaultSettings()
        self._tokens = dict(store.split(":", 1) for store in self.settings.stores)
        self._opens = opens
        self._work = (
            Work(ledger, self.settings) if diary is None else LastingWork(ledger, self.settings, diary)
        )
        self._faults = FaultBook(faults)

    def plan(self, fault: VaultFault) -> None:
        """One more fault."""
        self._faults.add(fault)

    def answer(self, request: bytes, now: datetime) -> Answered:
        """Carry out one request. `now` is UTC."""
        try:
            asked = read_request(request)
        except DecodingError:
            return Answered(write_receipt(slips.global_error("XML parse error")))
        self._faults.begin("status" if asked.status_check else asked.tag)
        before = self._faults.take("received")
        for fault in before:
            if (early := _instead(fault)) is not None:
                return early
        receipt = self._receipt(asked, now, before)
        return _delivered(write_receipt(receipt), (*before, *self._faults.take("done")))

    def temporary_token(self, store: str, number: str, expiry_yymm: str, cvd: str, now: datetime) -> str:
        """A token of the hosted entry page. ValueError names the field that is wrong, never its value."""
        if store not in self._tokens:
            raise ValueError("id")
        if not (is_number(number) and luhn_valid(number)):
            raise ValueError("number")
        if not is_expiry(expiry_yymm):
            raise ValueError("expiry")
        if cvd and not (cvd.isascii() and cvd.isdecimal() and len(cvd) in (3, 4)):
            raise ValueError("code")
        card = Presented(number, expiry_yymm, cvd or None)
        return self._work.keep_for_a_while(store, card, now, self.settings.temporary_s).data_key

    # --- one request --------------------------------------------------------------------------------

    def _receipt(self, asked: Asked, now: datetime, faults: tuple[VaultFault, ...]) -> Receipt:
        if self._tokens.get(asked.store_id) != asked.api_token:
            return slips.global_error(slips.TOKEN_MISMATCH)
        if asked.status_check:
            return self._status(asked)
        decline = next((f"{fault.value:02d}" for fault in faults if fault.what == "decline"), None)
        try:
            return self._work.do(asked, self._presented(asked), now, decline)
        except Refused as refused:
            return slips.refused(str(refused))

    def _status(self, asked: Asked) -> Receipt:
        """[?] The gateway's own form for an order that does not exist is not confirmed."""
        follows = asked.tag in FOLLOW_UPS and self.settings.status_tells == "payment"
        told = self._work.orders.told(replace(asked, tag="purchase") if follows else asked)
        if told is None:
            return Receipt(complete="false", timed_out="false", status_code="999", status_message="not found")
        return replace(told, status_code="001", status_message="found")

    def _presented(self, asked: Asked) -> Presented | None:
        """The card that came with the request, if one did."""
        frame = asked.fields.get("enc_track2")
        if frame is not None:
            buffer = bytearray(frame.encode())
            try:
                opened = self._opens(memoryview(buffer))
            except ValueError:
                raise Refused(slips.NOT_SENT + "enc_track2") from None
            return Presented(opened.pan, opened.expiry_yymm, opened.cvv)
        if "pan" not in asked.fields:
            return None
        card = Presented(asked.fields["pan"], asked.fields.get("expdate", ""))
        for name, fits in (("pan", is_number(card.number)), ("expdate", is_expiry(card.expiry_yymm))):
            if not fits:
                raise Refused(slips.NOT_SENT + name)
        return card


_INSTEAD = {
    "timed_out": slips.global_error("Host timed out", timed_out=True),
    "error": slips.global_error("Internal error"),
    "duplicate": slips.refused(slips.DUPLICATE),
}


def _instead(fault: VaultFault) -> Answered | None:
    """The reply that comes in place of the true one; None where the true one comes."""
    if fault.what == "cut":
        return Answered(b"", cut="all")
    if fault.what == "http":
        return Answered(b"", status=fault.value or 503)
    if fault.what == "garbage":
        return Answered(b"<html>out of order")
    receipt = _INSTEAD.get(fault.what)
    return None if receipt is None else Answered(write_receipt(receipt))


def _delivered(reply: bytes, faults: tuple[VaultFault, ...]) -> Answered:
    """The reply of a request that was carried out, as its faults leave it."""
    answered = Answered(reply)
    for fault in faults:
        if fault.when == "done":
            half = replace(answered, cut="half") if fault.what == "half" else None
            answered = half or _instead(fault) or answered
    return replace(answered, delay_s=sum(fault.seconds for fault in faults if fault.what == "slow"))
