"""The vault's own certificate outlives a start, and is made anew where it would not do."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.declared import SettingError
from simulator.vault.certificate import kept
from simulator.vault.running import certified


def test_what_clients_trust_stays_the_same(tmp_path: Path) -> None:
    first = [file.read_bytes() for file in kept(tmp_path, "localhost")]
    assert [file.read_bytes() for file in kept(tmp_path, "localhost")] == first


@pytest.mark.parametrize("lost", ["ca.pem", "vault.pem", "vault.key"])
def test_a_lost_file_is_made_anew_with_the_others(tmp_path: Path, lost: str) -> None:
    first = kept(tmp_path, "localhost")[1].read_bytes()
    (tmp_path / lost).unlink()
    assert kept(tmp_path, "localhost")[1].read_bytes() != first
    assert (tmp_path / lost).is_file()


def test_another_host_has_another_certificate(tmp_path: Path) -> None:
    first = kept(tmp_path, "localhost")[1].read_bytes()
    assert kept(tmp_path, "127.0.0.1")[1].read_bytes() != first


def test_what_is_no_certificate_is_named(tmp_path: Path) -> None:
    kept(tmp_path, "localhost")[1].write_text("nonsense", encoding="utf-8")
    with pytest.raises(SettingError, match=r"vault\.pem: is no certificate; give another --certificates"):
        certified(tmp_path, "localhost")
