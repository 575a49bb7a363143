"""The gateway's result codes as slugs of the contract's wording. A table.

Sources: field sheet on gateways (response codes, AVS, CVD, card types); ISO 8583 field 39 for the two digits.
"""

from __future__ import annotations

from collections.abc import Mapping

DECLINED = "declined_by_host"

# ISO 8583 field 39, as the receipt's ISO tells it. What is not here is declined without a reason.
ISO: Mapping[str, str] = {
    "01": "call_issuer",
    "02": "call_issuer",
    "03": "merchant_invalid",
    "04": "card_blocked",
    "05": DECLINED,
    "07": "card_blocked",
    "09": "host_no_answer",
    "12": "transaction_invalid",
    "13": "amount_invalid",
    "14": "card_invalid",
    "15": "card_unknown",
    "30": "protocol_error",
    "40": "card_not_admitted",
    "41": "card_blocked",
    "43": "card_blocked",
    "51": "insufficient_funds",
    "54": "card_expired",
    "55": "wrong_pin",
    "57": "card_not_admitted",
    "61": "limit_exceeded",
    "62": "card_blocked",
    "65": "limit_exceeded",
    "75": "pin_tries_exceeded",
    "91": "issuer_unavailable",
    "96": "host_no_answer",
}

# The gateway's own code, where the ISO code says nothing (field sheet, penny simulator).
RESPONSE: Mapping[str, str] = {"482": "card_expired", "483": "call_issuer"}

# Who issued the card (CardType), by the names of protocols.core.brands. P is Interac.
BRANDS: Mapping[str, str] = {
    "V": "Visa",
    "M": "Mastercard",
    "AX": "American Express",
    "NO": "Discover",
    "DS": "Discover",
    "DC": "Diners Club",
    "C1": "JCB",
    "SE": "Sears",
    "UP": "UnionPay",
    "P": "Interac",
}
INTERAC = "P"

# AvsResultCode: what agreed of the address.
AVS: Mapping[str, str] = {
    "A": "street",
    "B": "street",
    "Z": "postal_code",
    "P": "postal_code",
    "W": "postal_code",
    "Y": "both",
    "X": "both",
    "D": "both",
    "M": "both",
    "F": "both",
    "N": "none",
    "C": "not_checked",
    "G": "not_checked",
    "I": "not_checked",
    "U": "not_checked",
    "R": "not_checked",
    "S": "not_checked",
}

# CvdResultCode, its second character: what the issuer says of the security code. Y and D are Amex's.
CVD: Mapping[str, str] = {
    "M": "match",
    "Y": "match",
    "N": "no_match",
    "D": "no_match",
    "P": "not_checked",
    "S": "not_checked",
    "U": "not_checked",
}

# What the gateway says of an order id that was used before. Ours are made from the operation: whatever was
# done under it, in a life of the agent that it does not remember, was done for it, and must be asked.
DUPLICATE = "the transaction was not sent to the host because of a duplicate order id"

# Beginnings of the messages with which the gateway refuses a request without any effect, in lower case. A
# positive list: any other receipt without a response code leaves the operation unknown.
REFUSALS: tuple[tuple[str, str], ...] = (
    ("the transaction was not sent to the host", "vault_refused"),
    ("api token mismatch", "vault_credentials"),
    ("invalid store id", "vault_credentials"),
    ("cannot find previous", "vault_refused"),
    ("invalid data key", "token_unknown"),
    ("xml parse error", "vault_refused"),
)
