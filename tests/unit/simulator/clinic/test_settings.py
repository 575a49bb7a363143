"""What stands in a clinic's settings, and what a new database takes from them."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.clinic.clinic import make
from simulator.clinic.settings import load
from simulator.declared import SettingError

_TERMINAL = """
[[terminals]]
agent = "a-1"
terminal = "t-1"
name = "Lecteur de l'accueil"
point = "{point}"
"""


def written(folder: Path, text: str) -> Path:
    file = folder / "clinic.toml"
    file.write_text('[clinic]\nid = "clinic-1"\n' + text, encoding="utf-8")
    return file


def test_terminals_have_the_names_that_the_settings_give_until_staff_change_them(tmp_path: Path) -> None:
    file = written(tmp_path, _TERMINAL.format(point="plateau"))
    clinic = make(load(file))
    (row,) = clinic.db.all("SELECT * FROM terminals")
    assert (row["agent"], row["terminal"], row["name"], row["point"], row["disabled"]) == (
        "a-1", "t-1", "Lecteur de l'accueil", "plateau", 0,
    )  # fmt: skip
    clinic.db.run("UPDATE terminals SET name = 'Mine'")
    clinic.db.close()
    again = make(load(file))
    assert [row["name"] for row in again.db.all("SELECT name FROM terminals")] == ["Mine"]
    again.db.close()


def test_a_point_of_service_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="a-1/t-1: is 'mars'; allowed: laval, plateau"):
        make(load(written(tmp_path, _TERMINAL.format(point="mars"))))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('[[terminals]]\nagent = "a-1"', r"terminals\[1\]: terminal, name, point is missing"),
        ('[vault]\nurl = "https://localhost"', "vault: store_id, api_token_file, scope is missing"),
        ('[broker]\nhots = "x"', "broker: key 'hots' is unknown"),
        ('time_zone = "Mars"', "clinic.time_zone: is 'Mars'; allowed: a zone's name"),
    ],
)
def test_what_is_not_allowed_is_named(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(SettingError, match=complaint):
        load(written(tmp_path, text))
