"""A vault's work that outlives its process: what it was asked is in a diary, and is done again at the start.

All that is done follows from what is asked, so the ledger that comes of it must be the one that is there: a
vault that said "not found" of an order in its own ledger would be believed. The last request may be missing
in the ledger, where the process ended in between: it is booked then, as nobody was told otherwise.
"""

from __future__ import annotations

import contextlib
from collections import deque
from dataclasses import fields
from datetime import datetime

from protocols.moneris.codec import Asked
from protocols.moneris.messages import Receipt
from simulator.acquirer.ledger import Ledger
from simulator.acquirer.lines import Entry, Line
from simulator.vault import slips
from simulator.vault.books import Refused
from simulator.vault.cards_kept import Kept
from simulator.vault.diary import Asking, Diary, DiaryError, asking
from simulator.vault.issuer import Presented
from simulator.vault.settings import VaultSettings
from simulator.vault.work import Work


class LastingWork(Work):
    """Takes test cards alone: no other number comes to a disk. Raises DiaryError, OSError."""

    def __init__(self, ledger: Ledger, settings: VaultSettings, diary: Diary) -> None:
        stores = {store.partition(":")[0] for store in settings.stores}
        stores.update(one.store for one in diary.askings)
        retraced = _Retraced(ledger, stores, diary)
        super().__init__(retraced, settings)
        self._diary = diary
        for number, one in enumerate(diary.askings, 1):
            retraced.may_book = number == len(diary.askings)
            self._again(one)
        retraced.finish()

    def do(self, asked: Asked, presented: Presented | None, now: datetime, decline: str | None) -> Receipt:
        """See Work; written before it is done."""
        told = {"at": now.isoformat(), "store": asked.store_id, "tag": asked.tag, "decline": decline or ""}
        try:
            self._diary.write(asking(presented, fields=asked.fields, **told))
        except ValueError:
            raise Refused(slips.NOT_SENT + "card: only test cards are taken here") from None
        return super().do(asked, presented, now, decline)

    def keep_for_a_while(self, store: str, card: Presented, now: datetime, seconds: float) -> Kept:
        """See Work. Raises ValueError for a number that is no test card's."""
        try:
            self._diary.write(asking(card, at=now.isoformat(), store=store, seconds=seconds))
        except ValueError:
            raise ValueError("number") from None
        return super().keep_for_a_while(store, card, now, seconds)

    def _again(self, one: Asking) -> None:
        card = one.presented
        if not one.tag:
            assert card is not None
            super().keep_for_a_while(one.store, card, one.time, one.seconds)
            return
        asked = Asked(one.store, "", one.tag, one.fields)
        with contextlib.suppress(Refused):
            super().do(asked, card, one.time, one.decline or None)


class _Retraced:
    """The ledger, held against what is done again; from `finish` on the ledger itself."""

    def __init__(self, ledger: Ledger, stores: set[str], diary: Diary) -> None:
        self._ledger, self._diary = ledger, diary
        self._before = deque(line for line in ledger.lines() if line.terminal in stores)
        self.may_book = False

    def append(self, entry: Entry) -> Line:
        """The line that is there, or a new one."""
        if self.may_book and not self._before:
            return self._ledger.append(entry)
        line = self._before.popleft() if self._before else None
        if line is None or any(getattr(line, one.name) != getattr(entry, one.name) for one in fields(Entry)):
            where = "ends before it" if line is None else f"has {line.id} in its place"
            raise DiaryError(
                f"{self._diary.path}: tells of a {entry.kind} for order {entry.order!r}; the ledger {where}."
                " Give the --ledger and the --state that belong together, or begin with new ones"
            )
        return line

    def lines(self) -> tuple[Line, ...]:
        """See Ledger."""
        return self._ledger.lines()

    def finish(self) -> None:
        """All was done again. Raises DiaryError where the ledger holds more."""
        if self._before:
            raise DiaryError(
                f"the ledger holds {self._before[0].id} ({self._before[0].kind}), of which {self._diary.path}"
                " does not tell: what became of its order would be answered wrongly. Give the --state that"
                " belongs to it, or begin with a new --ledger"
            )
        self.may_book = True
