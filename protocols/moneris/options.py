"""The settings of one merchant account at the gateway, checked once. The credentials are not among them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Self

from protocols.core.options import OptionError, Scalar, check_currency, check_seconds, read_options
from protocols.moneris import codes

# Which e-commerce indicators go with which use of a stored credential (field sheet, COF rules).
_ALLOWED_CRYPT = {
    "crypt_first": "1567",
    "crypt_merchant": "17",
    "crypt_cardholder": "1567",
    "crypt_keyed": "1567",
    "crypt_follow_up": "1567",
}


@dataclass(frozen=True, slots=True)
class MonerisOptions:
    """Field sheet on gateways, "Moneris wire format"; times in seconds.

    The e-commerce indicators (`crypt_*`): 1 what the cardholder dictates at the desk or on the telephone, 7 a
    page over TLS, 5 and 6 with 3-D Secure. `refuse_avs` and `refuse_cvd` are letters of the issuer's address
    and security code results with which the clinic does not keep a card.
    """

    host: str = "mpg1.moneris.io"
    path: str = "/gateway2/servlet/MpgRequest"
    keep_alive: bool = False
    total_s: float = 35.0  # from a request to its reply, a new connection included
    currency: str = "CAD"
    token_scope: str = "moneris"
    device_type: str = "idtech_bdk"
    pos_code: str = "00"
    crypt_first: str = "1"
    crypt_merchant: str = "1"
    crypt_cardholder: str = "1"
    crypt_keyed: str = "1"  # a purchase with a card keyed on the reader
    crypt_follow_up: str = "7"  # refund and correction
    data_key_format: str = "0U"  # one token for one card, so that asking twice is harmless
    dynamic_descriptor: str = ""
    refuse_avs: str = "N"
    refuse_cvd: str = "ND"
    visa_debit: Literal["keep", "refuse"] = "keep"
    # [?] What a status check says of an order that does not exist is not confirmed: a status code from 050
    # on with this text. Empty: never believed, the order stays unknown.
    unknown_order_text: str = "not found"
    # [?] Whether a status check of a refund or a correction tells of that very transaction, where there is
    # one: only then does the order's payment, told instead, prove that there is none. Until the acquirer has
    # said so (`own`), a lost refund is left to a human.
    follow_up_status: Literal["unconfirmed", "own"] = "unconfirmed"

    def __post_init__(self) -> None:
        check_currency(self.currency)
        if not self.host or not self.host.isascii() or any(c in self.host for c in "/ \r\n"):
            raise OptionError(f"host is {self.host!r}; allowed: a host name, as mpg1.moneris.io")
        if not self.path.startswith("/") or not self.path.isascii() or " " in self.path:
            raise OptionError(f"path is {self.path!r}; allowed: a path that begins with /")
        check_seconds(self, "total_s")
        for name, allowed in _ALLOWED_CRYPT.items():
            value = getattr(self, name)
            if len(value) != 1 or value not in allowed:
                raise OptionError(f"{name} is {value!r}; allowed: {' or '.join(allowed)}")
        if self.data_key_format != "0U":
            text = "a lost answer is asked again, and only this format then gives the same token"
            raise OptionError(f"data_key_format is {self.data_key_format!r}; allowed: 0U, because {text}")
        for name, letters in (("refuse_avs", codes.AVS), ("refuse_cvd", codes.CVD)):
            if not set(getattr(self, name)) <= letters.keys():
                raise OptionError(
                    f"{name} is {getattr(self, name)!r}; allowed: letters out of {''.join(letters)}"
                )

    @classmethod
    def from_mapping(cls, options: Mapping[str, Scalar]) -> Self:
        """Build from a settings table. Raises OptionError for an unknown key or a wrong type."""
        return read_options(cls, "moneris", options)
