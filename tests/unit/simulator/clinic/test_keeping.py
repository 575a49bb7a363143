"""Verifying and removing cards on file, and which of them expire soon."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from simulator.clinic import cards, keeping, operations
from simulator.clinic.asking import Refused
from simulator.clinic.clinic import Clinic
from simulator.clinic.database import Row
from simulator.clinic.web.cards import after_next_month
from tests.support.clinic_records import BY, card_on_file, ended, records


@pytest.fixture
def clinic(tmp_path: Path) -> Clinic:
    return records(tmp_path)


def the(clinic: Clinic, card: str) -> Row:
    row = cards.get(clinic.db, card)
    assert row is not None
    return row


@pytest.mark.parametrize(("day", "limit"), [
    (date(2026, 11, 30), date(2027, 1, 1)), (date(2026, 12, 1), date(2027, 2, 1)),
    (date(2027, 1, 31), date(2027, 3, 1)),
])  # fmt: skip
def test_soon_is_this_month_and_the_next(day: date, limit: date) -> None:
    assert after_next_month(day) == limit


async def test_a_card_is_asked_about_one_thing_at_a_time(clinic: Clinic) -> None:
    card = card_on_file(clinic, postal_code="H2J1X1")
    asked = await keeping.verify(clinic, the(clinic, card), BY)
    row = operations.get(clinic.db, asked)
    assert row is not None
    assert json.loads(row["data"])["address"] == {"postal_code": "H2J1X1"}
    with pytest.raises(Refused, match=r"card\.in_use"):
        await keeping.remove(clinic, the(clinic, card), BY)
    ended(clinic, asked, "none", 0)
    removed = await keeping.remove(clinic, the(clinic, card), BY)
    assert removed is not None
    assert the(clinic, card)["deleted_at"] is None  # not before the vault says so
    ended(clinic, removed, "none", 0)
    assert the(clinic, card)["deleted_at"]
    assert [line["what"] for line in cards.history(clinic.db, card)] == ["deleted", "verified"]
    with pytest.raises(Refused, match=r"card\.is_removed"):
        await keeping.verify(clinic, the(clinic, card), BY)


async def test_a_recognition_token_is_of_no_vault_and_goes_at_once(clinic: Clinic) -> None:
    card = card_on_file(clinic, kind="recognition")
    with pytest.raises(Refused, match=r"offer\.recognition"):
        await keeping.verify(clinic, the(clinic, card), BY)
    assert await keeping.remove(clinic, the(clinic, card), BY) is None
    assert cards.of_patient(clinic.db, "patient-42") == []
    assert clinic.db.all("SELECT * FROM operations") == []


async def test_a_familys_card_stays_at_the_vault_for_the_other_file(clinic: Clinic) -> None:
    mothers = card_on_file(clinic, token="one-for-one-card")
    childs = card_on_file(clinic, "patient-44", token="one-for-one-card")
    assert await keeping.remove(clinic, the(clinic, mothers), BY) is None
    assert the(clinic, mothers)["deleted_at"]
    assert the(clinic, childs)["deleted_at"] is None
    # The last one of them is the vault's too.
    assert await keeping.remove(clinic, the(clinic, childs), BY) is not None


async def test_a_card_of_a_strange_account_stays_until_its_vault_can_be_asked(clinic: Clinic) -> None:
    card = card_on_file(clinic, scope="merchant-9")
    with pytest.raises(Refused, match=r"pay\.no_desk_of_scope"):
        await keeping.remove(clinic, the(clinic, card), BY)
    assert the(clinic, card)["deleted_at"] is None
