"""Who is approved: by card first, then by the cents of the amount. The table is the whole policy.

| cents | answer | | card | answer |
|---|---|---|---|---|
| .05 | 05 refused | | `declined` | 05 refused |
| .14 | 14 invalid number | | `blocked` | 43 stolen card |
| .41 | 41 lost card | | `expired` | 54 expired, always |
| .51 | 51 insufficient funds | | `low_limit` | 61 above 100.00 |
| .54 | 54 expired card | | `wrong_pin` | never knows the right PIN: 75 after three tries |
| .57 | 57 not permitted | | `interac` | pays, gives no token |
| .61 | 61 above the limit | | `wallet` | pays, gives no token |
| .91 | 91 issuer unavailable | | the others | approved |

Codes are ISO 8583 field 39, decimal. Refunds pass the card's rules, never the table of cents:
what was paid with an unlucky amount could otherwise not be given back.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from simulator.cards import TestCard

BY_CENTS = {5: 5, 14: 14, 41: 41, 51: 51, 54: 54, 57: 57, 61: 61, 91: 91}

TEXTS = {
    0: ("APPROUVÉE", "APPROVED"),
    5: ("TRANSACTION REFUSÉE", "DECLINED"),
    14: ("NUMÉRO INVALIDE", "INVALID NUMBER"),
    41: ("CARTE PERDUE", "LOST CARD"),
    43: ("CARTE VOLÉE", "STOLEN CARD"),
    51: ("FONDS INSUFFISANTS", "INSUFFICIENT FUNDS"),
    54: ("CARTE EXPIRÉE", "EXPIRED CARD"),
    55: ("NIP INCORRECT", "WRONG PIN"),
    57: ("NON PERMISE", "NOT PERMITTED"),
    61: ("LIMITE DÉPASSÉE", "LIMIT EXCEEDED"),
    75: ("TROP D'ESSAIS DU NIP", "PIN TRIES EXCEEDED"),
    91: ("ÉMETTEUR INDISPONIBLE", "ISSUER UNAVAILABLE"),
}
"""What the host says for each code: (Quebec French, English)."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The host's answer. `host_code` 0 is an approval; only that has an authorisation code (6 digits)."""

    host_code: int
    authorisation_code: str = ""

    @property
    def approved(self) -> bool:
        """Whether the issuer agreed."""
        return self.host_code == 0


class Acquirer:
    """Decides, and numbers its approvals from a seeded source so that a run can be repeated."""

    def __init__(self, seed: int = 0) -> None:
        self._random = Random(seed)

    def authorise(self, card: TestCard, amount_minor: int, yymm: str, *, refund: bool = False) -> Decision:
        """Ask the issuer. `yymm` is today's month, for the expiry."""
        code = self._by_card(card, amount_minor, yymm)
        if code == 0 and not refund:
            code = BY_CENTS.get(amount_minor % 100, 0)
        return self.agree() if code == 0 else Decision(code)

    def agree(self) -> Decision:
        """An approval with a fresh code: also for what needs no card, as a reversal."""
        return Decision(0, f"{self._random.randrange(1, 1_000_000):06d}")

    @staticmethod
    def _by_card(card: TestCard, amount_minor: int, yymm: str) -> int:
        if card.host_code:
            return card.host_code
        if card.expiry_yymm < yymm:
            return 54
        if card.limit_minor is not None and amount_minor > card.limit_minor:
            return 61
        return 0
