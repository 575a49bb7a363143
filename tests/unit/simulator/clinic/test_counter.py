"""Forms at the counter that cannot be taken: what is said, and what is left alone."""

from __future__ import annotations

from pathlib import Path

import pytest
import pytest_asyncio

from simulator.clinic.clinic import Clinic
from simulator.clinic.database import stamp
from tests.support.clinic_records import NOW, READER, records
from tests.support.clinic_window import Window


@pytest.fixture
def clinic(tmp_path: Path) -> Clinic:
    return records(tmp_path)


@pytest_asyncio.fixture
async def window(clinic: Clinic) -> Window:
    window = Window(clinic)
    await window.log_in("gestion")
    return window


@pytest.mark.parametrize("fields", [{"name": " ", "point": "laval"}, {"name": "Accueil", "point": "nowhere"}])
async def test_a_terminal_keeps_its_name_where_none_is_given(
    clinic: Clinic, window: Window, fields: dict[str, str]
) -> None:
    answer = await window.post(f"/terminals/{READER}", name=fields["name"], point=fields["point"])
    assert answer.status == 422
    assert "donnez un nom au terminal" in answer.text
    (row,) = clinic.db.all("SELECT * FROM terminals WHERE terminal = 'reader'")
    assert (row["name"], row["point"]) == ("reader", "plateau")


async def test_a_request_is_turned_down_only_by_that_button(clinic: Clinic, window: Window) -> None:
    clinic.db.add(
        "appointments", id="a-1", patient="patient-42", service="physio-suivi", employee="nadia",
        point="plateau", starts=stamp(NOW), ends=stamp(NOW), status="requested",
    )  # fmt: skip
    for given in ("", "yes"):
        assert (await window.post("/online-requests/a-1", answer=given)).status == 400
    assert clinic.db.all("SELECT * FROM outbox") == []
    await window.post("/online-requests/a-1", answer="refuse")
    (row,) = clinic.db.all("SELECT status FROM appointments WHERE id = 'a-1'")
    assert row["status"] == "cancelled"
