"""Commands that are not taken: each gets one reply that says why, in both languages, and leaves no trace in
the ledger."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from protocols.contract.commands import TerminalCommand
from protocols.contract.envelope import MAX_BYTES
from protocols.contract.messages import Stamp, command
from protocols.contract.replies import Reply
from terminal_agent.client import Abort, Capture, Consent, Preauth, Refund, Reversal, Sale, StoreCard
from tests.support.agent_process import Desk
from tests.support.broker import Broker, free_port
from tests.support.counter import booked_so_far, progressed, says, sold
from tests.support.house import House, a_house
from tests.support.says import publish, topics
from tests.support.station import Plan
from tests.support.waiting import LIMIT_S, eventually

pytestmark = [pytest.mark.system, pytest.mark.asyncio(loop_scope="module")]

LIMITS = {"largest_sale_minor": 100_000, "largest_refund_minor": 5_000, "refunds_per_day": 2}
CONSENT = Consent(text_id="no-show", version="3", language="fr", given="on_paper")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(broker: Broker, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """t1 with limits; t2 that may only sell and store cards that can be charged; t3 that is not there."""
    desks: Mapping[str, Mapping[str, Any]] = {
        "t1": {"limits": LIMITS},
        "t2": {
            "keys": {"operations": ["sale", "store_card"]},
            "token": {"kind": "chargeable", "scope": "merchant-2"},
        },
    }
    nowhere = Desk(id="t3", tcp={"host": "127.0.0.1", "port": free_port()})
    folder = tmp_path_factory.mktemp("house")
    plans = (Plan(wire="tcp"), Plan(wire="pty", terminal_id="52500043"))
    async with a_house(broker, folder, *plans, desks=desks, more_desks=[nowhere]) as running:
        yield running


async def refused(house: House, asked: TerminalCommand, code: str, terminal: str = "t1") -> Reply:
    """The reply, which refuses with this code; nothing was booked and nothing will be."""
    before = booked_so_far(house)
    pending = await house.send(asked, terminal)
    reply = await pending.reply(LIMIT_S)
    assert (reply.verdict, reply.code) == ("rejected", code), reply
    assert reply.text.fr != reply.text.en
    assert booked_so_far(house) == before
    again = await pending.repeat(LIMIT_S)
    assert again.code in (code, "duplicate"), "a rejection is final for its id"
    return reply


async def test_a_command_that_comes_too_late(house: House) -> None:
    late = house.stamp(not_after=house.now() - timedelta(seconds=1))
    reply = await refused(house, Sale(**late, amount_minor=1250), "expired")
    says(reply.text, "trop tard", "too late")


async def test_a_terminal_that_is_not_configured(house: House) -> None:
    reply = await refused(house, Sale(**house.stamp(), amount_minor=1250), "terminal_unknown", "t9")
    says(reply.text, "pas connu à ce poste", "does not know that terminal")


async def test_a_terminal_that_is_not_there(house: House) -> None:
    reply = await refused(house, Sale(**house.stamp(), amount_minor=1250), "terminal_offline", "t3")
    says(reply.text, "ne répond pas", "does not answer")


async def test_a_terminal_that_is_busy_with_somebody_else(house: House) -> None:
    first = await house.start(Sale(**house.stamp(actor="staff-3"), amount_minor=1250))
    await progressed(house, first, "awaiting_card")
    reply = await refused(house, Sale(**house.stamp(), amount_minor=1300), "terminal_busy")
    assert reply.holder == "staff-3"
    says(reply.text, "occupé par staff-3", "in use by staff-3")
    await house.ask(Abort(**house.stamp(), target_operation_id=first.operation_id))
    assert (await first.outcome(LIMIT_S)).state == "cancelled"


async def test_an_operation_that_this_terminal_may_not_do(house: House) -> None:
    reply = await refused(house, Refund(**house.stamp(), amount_minor=100), "unsupported", "t2")
    says(reply.text, "ne sait pas faire cela", "cannot do that")


async def test_a_card_to_be_charged_later_where_tokens_only_recognise(house: House) -> None:
    card = StoreCard(**house.stamp(), customer="p-1", purpose="no_show", consent=CONSENT)
    reply = await refused(house, card, "not_chargeable")
    says(reply.text, "débiter plus tard", "charged later")


async def test_a_card_to_be_charged_later_without_consent(house: House) -> None:
    card = StoreCard(**house.stamp(), customer="p-1", purpose="no_show")
    reply = await refused(house, card, "consent_missing", "t2")
    assert reply.path == "data.consent"
    says(reply.text, "consentement", "consent")


async def test_a_card_to_be_charged_later_with_consent_is_stored(house: House) -> None:
    card = StoreCard(**house.stamp(), customer="p-1", purpose="no_show", consent=CONSENT)
    view = await house.pay(card, terminal="t2")
    assert view.token is not None
    assert (view.token.kind, view.token.scope) == ("chargeable", "merchant-2")


@pytest.mark.parametrize("kind", [Sale, Preauth])
async def test_more_than_the_largest_sale(house: House, kind: type[Sale | Preauth]) -> None:
    reply = await refused(house, kind(**house.stamp(), amount_minor=100_001), "limit_exceeded")
    assert reply.path == "data.amount_minor"
    says(reply.text, "dépasse la limite", "above what this terminal may do")


async def test_more_than_the_largest_refund(house: House) -> None:
    reply = await refused(house, Refund(**house.stamp(), amount_minor=5_001), "limit_exceeded")
    assert reply.path == "data.amount_minor"


async def test_refunds_never_exceed_their_original_nor_the_days_number(house: House) -> None:
    sale = await sold(house, 4_000)

    def refund(amount_minor: int) -> Refund:
        return Refund(**house.stamp(), amount_minor=amount_minor, original_operation_id=sale.operation_id)

    assert (await house.pay(refund(3_000))).state == "approved"
    await refused(house, refund(1_001), "limit_exceeded")
    assert (await house.pay(refund(1_000))).state == "approved"
    # The third of the day, whatever its original.
    await refused(house, Refund(**house.stamp(), amount_minor=1), "limit_exceeded")


async def test_another_currency(house: House) -> None:
    sale = Sale(**house.stamp(), amount_minor=1250, currency="EUR")
    assert (await refused(house, sale, "currency_mismatch")).path == "data.currency"


@pytest.mark.parametrize("kind", [Reversal, Capture])
async def test_an_original_that_nobody_knows(house: House, kind: type[Reversal | Capture]) -> None:
    asked = kind(**house.stamp(), original_operation_id=house.client.new_id())
    assert (await refused(house, asked, "original_unknown")).path == "data.original_operation_id"


async def test_an_original_that_was_undone_already(house: House) -> None:
    sale = await sold(house)
    reversal = Reversal(**house.stamp(), original_operation_id=sale.operation_id)
    assert (await house.run(reversal)).state == "approved"
    again = Reversal(**house.stamp(), original_operation_id=sale.operation_id)
    await refused(house, again, "original_not_open")


async def test_an_abort_of_what_has_ended(house: House) -> None:
    sale = await sold(house)
    reply = await house.ask(Abort(**house.stamp(), target_operation_id=sale.operation_id))
    assert (reply.verdict, reply.code) == ("rejected", "not_current")
    says(reply.text, "rien à annuler", "nothing to stop")


async def test_the_same_id_with_other_content(house: House) -> None:
    sale = await sold(house, 1250)
    before = booked_so_far(house)
    other = Sale(**house.stamp(operation_id=sale.operation_id), amount_minor=9900)
    reply = await house.ask(other)
    assert (reply.verdict, reply.code) == ("conflict", "conflict")
    says(reply.text, "déjà servi pour autre chose", "already used for something else")
    assert reply.state is not None
    assert reply.state.amount_minor == 1250
    assert booked_so_far(house) == before


# --- what no proper client sends ------------------------------------------------------------------------


async def answered(house: House, op: str, data: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """The reply to a command made by hand."""
    message = command(topics(house), op, data, Stamp("1", house.now()), node="backend", terminal="t1")
    await publish(house, message.topic, message.payload, **more)
    replies = await eventually(lambda: house.traffic.replies(data["operation_id"]), "a reply")
    assert len(replies) == 1
    return replies[0]


def sale_data(house: House) -> dict[str, Any]:
    """The `data` of a sale as JSON."""
    data: dict[str, Any] = json.loads(Sale(**house.stamp(), amount_minor=1250).model_dump_json())
    return data


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"amount_minor": None}, "data.amount_minor"),
        ({"amount_minor": 0}, "data.amount_minor"),
        ({"amount_minor": -5}, "data.amount_minor"),
        ({"amount_minor": 12.5}, "data.amount_minor"),
        ({"amount_minor": "1250"}, "data.amount_minor"),
        ({"currency": "XXX"}, "data.currency"),
        ({"locale": "de"}, "data.locale"),
        ({"not_after": "tomorrow"}, "data.not_after"),
        ({"actor": ""}, "data.actor"),
        ({"reply_to": "clinics/v1/elsewhere/agent-9/rsp/backend"}, "data.reply_to"),
        ({"reply_to": "$SYS/broker"}, "data.reply_to"),
    ],
    ids=str,
)
async def test_a_malformed_command_is_refused_with_the_path_of_its_field(
    house: House, change: Mapping[str, Any], path: str
) -> None:
    before = house.station.count("sale")
    reply = await answered(house, "sale", {**sale_data(house), **change})
    assert (reply["verdict"], reply["code"], reply["path"]) == ("rejected", "schema_invalid", path)
    assert path in reply["text"]["fr"]
    assert "malformed" in reply["text"]["en"]
    assert house.station.count("sale") == before


async def test_a_response_topic_elsewhere_is_refused_and_nothing_is_said_there(house: House) -> None:
    elsewhere = f"clinics/v1/{house.agent.clinic}/agent-9/rsp/backend"
    reply = await answered(house, "sale", sale_data(house), response_topic=elsewhere)
    assert (reply["code"], reply["path"]) == ("schema_invalid", "response_topic")
    assert not [one for one in house.traffic.heard if one.topic == elsewhere]


async def test_a_command_that_does_not_exist(house: House) -> None:
    reply = await answered(house, "frobnicate", sale_data(house))
    assert (reply["verdict"], reply["code"]) == ("rejected", "unsupported")


@pytest.mark.parametrize(
    "payload",
    [b"", b"\xff\xfe", b"{", b"[]", b'{"a":1,"a":2}', b"[" * 5000, b'{"specversion":"1.0"}'],
    ids=["empty", "not text", "half", "a list", "twice", "deep", "no data"],
)
async def test_bytes_that_are_no_command_get_an_answer_all_the_same(house: House, payload: bytes) -> None:
    await nameless_refusal(house, payload)


async def test_a_command_beyond_the_largest_size(house: House) -> None:
    data = {**sale_data(house), "note": "x" * MAX_BYTES}
    message = command(topics(house), "sale", data, Stamp("1", house.now()), node="backend", terminal="t1")
    assert (await nameless_refusal(house, message.payload))["path"] == "payload"


async def nameless_refusal(house: House, payload: bytes) -> dict[str, Any]:
    """The refusal of something whose id cannot be read; the agent goes on working after it."""

    def replies() -> list[dict[str, Any]]:
        bodies = (one.envelope["data"] for one in house.traffic.heard if "/rsp/" in one.topic)
        return [body for body in bodies if "operation_id" not in body]

    before, booked = len(replies()), booked_so_far(house)
    await publish(house, topics(house).of_terminal("t1", "cmd", "sale"), payload)
    found = (await eventually(lambda: replies()[before:], "a reply"))[0]
    assert (found["verdict"], found["code"]) == ("rejected", "schema_invalid")
    assert booked_so_far(house) == booked
    return found
