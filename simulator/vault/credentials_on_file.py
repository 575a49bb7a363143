"""Whether a stored credential is used as the networks demand (field sheet on gateways, COF rules)."""

from __future__ import annotations

from collections.abc import Mapping

# Indicator -> information that goes with it, e-commerce indicators allowed.
_RULES = {"C": ("0", "1567"), "R": ("0", "256"), "V": ("0", "256"), "U": ("2", "17"), "Z": ("2", "1567")}
_LATER = ("U", "Z")


def wrong_use(fields: Mapping[str, str], known: Mapping[str, str], number: str) -> str | None:
    """What is wrong with the cof_info of a request; None where nothing is. `known` maps an issuer's id to the
    card number of its first use. Clients that drop an information of "0" and an empty issuer's id at a first
    use exist, and the gateway takes their requests."""
    indicator = fields.get("cof_info/payment_indicator", "")
    if not indicator:
        return None
    if indicator not in _RULES:
        return "payment_indicator"
    information, crypts = _RULES[indicator]
    told = fields.get("cof_info/payment_information", "")
    if told != information and (told or indicator in _LATER):
        return "payment_information"
    if fields.get("crypt_type", "") not in crypts:
        return "crypt_type"
    if indicator in _LATER and known.get(fields.get("cof_info/issuer_id", "")) != number:
        return "issuer_id"
    return None


def use_of(fields: Mapping[str, str]) -> str:
    """How a credential was used, as the ledger tells it: C/0, U/2, Z/2, or "" where none was named."""
    indicator = fields.get("cof_info/payment_indicator", "")
    return f"{indicator}/{_RULES[indicator][0]}" if indicator in _RULES else ""
