"""A card number in every form in which it could leave or lie about: for the tripwire and for the hunt."""

from __future__ import annotations

import base64
from collections.abc import Mapping

# Public test numbers, one or more of each scheme that has them.
NUMBERS = (
    "4111111111111111",
    "5454545454545454",
    "2223003122003222",
    "378282246310005",
    "36227206271667",
    "3530111333300000",
    "6011111111111117",
    "6200000000000005",
    "6205500000000000004",
)


def grouped(number: str, by: str = " ") -> str:
    """In groups of four."""
    return by.join(number[at : at + 4] for at in range(0, len(number), 4))


def packed(number: str) -> bytes:
    """Two digits a byte, padded with F as on a card's chip (EMV book 3, format cn)."""
    return bytes.fromhex(number if len(number) % 2 == 0 else f"{number}f")


def text_forms(number: str) -> Mapping[str, str]:
    """As text that somebody could print, log or send."""
    groups, digits, bcd = grouped(number), number.encode(), packed(number)
    forms = {
        "digits": number,
        "spaced": groups,
        "dashed": grouped(number, "-"),
        "hex": digits.hex(),
        "hex, upper case": digits.hex().upper(),
        "hex, spaced": digits.hex(" "),
        "hex of spaced": groups.encode().hex(),
        "packed": bcd.hex(),
        "packed, spaced": bcd.hex(" "),
        "packed, with colons": bcd.hex(":"),
        "packed, after its tag": f"2208{bcd.hex()}f0",
        "packed, escaped": "".join(f"\\x{byte:02x}" for byte in bcd),
        "wide": number.encode("utf-16-le").decode("latin-1"),
        "wide, other end": number.encode("utf-16-be").decode("latin-1"),
        "wide, hex": number.encode("utf-16-le").hex(),
        "url": "".join(f"%{byte:02X}" for byte in digits),
        "url, spaced": groups.replace(" ", "%20"),
    }
    for offset in range(3):
        forms[f"base64, offset {offset}"] = base64.b64encode(b"abc"[:offset] + digits).decode()
        forms[f"base64 of spaced, offset {offset}"] = base64.b64encode(
            b"ab;"[:offset] + groups.encode()
        ).decode()
        forms[f"base64 for urls, offset {offset}"] = base64.urlsafe_b64encode(
            b"\xff\xfe"[:offset] + digits + b";=2512"
        ).decode()
    return forms
