"""Reading the file: what can be wrong before and around its keys."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from protocols.registry import PROTOCOLS
from terminal_agent.settings import Scalar, SettingsError, load
from terminal_agent.settings.file import LARGEST_FILE_BYTES
from tests.unit.terminal_agent.settings.samples import minimal, one_terminal, refused


@dataclass(frozen=True)
class Picky:
    """A protocol that knows one option."""

    def check(self, options: Mapping[str, Scalar]) -> None:
        if options.get("speed") != 3:
            raise ValueError("speed is wrong; allowed: 3")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        SettingsError, match=r"nowhere\.toml cannot be used:\n  it cannot be read: No such file"
    ):
        load(tmp_path / "nowhere.toml")


def test_a_folder_is_not_a_file(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="it cannot be read"):
        load(tmp_path)


def test_text_that_is_not_toml_names_the_line(tmp_path: Path) -> None:
    assert "it is not TOML: Invalid value (at line 2, column 6)" in refused(tmp_path, "[agent]\nid = agent\n")


def test_bytes_that_are_not_utf8(tmp_path: Path) -> None:
    (tmp_path / "agent.toml").write_bytes(b"[agent]\nid = '\xff'")
    with pytest.raises(SettingsError, match=r"not UTF-8 \(byte 14\)"):
        load(tmp_path / "agent.toml")


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    assert "is larger than" in refused(tmp_path, "#" * (LARGEST_FILE_BYTES + 1))


def test_everything_wrong_is_told_at_once(tmp_path: Path) -> None:
    text = refused(tmp_path, minimal().replace('"clinic"', "5") + "port = 0\nkeepalive_s = 1\n")
    assert [line.split(":")[0].strip() for line in text.splitlines()[1:]] == [
        "agent.clinic",
        "broker.port",
        "broker.keepalive_s",
    ]


def test_the_protocols_check_their_options(tmp_path: Path) -> None:
    path = tmp_path / "agent.toml"
    path.write_text(minimal() + one_terminal("options = {speed = 3}"), encoding="utf-8")
    assert load(path, {"zvt": Picky()}).terminals[0].options == {"speed": 3}
    path.write_text(minimal() + one_terminal("options = {speed = 4}"), encoding="utf-8")
    with pytest.raises(SettingsError, match=r"terminals\[0\]\.options: speed is wrong; allowed: 3"):
        load(path, {"zvt": Picky()})
    with pytest.raises(SettingsError, match=r"terminals\[0\]\.protocol: is 'zvt'; allowed: nexo, pax"):
        load(path, {"pax": Picky(), "nexo": Picky()})


def test_what_a_protocol_says_of_a_general_key_names_that_key(tmp_path: Path) -> None:
    (tmp_path / "agent.toml").write_text(minimal() + one_terminal('identity = "T134"'), encoding="utf-8")
    with pytest.raises(SettingsError, match=r"terminals\[0\]\.identity: is 'T134'; allowed: eight digits"):
        load(tmp_path / "agent.toml", PROTOCOLS)


def test_a_way_by_which_a_protocol_cannot_be_reached_is_refused(tmp_path: Path) -> None:
    options = 'options = {store_id_file = "secret", api_token_file = "secret"}'
    (tmp_path / "secret").write_text("x", encoding="utf-8")
    (tmp_path / "secret").chmod(0o400)
    text = minimal() + one_terminal(options).replace('"zvt"', '"idtech_moneris"')
    (tmp_path / "agent.toml").write_text(text, encoding="utf-8")
    said = r"terminals\[0\]\.serial: idtech_moneris is not reached this way; allowed: 'usb'"
    with pytest.raises(SettingsError, match=said):
        load(tmp_path / "agent.toml", PROTOCOLS)


def test_no_secret_is_in_an_error_or_its_traceback(tmp_path: Path) -> None:
    path = tmp_path / "agent.toml"
    bad = 'password = "s3cr3t"\npin = ["s3cr3t"]\n'
    path.write_text(
        minimal() + bad + one_terminal('options = {password = "s3cr3t", n = ["s3cr3t"]}'), "utf-8"
    )
    with pytest.raises(SettingsError) as caught:
        load(path)
    assert "broker.password" in str(caught.value)
    assert "s3cr3t" not in "".join(traceback.format_exception(caught.value))
    assert caught.value.__cause__ is None
