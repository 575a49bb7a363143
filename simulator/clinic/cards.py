"""Cards on file: what is known of each is its token and what may be shown. A card belongs to a patient and to
the token's scope, and is offered at every point of service that shares the scope.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime

from protocols.contract.operation import OperationView
from simulator.clinic.database import Database, Row, new_id, stamp

_CONSENT = {"text": "text_id", "version": "version", "language": "language", "given": "given"}
_WITH_CONSENT = ("stored", "agreed")
_OF_PATIENT = "SELECT * FROM cards WHERE patient = ? AND deleted_at IS NULL ORDER BY stored_at DESC"


def get(db: Database, card: str) -> Row | None:
    """One card, deleted ones too."""
    return db.one("SELECT * FROM cards WHERE id = ?", card)


def of_patient(db: Database, patient: str) -> list[Row]:
    """The cards on file, newest first."""
    return db.all(_OF_PATIENT, patient)


def all_on_file(db: Database) -> list[Row]:
    """Every card on file with its patient, by the patient's name."""
    return db.all(
        "SELECT cards.*, patients.first_name, patients.last_name FROM cards"
        " JOIN patients ON patients.id = cards.patient WHERE deleted_at IS NULL"
        " ORDER BY last_name, first_name"
    )


def consent_texts(db: Database, card: Row) -> list[Row]:
    """What the patient agreed to since it was stored last, as it was worded then."""
    agreed: list[dict[str, str]] = []
    for line in history(db, card["id"]):
        agreed = [*agreed_in(line), *agreed]
        if line["what"] == "stored":
            break
    last = {key: card[f"consent_{name}"] for name, key in _CONSENT.items()}
    found = [
        db.one(
            "SELECT * FROM consent_texts WHERE id = ? AND version = ? AND language = ?",
            one["text_id"],
            one["version"],
            one["language"],
        )
        for one in agreed or [last]
    ]
    return [text for text in found if text is not None]


def agreed_in(line: Row) -> list[dict[str, str]]:
    """The consents of a line of the history that tells of some: each with the text's id, its version and
    language, and how it was given."""
    told: list[dict[str, str]] = json.loads(line["detail"] or "[]") if line["what"] in _WITH_CONSENT else []
    return told


def history(db: Database, card: str) -> list[Row]:
    """What happened to it, newest first."""
    return db.all("SELECT * FROM card_history WHERE card = ? ORDER BY id DESC", card)


def is_expired(card: Row, today: date) -> bool:
    """Good through the last day of the month on it. A card that tells no expiry is not known to be over."""
    return bool(card["expiry"]) and card["expiry"] < today.strftime("%y%m")


def is_shared(db: Database, card: Row) -> bool:
    """Whether another file has the same card: a family's. The vault gives one token for one card."""
    other = db.one(
        "SELECT 1 FROM cards WHERE scope = ? AND token = ? AND id <> ? AND deleted_at IS NULL",
        card["scope"],
        card["token"],
        card["id"],
    )
    return other is not None


def usable(db: Database, patient: str, scope: str, today: date) -> list[Row]:
    """Cards that can be charged in this scope now: an expired one or one of another scope counts as none."""
    return [
        card
        for card in of_patient(db, patient)
        if card["kind"] == "chargeable" and card["scope"] == scope and not is_expired(card, today)
    ]


def expiring(db: Database, before: date) -> list[Row]:
    """Cards that expire before a day, soonest first, with their patients."""
    return db.all(
        "SELECT cards.*, patients.first_name, patients.last_name FROM cards"
        " JOIN patients ON patients.id = cards.patient"
        " WHERE deleted_at IS NULL AND expiry IS NOT NULL AND expiry < ? ORDER BY expiry, last_name",
        before.strftime("%y%m"),
    )


def note(db: Database, card: str, what: str, actor: str, now: datetime, *, operation: str | None = None,
         detail: str = "") -> None:  # fmt: skip
    """One more line of its history; of one operation there is one line, that of its newest word."""
    if operation is not None:
        db.run("DELETE FROM card_history WHERE card = ? AND operation = ?", card, operation)
    db.add(
        "card_history", card=card, at=stamp(now), actor=actor, what=what, operation=operation, detail=detail
    )


def stored(db: Database, operation: Row, view: OperationView, now: datetime) -> None:
    """The end of `store_card`: an approved one with a token is a card on file, once. A card that is stored
    again under its own token (the vault gives the same one) keeps its row."""
    if view.state != "approved" or view.token is None or not operation["patient"]:
        return
    told = json.loads(operation["note"])
    shown = view.card
    known = {
        "kind": str(view.token.kind),
        "agent": operation["agent"],
        "terminal": operation["terminal"],
        "brand": shown.brand if shown else None,
        "last_four": shown.last_four if shown else None,
        "expiry": shown.expiry if shown else None,
        "holder": told.get("holder", ""),
        "postal_code": told.get("postal_code", ""),
        "network_transaction_id": view.network_transaction_id,
        "avs_result": view.avs_result,
        "cvv_result": view.cvv_result,
        "no_show_consent": int(told.get("no_show", False)),
        "stored_at": stamp(now),
        "stored_by": operation["actor"],
    }
    keep(
        db,
        operation["patient"],
        view.token.value,
        view.token.scope,
        known,
        agreed=told["agreed"],
        operation=operation["id"],
        now=now,
    )


def keep(
    db: Database,
    patient: str,
    token: str,
    scope: str,
    known: dict[str, str | int | None],
    *,
    agreed: Sequence[Mapping[str, str]],
    operation: str | None,
    now: datetime,
) -> str:
    """Put a card on file, or bring the row of this very token up to date; its id. `agreed`, see `agreed_in`:
    the row has the last one, which goes with charges; the history has them all, for good."""
    known |= {f"consent_{name}": agreed[-1][key] for name, key in _CONSENT.items()}
    row = db.one("SELECT id FROM cards WHERE patient = ? AND token = ? AND scope = ?", patient, token, scope)
    if row is None:
        card = new_id(now)
        db.add("cards", id=card, patient=patient, token=token, scope=scope, **known)
    else:
        card = row["id"]
        settings = ", ".join(f"{name} = ?" for name in known)
        db.run(f"UPDATE cards SET {settings}, deleted_at = NULL WHERE id = ?", *known.values(), card)  # noqa: S608  # our own names
    by, detail = str(known["stored_by"]), json.dumps(list(agreed))
    note(db, card, "stored", by, now, operation=operation, detail=detail)
    return card


def agree_to_no_show(db: Database, card: str, agreed: Mapping[str, str], actor: str, now: datetime) -> None:
    """The patient of a card that is on file agrees to no-show fees with it, too. `agreed`, see `agreed_in`:
    it goes with charges from here on."""
    settings = ", ".join(f"consent_{name} = ?" for name in _CONSENT)
    values = [agreed[key] for key in _CONSENT.values()]
    with db.transaction():
        db.run(f"UPDATE cards SET no_show_consent = 1, {settings} WHERE id = ?", *values, card)  # noqa: S608  # our own names
        note(db, card, "agreed", actor, now, detail=json.dumps([agreed]))


def verified(db: Database, operation: Row, view: OperationView, now: datetime) -> None:
    """The end of `verify_card`: the issuer says that it is good, or not."""
    if operation["card"] and view.state in ("approved", "declined"):
        what = "verified" if view.state == "approved" else "not_good"
        note(db, operation["card"], what, operation["actor"], now, operation=operation["id"])


def deleted(db: Database, operation: Row, view: OperationView, now: datetime) -> None:
    """The end of `delete_card`: the vault has forgotten it."""
    if operation["card"] and view.state == "approved":
        card = db.one("SELECT * FROM cards WHERE id = ?", operation["card"])
        if card is not None:
            forget(db, card, operation["actor"], now, operation=operation["id"])


def forget(db: Database, card: Row, actor: str, now: datetime, *, operation: str | None = None) -> None:
    """Take a card off the file; its history stays."""
    with db.transaction():
        db.run("UPDATE cards SET deleted_at = ? WHERE id = ?", stamp(now), card["id"])
        note(db, card["id"], "deleted", actor, now, operation=operation)


def charge_fields(card: Row) -> dict[str, str | None]:
    """How a card is named in `charge_card` and `verify_card`."""
    return {
        "token": card["token"],
        "scope": card["scope"],
        "network_transaction_id": card["network_transaction_id"],
    }
