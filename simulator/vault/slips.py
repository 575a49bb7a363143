"""The receipts that the vault writes: each kind in one place."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from protocols.moneris.messages import Receipt, ResolveData
from simulator.vault.cards_kept import Kept
from simulator.vault.issuer import Presented

DUPLICATE = "The transaction was not sent to the host because of a duplicate order id"
NOT_SENT = "The transaction was not sent to the host because of an invalid "
UNKNOWN_KEY = "Invalid data key"
NO_PREVIOUS = "Cannot find previous transaction"
TOKEN_MISMATCH = "API token mismatch"
_PADDED = "{}           *                    ="
REGISTERED = "Successfully registered CC details."
UPDATED = _PADDED.format("Successfully updated cc details")
DELETED = _PADDED.format("Successfully deleted cc details")


def of_transaction(
    *, order_id: str, transaction: str, reference: str, trans_type: str, amount: str, card: Presented,
    response_code: str, iso: str, auth_code: str, now: datetime, visa_debit: bool,
    avs: str | None = None, cvd: str | None = None, issuer_id: str | None = None, kept: Kept | None = None,
) -> Receipt:  # fmt: skip
    """Of whatever went to an issuer."""
    approved = int(response_code) < 50
    return Receipt(
        data_key=None if kept is None else kept.data_key,
        receipt_id=order_id,
        reference_num=reference,
        response_code=response_code,
        iso=iso,
        auth_code=auth_code if approved else "000000",
        message=_PADDED.format("APPROVED" if approved else "DECLINED"),
        trans_time=f"{now:%H:%M:%S}",
        trans_date=f"{now:%Y-%m-%d}",
        trans_type=trans_type,
        complete="true",
        trans_amount=amount,
        card_type=card.card_type,
        trans_id=transaction,
        timed_out="false",
        corporate_card="false",
        avs_result_code=avs,
        cvd_result_code=cvd,
        res_success=None if kept is None else "true",
        payment_type=None if kept is None else "cc",
        is_visa_debit="true" if visa_debit else "false",
        issuer_id=issuer_id,
        resolved=() if kept is None else (resolved(kept, listed=False),),
    )


def of_vault(message: str, now: datetime, kept: Kept | None = None, issuer_id: str | None = None) -> Receipt:
    """Of the vault's own doings, without an issuer."""
    return Receipt(
        data_key=None if kept is None else kept.data_key,
        response_code="001",
        message=message,
        trans_time=f"{now:%H:%M:%S}",
        trans_date=f"{now:%Y-%m-%d}",
        complete="true",
        timed_out="false",
        res_success="true",
        payment_type="cc",
        issuer_id=issuer_id,
        resolved=() if kept is None else (resolved(kept, listed=False),),
    )


def of_expiring(cards: tuple[Kept, ...], now: datetime) -> Receipt:
    """Of a list of stored cards."""
    return Receipt(
        response_code="001",
        message=f"Successfully located {len(cards)} expiring cards.",
        trans_time=f"{now:%H:%M:%S}",
        trans_date=f"{now:%Y-%m-%d}",
        complete="true",
        timed_out="false",
        res_success="true",
        payment_type="cc",
        resolved=tuple(resolved(card, listed=True) for card in cards),
    )


def refused(message: str) -> Receipt:
    """Of a request that went to no issuer."""
    return Receipt(message=message, complete="false", timed_out="false", corporate_card="false")


def global_error(message: str, *, timed_out: bool = False) -> Receipt:
    """Of a request that the gateway could not serve at all."""
    return Receipt(
        receipt_id="Global Error Receipt",
        message=message,
        complete="false",
        timed_out="true" if timed_out else "false",
    )


def resolved(kept: Kept, *, listed: bool) -> ResolveData:
    """What the vault shows of a card; in a list also its token."""
    return replace(
        kept.about,
        data_key=kept.data_key if listed else None,
        payment_type="cc" if listed else None,
        expdate=kept.card.expiry_yymm,
        masked_pan=kept.card.masked,
    )
