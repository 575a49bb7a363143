"""A terminal's table."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from terminal_agent.settings.terminal import Limits
from tests.unit.terminal_agent.settings.samples import minimal, one_terminal, read, refused


@pytest.mark.parametrize(
    ("endpoint", "said"),
    [
        ("", "give exactly one of [terminals.serial], [terminals.tcp] and [terminals.usb]"),
        (
            'serial = {path = "/dev/ttyS0"}\ntcp = {host = "pos", port = 1}',
            "give exactly one of [terminals.serial], [terminals.tcp] and [terminals.usb]",
        ),
        (
            'serial = {path = "/dev/ttyS0", vid = "0403", pid = "6001"}',
            "give either `path` or `vid` and `pid`",
        ),
        ('serial = {vid = "0403"}', "`terminal-agent devices` prints the lines"),
        ('serial = {serial_number = "X"}', "give `path`, or `vid` and `pid`"),
    ],
)
def test_a_terminal_is_reached_in_one_way(tmp_path: Path, endpoint: str, said: str) -> None:
    assert said in refused(tmp_path, minimal() + one_terminal(endpoint=endpoint))


@pytest.mark.parametrize("bad", ["8N3", "9N1", "8X1", "8n1", ""])
def test_the_format_of_a_serial_line(tmp_path: Path, bad: str) -> None:
    line = f'serial = {{path = "/dev/ttyS0", format = "{bad}"}}'
    text = refused(tmp_path, minimal() + one_terminal(endpoint=line))
    assert "terminals[0].serial.format: is " in text
    assert "Data bits, parity N, E or O, stop bits" in text


def test_what_the_protocol_is_told(tmp_path: Path) -> None:
    extra = (
        'identity = "12345678"\ntoken = {scope = "m1"}\noptions = {password = "654321", t3_s = 7, x = true}'
    )
    told = read(tmp_path, minimal() + one_terminal(extra)).terminals[0].for_protocol()
    assert told == {
        "transport": "serial",
        "currency": "CAD",
        "terminal_id": "12345678",
        "token_kind": "recognition",
        "token_scope": "m1",
        "password": "654321",
        "t3_s": 7,
        "x": True,
    }


def test_what_is_not_set_is_not_told(tmp_path: Path) -> None:
    told = read(tmp_path, minimal() + one_terminal()).terminals[0].for_protocol()
    assert told == {"transport": "serial", "currency": "CAD"}


@pytest.mark.parametrize("name", ["transport", "currency", "terminal_id", "token_kind", "token_scope"])
def test_a_general_key_cannot_hide_among_the_options(tmp_path: Path, name: str) -> None:
    text = refused(tmp_path, minimal() + one_terminal(f'options = {{{name} = "x"}}'))
    assert f"`{name}` is no option of the protocol here; set " in text


def test_a_password_is_never_shown(tmp_path: Path) -> None:
    settings = read(tmp_path, minimal() + one_terminal('options = {password = "654321"}'))
    for shown in (repr(settings), str(settings), settings.model_dump_json(), repr(settings.terminals[0])):
        assert "654321" not in shown


def test_limits_are_minor_units_and_none_by_default(tmp_path: Path) -> None:
    assert read(tmp_path, minimal() + one_terminal()).terminals[0].limits == Limits()
    limited = one_terminal("limits = {largest_sale_minor = 5000, largest_refund_minor = 0}")
    limits = read(tmp_path, minimal() + limited).terminals[0].limits
    assert (limits.largest_sale_minor, limits.largest_refund_minor, limits.refunds_per_day) == (5000, 0, None)
    text = refused(tmp_path, minimal() + one_terminal("limits = {largest_sale_minor = 10.5}"))
    assert "terminals[0].limits.largest_sale_minor: is 10.5 (a number)" in text


def test_operations_and_languages_are_closed_lists(tmp_path: Path) -> None:
    terminal = read(
        tmp_path, minimal() + one_terminal('operations = ["sale"]\nlanguages = ["en"]')
    ).terminals[0]
    assert terminal.operations == frozenset({"sale"})
    assert terminal.languages == ("en",)
    text = refused(tmp_path, minimal() + one_terminal('operations = ["sell"]\nlanguages = ["de"]'))
    assert "terminals[0].operations[0]: is 'sell' (text); allowed: 'store_card', 'sale'" in text
    assert "terminals[0].languages[0]: is 'de' (text); allowed: 'fr' or 'en'" in text


def test_settings_do_not_change_once_read(tmp_path: Path) -> None:
    terminal = read(tmp_path, minimal() + one_terminal()).terminals[0]
    with pytest.raises(ValueError, match="frozen"):
        setattr(terminal, "name", "other")  # noqa: B010 - the test is that it cannot be set
    assert pickle.loads(pickle.dumps(terminal)) == terminal
