"""What a ledger adds up to. Pure functions over its lines, for anybody who has the file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from simulator.acquirer.lines import Line

_TAKES = ("charge", "capture")


def undone(lines: Sequence[Line]) -> frozenset[str]:
    """The ids of lines that a reversal has undone. A reversal may itself be undone: later lines decide."""
    gone: set[str] = set()
    for line in reversed(lines):
        if line.kind == "reversal" and line.id not in gone:
            gone.add(line.reverses)
    return frozenset(gone)


def live_charges(lines: Sequence[Line]) -> tuple[Line, ...]:
    """Charges and captures that stand: money taken and not reversed."""
    gone = undone(lines)
    return tuple(line for line in lines if line.kind in _TAKES and line.id not in gone)


def live_refunds(lines: Sequence[Line]) -> tuple[Line, ...]:
    """Refunds that stand."""
    gone = undone(lines)
    return tuple(line for line in lines if line.kind == "refund" and line.id not in gone)


def open_holds(lines: Sequence[Line]) -> tuple[Line, ...]:
    """Holds that were neither captured, released nor reversed, or whose capture was undone again."""
    gone = undone(lines)
    used = {line.reverses for line in lines if line.kind in ("capture", "release") and line.id not in gone}
    return tuple(line for line in lines if line.kind == "hold" and line.id not in used | gone)


def tokens_kept(lines: Sequence[Line]) -> tuple[Line, ...]:
    """The lines of cards that a vault keeps: stored and not deleted since."""
    deleted = {line.token for line in lines if line.kind == "token_deleted"}
    return tuple(line for line in lines if line.kind == "token_stored" and line.token not in deleted)


def balance(lines: Sequence[Line]) -> dict[str, int]:
    """Minor units that the merchant has gained, by currency: live charges less live refunds."""
    total: dict[str, int] = {}
    for line in live_charges(lines):
        total[line.currency] = total.get(line.currency, 0) + line.amount_minor
    for line in live_refunds(lines):
        total[line.currency] = total.get(line.currency, 0) - line.amount_minor
    return total


def batch(lines: Sequence[Line], terminal: str) -> tuple[Line, ...]:
    """A terminal's lines since its last end of day."""
    own = [line for line in lines if line.terminal == terminal]
    closes = [place for place, line in enumerate(own) if line.kind == "batch_close"]
    return tuple(own[closes[-1] + 1 :] if closes else own)


@dataclass(frozen=True, slots=True)
class BrandTotal:
    """How many live transactions a brand has in a batch, and their net amount (refunds subtracted)."""

    count: int = 0
    net_minor: int = 0


def by_brand(lines: Sequence[Line]) -> dict[str, BrandTotal]:
    """Day totals: live charges and captures less live refunds, per brand. Holds are no turnover."""
    totals: dict[str, BrandTotal] = {}
    signed = [(line, 1) for line in live_charges(lines)] + [(line, -1) for line in live_refunds(lines)]
    for line, sign in signed:
        so_far = totals.get(line.brand, BrandTotal())
        totals[line.brand] = BrandTotal(so_far.count + 1, so_far.net_minor + sign * line.amount_minor)
    return totals
