"""Finding a patient as a clerk types."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.clinic import patients
from simulator.clinic.clinic import Clinic
from tests.support.clinic_records import records
from tests.support.clinic_window import Window


@pytest.fixture
def clinic(tmp_path: Path) -> Clinic:
    return records(tmp_path)


@pytest.mark.parametrize(("wanted", "names"), [
    ("belanger", ["Bélanger"]), ("BÉLANGER", ["Bélanger"]), ("Gagnon, Sophie", ["Gagnon"]),
    ("sophie gag", ["Gagnon"]), ("sophie roy", []), ("emily.carter@exemple.test", ["Carter"]),
    ("5145550142", ["Gagnon"]), ("(514) 555-0142", ["Gagnon"]), ("555-0146", ["Roy"]), ("14", []),
    ("%", []), ("_", []), ("", ["Bélanger", "Benali", "Carter", "Gagnon", "Roy"]),
])  # fmt: skip
def test_whom_a_search_finds(clinic: Clinic, wanted: str, names: list[str]) -> None:
    assert [row["last_name"] for row in patients.search(clinic.db, wanted)] == names


async def test_the_page_keeps_what_was_searched(clinic: Clinic) -> None:
    window = Window(clinic)
    await window.log_in("accueil")
    shown = await window.get("/patients?q=belanger")
    assert "Bélanger, Luc" in shown.text
    assert "Gagnon, Sophie" not in shown.text
    assert 'value="belanger"' in shown.text
