"""What may be known of a card: a masked number, a token, a few facts. And `Sealed`, for what may not.

`Sealed` is a fixed buffer that can be wiped and that refuses every way of being shown, compared or stored.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, NoReturn

TokenKind = Literal["chargeable", "recognition"]
EntryMode = Literal["insert", "tap", "swipe", "keyed"]
# Why a credential is used (networks' stored-credential framework): it is stored for later, it is charged
# without the cardholder (a no-show), or with the cardholder asking.
CredentialUse = Literal["first", "merchant", "cardholder"]

_MASKED = re.compile(r"[0-9]{0,6}\*+[0-9]{0,4}")


class Sealed:
    """Bytes that may hold card data. Shows its length only; no equality, hash, pickle, copy or JSON."""

    __slots__ = ("_buffer",)

    def __init__(self, data: bytes | bytearray | memoryview) -> None:
        self._buffer = bytearray(data)

    def __len__(self) -> int:
        return len(self._buffer)

    def __repr__(self) -> str:
        return f"Sealed({len(self._buffer)} bytes)"

    __str__ = __repr__

    def __eq__(self, other: object) -> NoReturn:
        raise TypeError("a Sealed is never compared")

    __hash__ = None  # type: ignore[assignment]  # unhashable on purpose

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Sealed is never pickled or copied")

    def view(self) -> memoryview:
        """The bytes themselves, for the one function that parses or sends them. Never keep it."""
        return memoryview(self._buffer)

    def wipe(self) -> None:
        """Overwrite with zeros in place. Views taken earlier see the zeros too."""
        self._buffer[:] = bytes(len(self._buffer))

    def __del__(self) -> None:
        self.wipe()


@dataclass(frozen=True, slots=True)
class MaskedPan:
    """A card number of which at most the first six and last four digits are known (PCI DSS 3.4.1)."""

    text: str

    def __post_init__(self) -> None:
        if not _MASKED.fullmatch(self.text):
            raise ValueError("a masked card number is at most 6 digits, then stars, then at most 4 digits")

    @property
    def last_four(self) -> str | None:
        """The last four digits when the terminal shows them all."""
        tail = self.text.rsplit("*", 1)[-1]
        return tail if len(tail) == 4 else None

    @classmethod
    def of_digits(cls, digits: str) -> MaskedPan:
        """Mask whatever the terminal sent: any non-digit counts as hidden; at most the last four stay."""
        tail = re.search(r"[0-9]{4}$", digits)
        hidden = max(len(digits) - 4, 1)
        return cls("*" * hidden + (tail.group() if tail else ""))


@dataclass(frozen=True, slots=True)
class CardToken:
    """A reference to a card. `scope` names the merchant account in which it is valid.

    `chargeable` can be billed later without the card; `recognition` only tells that it is the same card.
    """

    value: str
    kind: TokenKind
    scope: str


@dataclass(frozen=True, slots=True)
class Card:
    """The facts of a card that may be shown: brand, last four, expiry (YYMM), how it was presented."""

    brand: str | None = None
    last_four: str | None = None
    expiry_yymm: str | None = None
    entry_mode: EntryMode | None = None


@dataclass(frozen=True, slots=True)
class StoredCard:
    """One card of a list: what may be shown of it."""

    token: str
    card: Card


@dataclass(frozen=True, slots=True)
class Address:
    """What the issuer compares: upper case, no space in the postal code."""

    postal_code: str | None = None
    street_number: str | None = None
    street_name: str | None = None


NO_ADDRESS = Address()
