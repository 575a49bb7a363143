"""Money and identifiers.

Money is integer minor units with its ISO 4217 currency; floats never appear.
"""

from __future__ import annotations

from dataclasses import dataclass

# ISO 4217 alphabetic -> numeric, as terminals send it (ZVT BMP 49, Concert CE).
CURRENCY_NUMBERS = {"CAD": "124", "USD": "840", "EUR": "978", "CHF": "756"}
CURRENCY_NAMES = {number: name for name, number in CURRENCY_NUMBERS.items()}


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units (cents) of a currency. Negative amounts do not exist on any wire we speak."""

    amount_minor: int
    currency: str = "CAD"

    def __post_init__(self) -> None:
        if self.amount_minor < 0:
            raise ValueError(f"amount_minor is {self.amount_minor}; money on a wire is zero or more")
        if self.currency not in CURRENCY_NUMBERS:
            raise ValueError(f"currency is {self.currency!r}; known: {', '.join(sorted(CURRENCY_NUMBERS))}")

    def __str__(self) -> str:
        return f"{self.amount_minor // 100}.{self.amount_minor % 100:02d} {self.currency}"
