"""Secrets beside the settings: files of our own alone, systemd's credentials, never in clear."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from protocols.registry import PROTOCOLS
from terminal_agent.settings import SettingsError, Terminal, load
from tests.unit.terminal_agent.settings.samples import minimal, one_terminal, read, refused


def with_options(folder: Path, options: str) -> Terminal:
    return read(folder, minimal() + one_terminal(f"options = {options}")).terminals[0]


def refusal(folder: Path, options: str) -> str:
    return refused(folder, minimal() + one_terminal(f"options = {options}"))


def secret(path: Path, text: str = " 111222 \nmore", mode: int = 0o400) -> Path:
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def test_an_option_may_stand_in_a_file(tmp_path: Path) -> None:
    secret(tmp_path / "pw")
    assert with_options(tmp_path, '{password_file = "pw"}').for_protocol()["password"] == "111222"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            '{password_file = "gone"}',
            "/gone cannot be read (No such file or directory); the agent's user must own it",
        ),
        ("{password_file = 5}", "options.password_file: names a file; allowed: a path as text"),
        ('{password_file = "pw", password = "1"}', "options.password_file: stands beside password"),
        ("{token_credential = 5}", "names a credential; allowed: its name as text"),
        ('{token_credential = "t"}', "add LoadCredential=t:PATH to the unit"),
    ],
)
def test_what_cannot_be_used_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: str, said: str
) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    assert said in refusal(tmp_path, options)


@pytest.mark.parametrize("mode", [0o440, 0o404, 0o644, 0o600 | 0o020])
def test_a_file_that_others_may_open_is_refused_with_the_cure(tmp_path: Path, mode: int) -> None:
    path = secret(tmp_path / "pw", mode=mode)
    said = refusal(tmp_path, '{password_file = "pw"}')
    assert f"(mode {mode:04o}); chmod 0400 {path}" in said
    assert "111222" not in said


def test_a_credential_of_systemd_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = tmp_path / "credentials"
    given.mkdir()
    secret(given / "moneris-token", "yesguy\n", 0o440)  # an access list shows as the group's bits
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(given))
    options = with_options(tmp_path, '{api_token_credential = "moneris-token"}').for_protocol()
    assert options["api_token"] == "yesguy"
    assert "LoadCredential=other:PATH" in refusal(tmp_path, '{api_token_credential = "other"}')
    assert "a name without slashes" in refusal(tmp_path, '{api_token_credential = "../pw"}')


@pytest.mark.parametrize("name", ["store_id", "api_token"])
def test_the_merchants_secrets_are_never_taken_in_clear(tmp_path: Path, name: str) -> None:
    said = refusal(tmp_path, f'{{{name} = "yesguy"}}')
    assert f"options.{name}: stands in clear in the settings" in said
    assert f"{name}_file = path" in said
    assert f"{name}_credential = name" in said
    assert "yesguy" not in said


@pytest.mark.parametrize(("mode", "taken"), [(0o400, True), (0o600, True), (0o440, False), (0o444, False)])
def test_a_private_key_is_ours_alone(tmp_path: Path, mode: int, taken: bool) -> None:
    secret(tmp_path / "agent.key", "", mode)
    text = minimal() + '[broker.tls]\nca = "ca.pem"\ncertificate = "agent.pem"\nkey = "agent.key"\n'
    if taken:
        assert read(tmp_path, text).broker.tls is not None
    else:
        assert "broker.tls.key: " in (said := refused(tmp_path, text))
        assert "chmod 0400" in said


def test_a_key_in_a_folder_that_we_may_not_enter_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = Path.stat

    def stat(path: Path, **options: bool) -> os.stat_result:
        if path.name == "agent.key":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return looked(path, **options)

    monkeypatch.setattr(Path, "stat", stat)
    tls = '[broker.tls]\nca = "ca.pem"\ncertificate = "agent.pem"\nkey = "agent.key"\n'
    assert "agent.key cannot be reached (Permission denied); the agent's user" in refused(
        tmp_path, minimal() + tls
    )


def test_a_secret_that_cannot_be_read_is_told_once(tmp_path: Path) -> None:
    options = 'options = {store_id_file = "gone", api_token_file = "gone"}'
    text = minimal() + one_terminal(options).replace('"zvt"', '"idtech_moneris"')
    with pytest.raises(SettingsError) as refusal:
        load(secret(tmp_path / "agent.toml", text), PROTOCOLS)
    assert [one.key for one in refusal.value.complaints] == [
        "terminals[0].options.store_id_file",
        "terminals[0].options.api_token_file",
    ]
