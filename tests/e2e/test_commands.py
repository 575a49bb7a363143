"""Every command, approved and refused, over MQTT with mutual TLS, on a real pty and over TCP, for staff and
terminals in French and in English; what is reported is compared with the acquirer's ledger."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from protocols.contract.commands import DiagnoseAgent, Rescan
from protocols.contract.fields import Text
from protocols.contract.operation import OperationView
from terminal_agent.client import (
    Abort,
    Capture,
    Diagnose,
    Pending,
    Preauth,
    Query,
    Receipt,
    Reconcile,
    Refund,
    Resolve,
    Reversal,
    Sale,
    StoreCard,
)
from tests.support.broker import Broker
from tests.support.house import House, a_house
from tests.support.station import TERMINAL_ID, Plan
from tests.support.truth import assert_true
from tests.support.waiting import LIMIT_S, eventually

pytestmark = [pytest.mark.system, pytest.mark.asyncio(loop_scope="module")]

WAYS = [(wire, language) for wire in ("pty", "tcp") for language in ("fr", "en")]


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=WAYS, ids="-".join)
async def house(
    request: pytest.FixtureRequest, broker: Broker, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[House]:
    """A running point of service, whose staff and terminal speak the same language."""
    wire, language = request.param
    plan = Plan(wire=wire, language=language)
    async with a_house(broker, tmp_path_factory.mktemp("house"), plan) as running:
        running.locale = language
        yield running


def says(text: Text | None, fr: str, en: str) -> None:
    """Both languages are there, each says its own words, and they are not the same."""
    assert text is not None
    assert fr in text.fr
    assert en in text.en
    assert text.fr != text.en


def approved(house: House, view: OperationView, before: int) -> None:
    """Approved, and in the ledger; the terminal's own words are in its language."""
    assert (view.state, view.code) == ("approved", "approved"), view
    says(view.text, "approuvée", "approved")
    assert view.terminal_text == {"fr": "APPROUVÉE", "en": "APPROVED"}[house.locale]
    assert_true(view, house.lines(), before)


def booked_so_far(house: House) -> int:
    """How many lines the ledger has."""
    return len(house.lines())


async def sold(house: House, amount_minor: int = 1250) -> OperationView:
    """A sale that was approved."""
    return await house.pay(Sale(**house.stamp(), amount_minor=amount_minor))


# --- store card ---------------------------------------------------------------------------------------


async def test_a_card_is_stored_and_nothing_is_charged(house: House) -> None:
    before = booked_so_far(house)
    view = await house.pay(StoreCard(**house.stamp(), customer="p-1", purpose="recognition"), "mastercard")
    assert (view.state, view.card_stored, view.storable) == ("approved", "yes", True), view
    assert view.token is not None
    assert (view.token.kind, view.token.scope) == ("recognition", "merchant-1")
    assert view.card is not None
    assert (view.card.last_four, view.card.expiry, view.card.entry_mode) == ("4444", "3012", "tap")
    says(view.text, "Carte enregistrée", "Card stored")
    assert_true(view, house.lines(), before)


async def test_the_same_card_gives_the_same_token(house: House) -> None:
    tokens = [
        (await house.pay(StoreCard(**house.stamp(), customer=who, purpose="recognition"), "visa", "insert"))
        for who in ("p-1", "p-2")
    ]
    assert tokens[0].token is not None
    assert tokens[0].token == tokens[1].token


async def test_an_interac_card_is_not_stored_and_the_reason_is_told(house: House) -> None:
    before = booked_so_far(house)
    view = await house.pay(
        StoreCard(**house.stamp(), customer="p-1", purpose="recognition"), "interac", "insert"
    )
    assert (view.state, view.card_stored, view.storable_reason) == ("declined", "no", "interac_only"), view
    says(view.text, "Interac ne peut pas être gardée", "Interac debit card cannot be kept")
    assert view.token is None
    assert_true(view, house.lines(), before)


# --- money ----------------------------------------------------------------------------------------------


async def test_a_sale_is_approved_with_receipts(house: House) -> None:
    before = booked_so_far(house)
    view = await sold(house, 1999)
    approved(house, view, before)
    assert (view.amount_minor, view.currency, view.actor) == (1999, "CAD", "staff-17")
    assert [slip.kind for slip in view.receipts] == ["merchant", "customer"]
    assert any("19,99" in line or "19.99" in line for line in view.receipts[0].lines)
    title = {"fr": "ACHAT", "en": "PURCHASE"}[house.locale]
    assert any(title in line for line in view.receipts[0].lines)


async def test_a_sale_with_pin_tells_each_step_in_both_languages(house: House) -> None:
    before = booked_so_far(house)
    pending = await house.start(Sale(**house.stamp(), amount_minor=3000))
    await house.station.present("visa", "insert")
    approved(house, await pending.outcome(LIMIT_S), before)
    told = {body["state"]: body["text"] for body in house.traffic.progress(pending.operation_id)}
    assert told.keys() >= {"awaiting_card", "pin", "authorizing"}
    says(Text(**told["awaiting_card"]), "Insérez", "Insert")
    says(Text(**told["pin"]), "NIP", "PIN")
    says(Text(**told["authorizing"]), "Autorisation", "Authorizing")


@pytest.mark.parametrize(
    ("cents", "code", "fr", "en"),
    [
        (5, "declined", "refusée", "declined"),
        (51, "insufficient_funds", "Fonds insuffisants", "funds"),
        (54, "card_expired", "expirée", "expired"),
    ],
)
async def test_a_sale_is_declined_and_the_reason_is_told(
    house: House, cents: int, code: str, fr: str, en: str
) -> None:
    before = booked_so_far(house)
    view = await house.pay(Sale(**house.stamp(), amount_minor=2000 + cents))
    assert (view.state, view.code, view.money) == ("declined", code, "none"), view
    says(view.text, fr, en)
    assert_true(view, house.lines(), before)


async def test_a_refund_gives_money_back(house: House) -> None:
    sale = await sold(house, 5000)
    before = booked_so_far(house)
    refund = Refund(**house.stamp(), amount_minor=2000, original_operation_id=sale.operation_id)
    approved(house, await house.pay(refund), before)


async def test_a_refund_is_declined(house: House) -> None:
    before = booked_so_far(house)
    view = await house.pay(Refund(**house.stamp(), amount_minor=2000), "blocked")
    assert (view.state, view.money) == ("declined", "none"), view
    says(view.text, "carte est bloquée", "card is blocked")
    assert_true(view, house.lines(), before)


async def test_a_reversal_undoes_a_sale(house: House) -> None:
    sale = await sold(house)
    before = booked_so_far(house)
    view = await house.run(Reversal(**house.stamp(), original_operation_id=sale.operation_id))
    approved(house, view, before)
    assert [line.reverses for line in house.lines()[before:]] == [house.lines()[before - 1].id]


async def test_a_reversal_is_refused_by_the_host(house: House) -> None:
    sale = await sold(house)
    before = booked_so_far(house)
    await house.station.fault("host", "decline", command="reversal", value=57)
    view = await house.run(Reversal(**house.stamp(), original_operation_id=sale.operation_id))
    assert (view.state, view.money) == ("declined", "none"), view
    assert view.text.fr != view.text.en
    assert_true(view, house.lines(), before)


async def held(house: House, amount_minor: int = 8000) -> OperationView:
    """A pre-authorisation that was approved."""
    return await house.pay(Preauth(**house.stamp(), amount_minor=amount_minor))


async def test_a_preauthorisation_holds_the_amount(house: House) -> None:
    before = booked_so_far(house)
    view = await held(house)
    approved(house, view, before)
    assert view.money == "held"


async def test_a_preauthorisation_is_declined(house: House) -> None:
    before = booked_so_far(house)
    view = await house.pay(Preauth(**house.stamp(), amount_minor=8000), "declined")
    assert (view.state, view.money) == ("declined", "none"), view
    says(view.text, "refusée", "declined")
    assert_true(view, house.lines(), before)


@pytest.mark.parametrize("part", [None, 4500], ids=["whole", "partial"])
async def test_a_capture_charges_what_is_held(house: House, part: int | None) -> None:
    preauth = await held(house)
    before = booked_so_far(house)
    capture = Capture(**house.stamp(), original_operation_id=preauth.operation_id, amount_minor=part)
    view = await house.run(capture)
    approved(house, view, before)
    assert (view.amount_minor, view.money) == (part or 8000, "charged")


async def test_a_capture_is_refused_by_the_host(house: House) -> None:
    preauth = await held(house)
    before = booked_so_far(house)
    await house.station.fault("host", "decline", command="capture", value=5)
    view = await house.run(Capture(**house.stamp(), original_operation_id=preauth.operation_id))
    assert (view.state, view.money) == ("declined", "none"), view
    says(view.text, "refusée", "declined")
    assert_true(view, house.lines(), before)


async def test_a_preauthorisation_is_released(house: House) -> None:
    preauth = await held(house)
    before = booked_so_far(house)
    view = await house.run(Reversal(**house.stamp(), original_operation_id=preauth.operation_id))
    approved(house, view, before)
    assert [line.kind for line in house.lines()[before:]] == ["release"]


async def test_a_release_is_refused_by_the_host(house: House) -> None:
    preauth = await held(house)
    before = booked_so_far(house)
    await house.station.fault("host", "decline", command="release", value=5)
    view = await house.run(Reversal(**house.stamp(), original_operation_id=preauth.operation_id))
    assert (view.state, view.money) == ("declined", "none"), view
    assert_true(view, house.lines(), before)


# --- beside an operation --------------------------------------------------------------------------------


async def progressed(house: House, pending: Pending, state: str) -> None:
    """Wait until the operation is told to be there."""
    await eventually(
        lambda: any(body["state"] == state for body in house.traffic.progress(pending.operation_id)),
        f"the operation is {state}",
    )


async def test_an_abort_before_the_card_is_honoured(house: House) -> None:
    before = booked_so_far(house)
    pending = await house.start(Sale(**house.stamp(), amount_minor=1250))
    await progressed(house, pending, "awaiting_card")
    reply = await house.ask(Abort(**house.stamp(), target_operation_id=pending.operation_id))
    assert (reply.verdict, reply.code) == ("accepted", "abort_asked")
    says(reply.text, "annulation est demandée", "Asked to stop")
    view = await pending.outcome(LIMIT_S)
    assert (view.state, view.abort, view.money) == ("cancelled", "honoured", "none"), view
    says(view.text, "annulée", "cancelled")
    assert_true(view, house.lines(), before)


async def test_an_abort_after_the_host_was_asked_comes_too_late(house: House) -> None:
    before = booked_so_far(house)
    await house.station.fault("host", "delay", command="sale", seconds=0.5)
    pending = await house.start(Sale(**house.stamp(), amount_minor=1250))
    await house.station.present()
    await progressed(house, pending, "authorizing")
    reply = await house.ask(Abort(**house.stamp(), target_operation_id=pending.operation_id))
    assert reply.verdict == "accepted"
    view = await pending.outcome(LIMIT_S)
    assert view.abort == "too_late"
    approved(house, view, before)


async def test_a_query_tells_where_an_operation_stands(house: House) -> None:
    sale = await sold(house)
    reply = await house.ask(Query(**house.stamp(), target_operation_id=sale.operation_id))
    assert reply.state is not None
    assert (reply.verdict, reply.state.model_dump()) == ("done", sale.model_dump())
    says(reply.text, "fait", "Done")


async def test_a_query_of_an_unknown_operation_is_refused(house: House) -> None:
    reply = await house.ask(Query(**house.stamp(), target_operation_id=house.client.new_id()))
    assert (reply.verdict, reply.code) == ("rejected", "operation_unknown")
    says(reply.text, "ne connaît pas", "does not know")


async def test_what_has_ended_is_not_resolved_by_a_human(house: House) -> None:
    sale = await sold(house)
    resolve = Resolve(
        **house.stamp(),
        target_operation_id=sale.operation_id,
        verdict="declined",
        evidence="receipt",
        by="staff-3",
        reason="a guess",
    )
    reply = await house.ask(resolve)
    assert (reply.verdict, reply.code) == ("rejected", "not_resolvable")
    says(reply.text, "rien n’a été changé", "nothing was changed")


async def test_receipts_are_told_again(house: House) -> None:
    sale = await sold(house)
    reply = await house.ask(Receipt(**house.stamp(), target_operation_id=sale.operation_id))
    assert reply.verdict == "done"
    assert reply.state is not None
    assert reply.state.receipts == sale.receipts


async def test_receipts_of_an_unknown_operation_are_refused(house: House) -> None:
    reply = await house.ask(Receipt(**house.stamp(), target_operation_id=house.client.new_id()))
    assert (reply.verdict, reply.code) == ("rejected", "operation_unknown")


# --- care of the terminal ---------------------------------------------------------------------------------


async def test_the_day_is_closed_and_its_totals_are_compared(house: House) -> None:
    await house.run(Reconcile(**house.stamp()))
    await sold(house, 1000)
    await sold(house, 2500)
    before = booked_so_far(house)
    view = await house.run(Reconcile(**house.stamp()))
    assert (view.state, view.money) == ("approved", "none"), view
    assert view.totals is not None
    assert (view.totals.terminal_minor, view.totals.journal_minor) == (3500, 3500)
    assert (view.totals.terminal_count, view.totals.journal_count, view.totals.matched) == (2, 2, True)
    says(view.text, "Fermeture de caisse terminée", "End of day completed")
    assert [line.kind for line in house.lines()[before:]] == ["batch_close"]


async def test_the_end_of_day_is_refused(house: House) -> None:
    before = booked_so_far(house)
    await house.station.fault("host", "decline", command="end_of_day", value=91)
    view = await house.run(Reconcile(**house.stamp()))
    assert (view.state, view.money) == ("declined", "none"), view
    assert view.text.fr != view.text.en
    assert house.lines()[before:] == ()


@pytest.mark.parametrize("initialise", [False, True])
async def test_the_terminal_tests_itself(house: House, initialise: bool) -> None:
    before = booked_so_far(house)
    view = await house.run(Diagnose(**house.stamp(), initialise=initialise))
    assert (view.state, view.money) == ("approved", "none"), view
    says(view.text, "fait", "Done")
    assert_true(view, house.lines(), before)


async def test_a_diagnosis_is_refused_by_the_terminal(house: House) -> None:
    await house.station.fault("command", "refuse", command="diagnosis", value=0x83)
    view = await house.run(Diagnose(**house.stamp()))
    assert (view.state, view.money) == ("not_started", "none"), view
    assert view.text.fr != view.text.en


# --- the agent itself ---------------------------------------------------------------------------------------


async def agent_reply(house: House, command: Any) -> Any:
    """The reply to a command to the agent itself."""
    return await (await house.client.send_agent(house.agent.id, command)).reply(LIMIT_S)


async def test_the_agent_is_told_what_the_backend_knows(house: House) -> None:
    reply = await house.client.sync(house.agent.id)
    assert (reply.verdict, reply.code) == ("done", "done")
    assert reply.result is not None
    assert reply.result["epoch"] == house.client.agents()[house.agent.id].epoch


async def test_a_rescan_greets_the_terminal_anew(house: House) -> None:
    before = house.station.count("registration")
    reply = await agent_reply(house, Rescan(operation_id=house.client.new_id()))
    assert reply.verdict == "done"
    await eventually(lambda: house.station.count("registration") > before, "a further registration")
    await house.ready()


async def test_the_agent_reports_on_itself(house: House) -> None:
    def reports() -> int:
        return sum(one.topic.endswith("/health") for one in house.traffic.heard)

    before = reports()
    reply = await agent_reply(house, DiagnoseAgent(operation_id=house.client.new_id()))
    assert reply.verdict == "done"
    await eventually(lambda: reports() > before, "a fresh health report")
    health, info = house.client.health(house.agent.id), house.client.info(house.agent.id)
    assert health is not None
    assert health.terminals["t1"]["approved"] > 0
    assert info is not None
    assert [one.terminal for one in info.terminals] == ["t1"]
    identity = house.client.terminals(house.agent.id)["t1"].identity
    assert identity is not None
    assert identity.terminal_id == TERMINAL_ID
