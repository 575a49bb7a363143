"""A vault's plan from a file; errors name file, key, value and what is allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.declared import SettingError
from simulator.vault.settings import VaultFault, VaultPlan, load


def _loaded(folder: Path, text: str) -> VaultPlan:
    path = folder / "plan.toml"
    path.write_text(text, encoding="utf-8")
    return load(path)


def test_a_plan_is_read(tmp_path: Path) -> None:
    plan = _loaded(
        tmp_path,
        '[vault]\nstores = ["clinic:secret"]\npenny = false\n'
        '[[fault]]\nwhen = "done"\nwhat = "cut"\ncommand = "res_purchase_cc"\nnth = 2\n',
    )
    assert plan.settings.stores == ("clinic:secret",)
    assert plan.faults == (VaultFault(when="done", what="cut", command="res_purchase_cc", nth=2),)
    assert _loaded(tmp_path, "") == VaultPlan()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x", "is not TOML"),
        ("[other]", "key 'other' is unknown; allowed: vault, fault"),
        ('[vault]\nstores = ["clinic"]', "holds 'clinic'; allowed: texts as store5:yesguy"),
        ("[fault]", "allowed: tables headed"),
        ('[[fault]]\nwhen = "done"', "a table with at least when and what"),
        ('[[fault]]\nwhen = "done"\nwhat = "explode"', "allowed: cut, half, slow"),
        ('[[fault]]\nwhen = "received"\nwhat = "half"', "half belongs to done"),
        ('[[fault]]\nwhen = "done"\nwhat = "decline"', "decline belongs to received"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SettingError, match=said):
        _loaded(tmp_path, text)
