"""The story at the terminal: a card kept, a payment, its repetition, a decline, a cut cable, a payment that
staff stop. After each part the demo says what must be so, and whether it is.
"""

from __future__ import annotations

from simulator.clinic.desk import Ending, FrontDesk
from simulator.demo import phrases
from simulator.demo.remote import Remote
from simulator.demo.telling import Teller
from simulator.demo.transcript import both, money

PAYMENT_MINOR = 4750
DECLINED_MINOR = 1205
"""The simulated acquirer refuses what ends in .05."""
CUT_MINOR = 8000
STOPPED_MINOR = 2500
_CABLE_OUT_S = 4.0
_WAITS_FOR_CARD = "awaiting_card"


class Story:
    """Tells itself once, in the teller's words."""

    def __init__(self, desk: FrontDesk, remote: Remote, teller: Teller) -> None:
        self._desk = desk
        self._remote = remote
        self._teller = teller

    async def tell(self) -> None:
        """All six parts. Raises DeskError, RemoteError, TimeoutError."""
        await self._keep_a_card()
        payment = await self._take_a_payment()
        await self._repeat(payment)
        await self._see_a_decline()
        await self._cut_the_cable()
        await self._stop_a_payment()

    async def _keep_a_card(self) -> None:
        await self._desk.ready()
        self._teller.begin(phrases.KEEP, phrases.KEEP_ASKS)
        ending = await self._desk.keep_card("patient-42", "recognition")
        token = ending.view.token if ending.view else None
        if ending.view is not None and token is not None:
            card = ending.view.card
            self._teller.transcript.says(
                "clinic",
                phrases.KEPT.format(
                    token=f"{token.value[:8]}…",
                    brand=card.brand if card else "?",
                    four=card.last_four if card else "?",
                    kind=token.kind,
                    scope=token.scope,
                ),
            )
            self._teller.transcript.note(phrases.KIND.get(token.kind, both(token.kind)))
        self._teller.expect(phrases.KEPT_OK, ending, "approved", lines=0, also=token is not None)
        self._teller.asks(phrases.KEEP_NO_SHOW_ASKS)
        ending = await self._desk.keep_card("patient-42", "no_show")
        self._teller.expect(phrases.KEEP_REFUSED_OK, ending, "rejected", lines=0, code="not_chargeable")

    async def _take_a_payment(self) -> Ending:
        await self._desk.ready()
        self._teller.begin(phrases.PAY, phrases.PAY_ASKS.format(amount=money(PAYMENT_MINOR)))
        ending = await self._desk.take_payment(PAYMENT_MINOR)
        self._teller.expect(phrases.PAY_OK, ending, "approved", lines=1)
        return ending

    async def _repeat(self, payment: Ending) -> None:
        await self._desk.ready()
        self._teller.begin(phrases.REPEAT, phrases.REPEAT_ASKS)
        reply = await self._desk.repeat(payment.pending)
        self._teller.expect(
            phrases.REPEAT_OK, payment, "approved", lines=0, also=reply.verdict == "duplicate"
        )

    async def _see_a_decline(self) -> None:
        await self._desk.ready()
        self._teller.begin(phrases.DECLINE, phrases.PAY_ASKS.format(amount=money(DECLINED_MINOR)))
        ending = await self._desk.take_payment(DECLINED_MINOR)
        self._teller.expect(phrases.DECLINE_OK, ending, "declined", lines=0)

    async def _cut_the_cable(self) -> None:
        await self._desk.ready()
        self._teller.begin(phrases.CUT, phrases.CUT_ASKS.format(amount=money(CUT_MINOR)))
        await self._remote.cut_after_booking(_CABLE_OUT_S)
        ending = await self._desk.take_payment(CUT_MINOR)
        self._teller.check(self._teller.watcher.heard("in_doubt"), phrases.CUT_DOUBT_OK)
        evidence = ending.view.evidence if ending.view else None
        source = evidence.source if evidence else "?"
        agrees = ", ".join(evidence.agrees) if evidence else "?"
        found = phrases.CUT_OK.format(source=source, agrees=agrees)
        self._teller.check(ending.state == "approved" and source not in ("dialogue", "?"), found)
        self._teller.expect(phrases.CUT_LEDGER_OK, ending, "approved", lines=1)

    async def _stop_a_payment(self) -> None:
        await self._desk.ready()
        self._teller.begin(phrases.STOP, phrases.STOP_ASKS.format(amount=money(STOPPED_MINOR)))
        pending = await self._desk.start_payment(STOPPED_MINOR)
        if not pending.settled:
            await self._teller.watcher.until_heard(_WAITS_FOR_CARD)
            self._teller.transcript.says("clinic", phrases.STOP_PRESSED)
            await self._desk.stop(pending)
        ending = await self._desk.ended(pending)
        self._teller.expect(phrases.STOP_OK, ending, "cancelled", lines=0)
