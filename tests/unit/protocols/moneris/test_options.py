"""The account's settings."""

from __future__ import annotations

import pytest

from protocols.core.options import OptionError
from protocols.moneris.credentials import Credentials
from protocols.moneris.options import MonerisOptions


def test_the_defaults_are_the_sheets() -> None:
    options = MonerisOptions.from_mapping({})
    assert (options.device_type, options.data_key_format, options.total_s) == ("idtech_bdk", "0U", 35.0)
    assert (options.refuse_avs, options.refuse_cvd) == ("N", "ND")
    assert MonerisOptions.from_mapping({"keep_alive": True}).keep_alive


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("crypt_merchant", "5", "crypt_merchant is '5'; allowed: 1 or 7"),
        ("crypt_first", "", "allowed: 1 or 5 or 6 or 7"),
        ("data_key_format", "0", "allowed: 0U, because a lost answer"),
        ("host", "https://x/", "allowed: a host name"),
        ("path", "gateway2", "begins with /"),
        ("currency", "XXX", "allowed: CAD"),
        ("total_s", 0, "more than 0 seconds"),
        ("refuse_avs", "n", "refuse_avs is 'n'; allowed: letters out of ABZ"),
        ("refuse_cvd", "X", "allowed: letters out of MYND"),
        ("visa_debit", "maybe", "'keep' or 'refuse'"),
        ("keep_alive", "yes", "keep_alive is 'yes'; allowed: true or false"),
        ("api_token", "abc", "api_token is not an option of moneris"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed(name: str, value: str | float, said: str) -> None:
    with pytest.raises(OptionError, match=said):
        MonerisOptions.from_mapping({name: value})


@pytest.mark.parametrize(("store", "token", "named"), [("", "t", "store_id"), ("s", " ", "api_token")])
def test_credentials_are_not_empty(store: str, token: str, named: str) -> None:
    with pytest.raises(ValueError, match=f"{named} is empty"):
        Credentials(store, token)
