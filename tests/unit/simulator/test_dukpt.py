"""DUKPT against derived keys that independent implementations agree on."""

from __future__ import annotations

from typing import Any

import pytest

from simulator import dukpt
from tests.support.vectors import load

ENTRIES = load("dukpt")


def _of(kind: str) -> list[Any]:
    return [pytest.param(entry, id=entry["id"]) for entry in ENTRIES if entry["kind"] == kind]


def _hex(entry: dict[str, Any], name: str) -> bytes:
    return bytes.fromhex(entry[name])


@pytest.mark.parametrize("entry", _of("tdes_initial"))
def test_initial_keys(entry: dict[str, Any]) -> None:
    assert dukpt.initial_key(_hex(entry, "bdk"), _hex(entry, "ksn")) == _hex(entry, "ipek")


@pytest.mark.parametrize("entry", _of("tdes"))
def test_the_keys_of_a_read(entry: dict[str, Any]) -> None:
    base, ksn = _hex(entry, "bdk"), _hex(entry, "ksn")
    key = dukpt.transaction_key(base, ksn)
    assert key == _hex(entry, "txn_key")
    assert dukpt.variant_of(key, "pin") == _hex(entry, "pin_key")
    assert dukpt.variant_of(key, "mac_request") == _hex(entry, "mac_req_key")
    assert dukpt.variant_of(key, "mac_response") == _hex(entry, "mac_resp_key")
    assert dukpt.variant_of(key, "data_request") == _hex(entry, "data_req_variant_no_owf")
    assert dukpt.data_key(base, ksn) == _hex(entry, "data_req_key")
    assert dukpt.data_key(base, ksn, "data_response") == _hex(entry, "data_resp_key")


@pytest.mark.parametrize(
    "entry", [entry for entry in _of("tdes") if "data_req_cbc0_example" in entry.values[0]]
)
def test_cbc_with_a_zero_iv(entry: dict[str, Any]) -> None:
    example = entry["data_req_cbc0_example"]
    key = dukpt.data_key(_hex(entry, "bdk"), _hex(entry, "ksn"))
    assert dukpt.encrypt(key, _hex(example, "plain")) == _hex(example, "cipher")
    assert dukpt.decrypt(key, _hex(example, "cipher")) == _hex(example, "plain")


@pytest.mark.parametrize("entry", _of("tdes_advance"))
def test_the_next_ksn(entry: dict[str, Any]) -> None:
    if "Error" in entry["pydukpt_next"]:
        with pytest.raises(dukpt.KeySerialError, match="used all its keys"):
            dukpt.following(_hex(entry, "ksn"))
    else:
        assert dukpt.following(_hex(entry, "ksn")) == _hex(entry, "openemv_next")


@pytest.mark.parametrize(
    "ksn", ["FFFF9876543210E00000", "FFFF9876543210E007FF", "FFFF9876543210FFFFFF", "01"]
)
def test_a_ksn_that_no_device_sends(ksn: str) -> None:
    with pytest.raises(dukpt.KeySerialError):
        dukpt.transaction_key(dukpt.PUBLIC_BASE_KEY, bytes.fromhex(ksn))


@pytest.mark.parametrize("ksn", ["", "9876543210E00001", "FFFFFF9876543210E00001"])
def test_a_ksn_of_another_length_is_not_filled_up(ksn: str) -> None:
    for act in (dukpt.following, lambda told: dukpt.initial_key(dukpt.PUBLIC_BASE_KEY, told)):
        with pytest.raises(dukpt.KeySerialError, match="10 bytes"):
            act(bytes.fromhex(ksn))


def test_no_ksn_with_more_than_ten_bits_is_ever_used() -> None:
    ksn, last = bytes.fromhex("FFFF9876543210E00000"), 0
    for _ in range(3000):
        ksn = dukpt.following(ksn)
        counter = int.from_bytes(ksn, "big") & 0x1FFFFF
        assert last < counter
        assert counter.bit_count() <= 10
        last = counter


@pytest.mark.parametrize("entry", _of("aes_initial"))
def test_aes_initial_keys(entry: dict[str, Any]) -> None:
    made = dukpt.aes_initial_key(_hex(entry, "bdk"), _hex(entry, "initial_key_id"))
    assert made == _hex(entry, "initial_key")


@pytest.mark.parametrize("entry", _of("aes"))
def test_the_aes_keys_of_a_read(entry: dict[str, Any]) -> None:
    base, ksn = _hex(entry, "bdk"), _hex(entry, "ksn")
    assert dukpt.aes_transaction_key(base, ksn) == _hex(entry, "txn_derivation_key")
    uses: dict[str, dukpt.AesUse] = {
        "pin": "pin",
        "mac_gen": "mac_generate",
        "data_enc": "data_encrypt",
        "data_dec": "data_decrypt",
        "data_both": "data_both",
    }
    checked = 0
    for name, value in entry.items():
        use, _, bits = name.partition("_aes")
        if use in uses and bits.isdigit():
            assert dukpt.aes_working_key(base, ksn, uses[use], int(bits)) == bytes.fromhex(value)
            checked += 1
    assert checked >= 5


@pytest.mark.parametrize(
    "ksn", ["123456789012345600000000", "12345678901234560001FFFF", "FFFF9876543210E00001"]
)
def test_an_aes_ksn_that_no_device_sends(ksn: str) -> None:
    with pytest.raises(dukpt.KeySerialError):
        dukpt.aes_transaction_key(bytes(16), bytes.fromhex(ksn))


def test_an_initial_key_id_of_another_length_is_refused() -> None:
    with pytest.raises(dukpt.KeySerialError, match="8 bytes"):
        dukpt.aes_initial_key(bytes(16), bytes(7))
