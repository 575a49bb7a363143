"""The vault's commands: what is wrong is named, with the exit code of a wrong use."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from simulator.acquirer.ledger import FileLedger
from simulator.acquirer.lines import Entry
from simulator.cli import app
from simulator.ending import WRONG_USE
from tests.support.vault_shop import NOW

STORED = Entry(
    kind="token_stored", at=NOW, terminal="store5", amount_minor=0, currency="CAD", receipt="1-0_0", trace="",
    turnover="", brand="visa", card="************4242", token="abcdefghijklmnopqrstuvwxy", customer="c-7",
)  # fmt: skip


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--https", "nonsense:port"], "--https is 'nonsense:port'; allowed: HOST:PORT"),
        (["--faults", "wrong.toml"], "fault[1]: half belongs to done"),
        (["--tls-key", "key.pem"], "--tls-key is given without --tls-cert"),
    ],
)
def test_a_wrong_option_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("wrong.toml").write_text('[[fault]]\nwhen = "received"\nwhat = "half"\n', encoding="utf-8")
    found = CliRunner().invoke(app, ["vault", *options])
    assert found.exit_code == WRONG_USE
    assert said in found.stderr


def test_tokens_that_were_deleted_are_not_kept(tmp_path: Path) -> None:
    ledger = FileLedger(tmp_path / "ledger.jsonl")
    ledger.append(STORED)
    ledger.append(replace(STORED, token="zyxwvutsrqponmlkjihgfedcb"))
    ledger.append(replace(STORED, kind="token_deleted"))
    found = CliRunner().invoke(app, ["tokens", str(ledger.path)])
    assert "zyxw…edcb" in found.stdout
    assert "abcd" not in found.stdout
    assert found.stdout.endswith("1 cards kept\n")


def test_a_ledger_that_is_none_is_named(tmp_path: Path) -> None:
    found = CliRunner().invoke(app, ["tokens", str(tmp_path / "none")])
    assert (found.exit_code, "none" in found.stderr) == (WRONG_USE, True)
