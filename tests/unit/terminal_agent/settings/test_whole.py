"""The settings as a whole: the shipped example, defaults, what belongs together."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from protocols.idtech.options import ReaderOptions
from protocols.moneris.options import MonerisOptions
from protocols.reader_vault.options import ReaderVaultOptions
from protocols.registry import PROTOCOLS
from protocols.zvt.options import ZvtOptions
from terminal_agent.settings import Settings, load
from tests.unit.terminal_agent.settings.samples import EXAMPLE, minimal, read, refused

VAULT = 'gateway = {host = "vault", port = 443, tls = {ca = "ca.pem"}}'


def test_the_shipped_example_is_valid_and_complete(tmp_path: Path) -> None:
    (tmp_path / "agent.toml").write_text(EXAMPLE.read_text(encoding="utf-8"), encoding="utf-8")
    password = tmp_path / "front-desk.password"
    password.write_text("123456\nignored", encoding="utf-8")
    password.chmod(0o400)
    settings = load(tmp_path / "agent.toml")
    front, room = settings.terminals
    assert front.serial is not None
    assert (front.serial.vid, front.serial.baud, front.transport) == ("0403", 9600, "serial")
    assert front.for_protocol()["password"] == "123456"
    assert room.tcp is not None
    assert (room.tcp.port, room.transport) == (20007, "tcp")
    assert settings.broker.tls is not None
    assert settings.broker.tls.ca == tmp_path / "tls" / "ca.pem"


def _with_the_reader(folder: Path) -> Settings:
    """The example with its reader's section taken out of its comments."""
    text = EXAMPLE.read_text(encoding="utf-8")
    before, _, section = text.partition("# [[terminals]]\n")
    section = re.sub(r"^# ?", "", "# [[terminals]]\n" + section, flags=re.MULTILINE)
    (folder / "agent.toml").write_text(before + section, encoding="utf-8")
    for name in ("front-desk.password", "front-desk.store", "front-desk.token"):
        (folder / name).write_text("123456\n", encoding="utf-8")
        (folder / name).chmod(0o400)
    return load(folder / "agent.toml", PROTOCOLS)


def test_the_readers_section_of_the_example_is_valid_and_shows_the_defaults(tmp_path: Path) -> None:
    reader = _with_the_reader(tmp_path).terminals[-1]
    told = reader.for_protocol()
    assert (reader.protocol, reader.transport, told["store_id"]) == ("idtech_moneris", "usb", "123456")
    kinds = {"": ReaderVaultOptions, "reader_": ReaderOptions, "vault_": MonerisOptions}
    defaults = {
        prefix + field.name: field.default for prefix, kind in kinds.items() for field in fields(kind)
    }
    general = {
        "currency",
        "token_scope",
        "reader_serial",
        "vault_host",
        "vault_currency",
        "vault_token_scope",
    }
    assert {name for name in defaults if name not in told} <= general
    own = {name: value for name, value in told.items() if name in defaults and name not in general}
    assert own == {name: defaults[name] for name in own}


def test_every_key_of_the_model_is_named_in_the_example() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    schema = Settings.model_json_schema()
    keys = {key for section in schema["$defs"].values() for key in section.get("properties", {})}
    assert sorted(key for key in keys if key not in text) == []


def test_every_option_of_zvt_is_named_in_the_example() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    names = {field.name for field in fields(ZvtOptions)} - {
        "transport",
        "terminal_id",
        "token_kind",
        "token_scope",
    }
    assert sorted(name for name in names if name not in text) == []


def test_little_is_required_and_the_rest_has_safe_defaults(tmp_path: Path) -> None:
    settings = read(tmp_path, minimal())
    assert settings.broker.port == 8883
    assert settings.clock.max_offset_s == 5.0
    assert settings.log.level == "info"
    assert settings.terminals == ()
    assert settings.journal_path == tmp_path / "state" / "journal.sqlite3"


def test_the_journal_may_stand_elsewhere(tmp_path: Path) -> None:
    settings = read(tmp_path, minimal() + '[journal]\npath = "/srv/j.sqlite3"\n')
    assert settings.journal_path == Path("/srv/j.sqlite3")


def test_a_terminal_is_found_by_its_id(tmp_path: Path) -> None:
    settings = read(tmp_path, minimal() + terminal("a", 'tcp = {host = "10.0.0.1", port = 20007}'))
    assert settings.terminal("a") is settings.terminals[0]
    assert settings.terminal("b") is None


def test_without_tls_only_a_local_broker_is_allowed(tmp_path: Path) -> None:
    text = refused(tmp_path, minimal().replace("127.0.0.1", "mqtt.example.org"))
    assert "broker: without TLS only a broker on this machine is allowed" in text
    assert "add [broker.tls]" in text


@pytest.mark.parametrize(
    ("tls", "said"),
    [
        ('ca = "ca.pem"', "[broker.tls] lacks certificate and key"),
        ('ca = "ca.pem"\nkey = "k.pem"', "`certificate` and `key` belong together"),
    ],
)
def test_the_broker_wants_our_certificate(tmp_path: Path, tls: str, said: str) -> None:
    assert said in refused(tmp_path, minimal() + f"[broker.tls]\n{tls}\n")


def terminal(name: str, endpoint: str) -> str:
    return f'[[terminals]]\nid = "{name}"\nname = "{name}"\nprotocol = "zvt"\n{endpoint}\n'


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        ('serial = {path = "/dev/ttyS0"}', 'serial = {path = "/dev/ttyS0"}', "share the port /dev/ttyS0"),
        (f'usb = {{vid = "0acd"}}\n{VAULT}', f'usb = {{vid = "0acd"}}\n{VAULT}', "share the reader 0acd:any"),
        (
            'tcp = {host = "Pos", port = 20007}',
            'tcp = {host = "pos", port = 20007}',
            "share the address pos:20007",
        ),
        (
            'serial = {vid = "0403", pid = "6001", serial_number = "X"}',
            'serial = {vid = "0403", pid = "6001", serial_number = "X"}',
            "share the adapter 0403:6001 number 'X'",
        ),
        (
            'serial = {vid = "0403", pid = "6001"}',
            "serial = {vid = 0x0403, pid = 0x6001}",
            "without a serial number; give each its `serial_number`, or its `path`",
        ),
    ],
)
def test_two_terminals_cannot_share_a_way(tmp_path: Path, first: str, second: str, said: str) -> None:
    text = refused(tmp_path, minimal() + terminal("a", first) + terminal("b", second))
    assert "terminals 'a' and 'b'" in text
    assert said in text


def test_two_terminals_cannot_share_an_id(tmp_path: Path) -> None:
    one, other = 'serial = {path = "/dev/ttyS0"}', 'serial = {path = "/dev/ttyS1"}'
    assert "share the id 'a'" in refused(tmp_path, minimal() + terminal("a", one) + terminal("a", other))
