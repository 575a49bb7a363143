"""What is said of wrong keys and values."""

from __future__ import annotations

from pathlib import Path

import pytest

from terminal_agent.settings.complaints import key_path
from tests.unit.terminal_agent.settings.samples import minimal, one_terminal, refused


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("[brokr]\n", "brokr: is not a key that we know; did you mean 'broker'?"),
        ("prot = 1\n", "broker.prot: is not a key that we know; did you mean 'port'?"),
        ("qqq = 1\n", "broker.qqq: is not a key that we know; remove it. Known here: host, port, tls"),
        (one_terminal("limits = {largest_sale = 1}"), "did you mean 'largest_sale_minor'?"),
        (one_terminal(endpoint='serial = {path = "/dev/x", bauds = 1}'), "did you mean 'baud'?"),
    ],
)
def test_an_unknown_key_gets_a_near_one(tmp_path: Path, wrong: str, said: str) -> None:
    assert said in refused(tmp_path, minimal() + wrong)


def test_a_missing_key_says_what_it_is_for(tmp_path: Path) -> None:
    text = refused(tmp_path, minimal().replace('host = "127.0.0.1"\n', ""))
    assert "broker.host: is missing (Name or address of the broker); add it" in text


def test_a_missing_section_is_named(tmp_path: Path) -> None:
    assert "broker: is missing" in refused(tmp_path, minimal().partition("[broker]")[0])


def test_a_wrong_value_says_what_it_is_and_what_is_allowed(tmp_path: Path) -> None:
    text = refused(tmp_path, minimal() + '[log]\nlevel = "loud"\n')
    assert (
        "log.level: is 'loud' (text); allowed: 'debug', 'info', 'warning' or 'error' "
        "(The least important that is told); change it"
    ) in text


def test_a_long_value_is_cut_and_a_card_number_masked(tmp_path: Path) -> None:
    text = refused(
        tmp_path, minimal() + f'[log]\nlevel = "4111 1111 1111 1111 {"x" * 300}"\nformat = "{"y" * 300}"\n'
    )
    assert "4111 1111" not in text
    assert "1111" in text
    assert "y" * 60 not in text


@pytest.mark.parametrize(
    ("value", "kind"), [("[1]", "a list"), ("{a = 1}", "a table"), ("2026-11-22", "a date or time")]
)
def test_an_option_is_a_scalar(tmp_path: Path, value: str, kind: str) -> None:
    text = refused(tmp_path, minimal() + one_terminal(f"options = {{speed = {value}}}"))
    assert f"terminals[0].options.speed: is {kind}; allowed: text, a number, true or false" in text
    assert text.count("options.speed") == 1


def test_a_key_path_reads_like_toml() -> None:
    assert key_path(("terminals", 2, "serial", "baud")) == "terminals[2].serial.baud"
    assert key_path(()) == ""
    assert key_path(("4111111111111111",)) == "************1111"
