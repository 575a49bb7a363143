"""The settings of one reader with its vault, apart from those of the two wires themselves."""

from __future__ import annotations

from dataclasses import dataclass

from protocols.core.options import check_currency, check_seconds


@dataclass(frozen=True, slots=True)
class ReaderVaultOptions:
    """All times in seconds.

    `settle_s`: an order that the vault does not know may still be on its way there; only after this long does
    it prove that nothing was booked. `[?]` no acquirer has said how long; their own requests end after 35.
    """

    currency: str = "CAD"
    token_scope: str = ""
    card_timeout_s: float = 90.0  # how long the cardholder is waited for
    settle_s: float = 120.0
    probe_s: float = 60.0  # an idle vault is looked at this often

    def __post_init__(self) -> None:
        check_currency(self.currency)
        check_seconds(self, "card_timeout_s", "settle_s", "probe_s")
