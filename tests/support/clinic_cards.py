"""Cards on file of the clinic's patients, put there without its pages: the vault keeps them for real."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from simulator.clinic.database import new_id, stamp
from tests.support.clinic_house import ClinicHouse
from tests.support.reader_house import SCOPE


async def put_on_file(
    clinic: ClinicHouse,
    patient: str,
    card: str = "visa",
    *,
    no_show: bool = False,
    expiry: str | None = None,
    scope: str = SCOPE,
) -> str:
    """Have the vault keep a card, and write the clinic's record of it; its id. `expiry` and `scope` as the
    record is to tell them."""
    kept = await clinic.counter.give(clinic.counter.storing(), card)
    assert kept.token is not None
    assert kept.card is not None
    now = datetime.now(UTC)
    row = {
        "id": new_id(now),
        "patient": patient,
        "token": kept.token.value,
        "scope": scope,
        "kind": "chargeable",
        "brand": kept.card.brand,
        "last_four": kept.card.last_four,
        "expiry": expiry or kept.card.expiry,
        "holder": "Sophie Gagnon",
        "postal_code": "H2J1X1",
        "network_transaction_id": kept.network_transaction_id,
        "consent_text": "no-show" if no_show else "card-on-file",
        "consent_version": "3" if no_show else "2",
        "consent_language": "fr",
        "consent_given": "in_person",
        "no_show_consent": int(no_show),
        "stored_at": stamp(now),
        "stored_by": "staff-17",
    }
    names = ", ".join(row)
    marks = ", ".join(f"json_extract(?1, '$.{name}')" for name in row)
    clinic.change(f"INSERT INTO cards ({names}) VALUES ({marks})", json.dumps(row))
    return str(row["id"])
