"""A card that a visitor gave to the vault's hosted field, made lasting by the clinic itself.

    verifying   a row with an order id, then `res_card_verification_cc` with the temporary token: the issuer's
                agreement, the first use of the stored credential. It keeps nothing; a lost answer is let go,
                and the visitor tries again.
    keeping     written down with the verification's transaction, then `res_add_token`. From here on the vault
                may hold the card. A temporary token is used up once, so a lost answer is never asked for with
                it: `res_tokenize_cc` of the verified order gives the same token however often it is sent (one
                token for one card, format 0U), until an answer comes, over restarts too.
    kept        the card is on file, in the transaction that says so.

The temporary token is in no row, and is worth nothing to anybody after a quarter of an hour.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from protocols.moneris.messages import AvsInfo, CofInfo, ResAddToken, ResCardVerificationCc, ResTokenizeCc
from simulator.clinic import cards
from simulator.clinic.clinic import Clinic
from simulator.clinic.database import Database, Row, new_id, stamp
from simulator.clinic.vault_access import (
    TOTAL_S,
    Declined,
    Unanswered,
    Vault,
    Verified,
    Why,
    lasting_token,
    verification,
)

AGAIN_S = 30.0
ACTOR = "online"
_CRYPT = "7"  # a page over TLS
_ONE_FOR_A_CARD = "0U"
_IN_NO_ROW = ("temporary", "browser", "patient")
_TEMPORARY = re.compile(r"ot-[A-Za-z0-9]{1,25}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What the visitor gave beside the number; `agreed` as in `cards.agreed_in`."""

    browser: str
    patient: str
    temporary: str = field(repr=False)
    holder: str
    postal_code: str
    agreed: Sequence[Mapping[str, str]]
    no_show: bool


@dataclass(frozen=True, slots=True)
class Taken:
    """How it ended. `card` is on file. Else `why`: a word of `Declined`, with which nothing is kept; away:
    nothing is kept, try again; open: the vault may hold it, and `settle` goes on asking."""

    card: str | None = None
    why: Why | Literal["", "away", "open"] = ""


def is_temporary(token: str) -> bool:
    """Whether this is a token of the hosted page. A lasting one may be somebody else's card: it is never
    taken from a browser."""
    return bool(_TEMPORARY.fullmatch(token))


async def take(clinic: Clinic, vault: Vault, given: Given) -> Taken:
    """Verify the card, keep it, and put it on file."""
    order = _begun(clinic, given)
    verified = await _verified(vault, given, order)
    if not isinstance(verified, Verified):
        _end(clinic.db, order, "declined" if verified else "not_kept")
        return Taken(why=verified.code if verified else "away")
    _keeping(clinic.db, order, verified)
    token = await _told(vault, _adding(given, verified))
    if isinstance(token, str):
        return Taken(_put_on_file(clinic.db, order, token, vault.scope, clinic.wall()))
    # Lost, or the temporary token is over: the verified order itself still says which card it is.
    return await settle(clinic, vault, order)


async def settle(clinic: Clinic, vault: Vault, order: str) -> Taken:
    """Ask once more for a card that the vault may hold, without its temporary token."""
    row = _row(clinic.db, order)
    if row["state"] != "keeping":
        return Taken(row["card"], "" if row["card"] else "refused")
    asked = ResTokenizeCc(
        order_id=order,
        txn_number=row["transaction_id"],
        cust_id=row["patient"],
        data_key_format=_ONE_FOR_A_CARD,
    )
    token = await _told(vault, asked)
    if token is None:
        return Taken(why="open")
    if isinstance(token, Declined):
        _end(clinic.db, order, "not_kept")
        return Taken(why="refused")
    return Taken(_put_on_file(clinic.db, order, token, vault.scope, clinic.wall()))


async def settle_for_ever(clinic: Clinic, vault: Vault) -> None:
    """See to it that no card is at the vault of which the clinic does not know."""
    clinic.db.run("UPDATE online_cards SET state = 'not_kept' WHERE state = 'verifying'")
    while True:
        for row in clinic.db.all("SELECT order_id FROM online_cards WHERE state = 'keeping'"):
            if (await settle(clinic, vault, row["order_id"])).card:
                clinic.live.changed()
        await asyncio.sleep(AGAIN_S)


def under_way(db: Database, browser: str, now: datetime) -> Row | None:
    """The card of this browser that is not at its end. A verification that got no answer in its time is let
    go: it keeps nothing."""
    return db.one(
        "SELECT * FROM online_cards WHERE browser = ?"
        " AND (state = 'keeping' OR state = 'verifying' AND at > ?) ORDER BY order_id DESC",
        browser,
        stamp(now - timedelta(seconds=2 * TOTAL_S)),
    )


# --- inside ---------------------------------------------------------------------------------------------


def _begun(clinic: Clinic, given: Given) -> str:
    """Write down what is about to be asked; the order id."""
    order = new_id(clinic.wall())
    told = {name: value for name, value in asdict(given).items() if name not in _IN_NO_ROW}
    clinic.db.add(
        "online_cards",
        order_id=order,
        browser=given.browser,
        patient=given.patient,
        at=stamp(clinic.wall()),
        known=json.dumps(told),
    )
    return order


def _keeping(db: Database, order: str, verified: Verified) -> None:
    """Write down that the vault may hold the card from now on, and all that its row will need."""
    known = {**json.loads(_row(db, order)["known"]), **asdict(verified)}
    db.run(
        "UPDATE online_cards SET state = 'keeping', transaction_id = ?, known = ? WHERE order_id = ?",
        verified.transaction,
        json.dumps(known),
        order,
    )


def _adding(given: Given, verified: Verified) -> ResAddToken:
    return ResAddToken(
        data_key=given.temporary,
        cust_id=given.patient,
        crypt_type=_CRYPT,
        expdate=verified.expiry_yymm,
        data_key_format=_ONE_FOR_A_CARD,
        avs_info=AvsInfo(avs_zipcode=given.postal_code),
        cof_info=CofInfo(payment_indicator="C", payment_information="0", issuer_id=verified.issuer_id or ""),
    )


async def _told(vault: Vault, asked: ResAddToken | ResTokenizeCc) -> str | Declined | None:
    """The lasting token, or why there is none; None where nobody knows."""
    try:
        return lasting_token(await vault.ask(asked))
    except Unanswered:
        return None


async def _verified(vault: Vault, given: Given, order: str) -> Verified | Declined | None:
    asked = ResCardVerificationCc(
        data_key=given.temporary,
        order_id=order,
        cust_id=given.patient,
        crypt_type=_CRYPT,
        avs_info=AvsInfo(avs_zipcode=given.postal_code),
        cof_info=CofInfo(payment_indicator="C", payment_information="0"),
    )
    try:
        return verification(await vault.ask(asked), order)
    except Unanswered:
        return None


def _put_on_file(db: Database, order: str, token: str, scope: str, now: datetime) -> str:
    """The card's row and the end of its taking, together. Run again, it gives the same card."""
    row = _row(db, order)
    told = json.loads(row["known"])
    known = {
        "kind": "chargeable",
        "agent": None,
        "terminal": None,
        "brand": told["brand"],
        "last_four": told["last_four"],
        "expiry": told["expiry_yymm"],
        "holder": told["holder"],
        "postal_code": told["postal_code"],
        "network_transaction_id": told["issuer_id"],
        "avs_result": told["avs"],
        "cvv_result": told["cvd"],
        "no_show_consent": int(told["no_show"]),
        "stored_at": stamp(now),
        "stored_by": ACTOR,
    }
    with db.transaction():
        if row["card"] is None:
            card = cards.keep(
                db, row["patient"], token, scope, known, agreed=told["agreed"], operation=None, now=now
            )
            db.run("UPDATE online_cards SET state = 'kept', card = ? WHERE order_id = ?", card, order)
            return card
    kept: str = row["card"]
    return kept


def _end(db: Database, order: str, state: str) -> None:
    db.run("UPDATE online_cards SET state = ? WHERE order_id = ?", state, order)


def _row(db: Database, order: str) -> Row:
    row = db.one("SELECT * FROM online_cards WHERE order_id = ?", order)
    assert row is not None
    return row
