"""The story in the pages: a card kept by the reader at its vault, and a missed appointment billed to it.

It is told through the clinic's own backend, as somebody of the staff would do it with a browser; the desk
beside it only reads.
"""

from __future__ import annotations

from protocols.contract.fields import Locale
from protocols.contract.operation import OperationView
from simulator.acquirer.lines import Line
from simulator.acquirer.totals import live_charges, tokens_kept
from simulator.cards import CARDS
from simulator.clinic.wording import words
from simulator.demo import phrases
from simulator.demo.pages import Pages
from simulator.demo.remote import Remote
from simulator.demo.settings import AGENT, READER
from simulator.demo.telling import Teller
from simulator.demo.transcript import Phrase, both, money

_LOGIN = "accueil"
_PATIENT, _HOLDER, _POSTAL_CODE = "patient-45", "Mohamed Benali", "H1W3C6"
_CARD = "mastercard"
_EVIDENCE = "Pas venu, pas appelé; attendu 15 minutes."


class OnFile:
    """Tells itself once, in the teller's words."""

    def __init__(self, pages: Pages, hands: Remote, teller: Teller, language: Locale) -> None:
        self._pages = pages
        self._hands = hands
        self._teller = teller
        self._language: Locale = language

    async def tell(self) -> None:
        """Both parts. Raises PagesError, RemoteError."""
        await self._pages.log_in(_LOGIN, _LOGIN)
        await self._keep_a_card()
        await self._bill_a_missed_appointment()

    async def _keep_a_card(self) -> None:
        self._teller.begin(phrases.KEEP_AT_VAULT, phrases.KEEP_AT_VAULT_ASKS)
        await self._pages.keep_card(_PATIENT, f"{AGENT}/{READER}", _HOLDER, _POSTAL_CODE)
        await self._teller.watcher.until_heard("awaiting_card")
        self._teller.transcript.says("reader", phrases.SWIPED.format(card=both(_CARD)))
        await self._hands.ask("swipe", card=_CARD)
        view = await self._teller.watcher.ended("store_card")
        self._teller.watcher.show_ledgers()
        kept = tokens_kept(self._vault())
        shown = await self._pages.shows(f"/patients/{_PATIENT}", CARDS[_CARD].last_four)
        same = view.token is not None and [line.token for line in kept] == [view.token.value]
        self._check(view, phrases.KEPT_AT_VAULT_OK, also=shown and same)

    async def _bill_a_missed_appointment(self) -> None:
        self._teller.begin(phrases.MISSED, phrases.MISSED_ASKS)
        invoice = await self._pages.bill_missed(_PATIENT, _EVIDENCE)
        view = await self._teller.watcher.ended("charge_card")
        self._teller.watcher.show_ledgers()
        paid = await self._pages.shows(invoice, words()["invoice_word.paid"][self._language])
        charged = [line.amount_minor for line in live_charges(self._vault())]
        phrase = phrases.MISSED_OK.format(amount=money(view.amount_minor or 0))
        self._check(view, phrase, also=paid and charged == [view.amount_minor])

    def _vault(self) -> tuple[Line, ...]:
        return self._teller.watcher.lines("vault")

    def _check(self, view: OperationView, phrase: Phrase, *, also: bool) -> None:
        good = view.state == "approved" and also
        books = ", ".join(line.kind for line in self._vault())
        self._teller.check(good, phrase, wanted="approved", found=f"{view.state} {view.code}; {books}")
