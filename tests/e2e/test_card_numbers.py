"""No card number anywhere: not in a log, not in the journal, not in a message, however it came."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
import pytest_asyncio

from protocols.contract.messages import Stamp, command
from simulator.cards import CARDS
from terminal_agent.client import Refund, Sale, StoreCard
from tests.support.broker import Broker
from tests.support.card_traces import left_by, traces
from tests.support.house import House, a_house
from tests.support.says import publish, topics
from tests.support.station import Plan, Scalar, Wire
from tests.support.truth import assert_true
from tests.support.waiting import eventually

pytestmark = [pytest.mark.system, pytest.mark.asyncio(loop_scope="module")]

VISA, AMEX = CARDS["visa"].number, CARDS["amex"].number
FORGETFUL: Mapping[str, Scalar] = {"when": "before_result", "what": "whole_card_numbers", "times": 0}


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["pty", "tcp"])
async def house(
    request: pytest.FixtureRequest, broker: Broker, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[House]:
    """A point of service whose terminal forgets to mask card numbers."""
    wire: Wire = request.param
    folder = tmp_path_factory.mktemp("house")
    async with a_house(broker, folder, Plan(wire=wire, faults=[FORGETFUL])) as running:
        yield running


async def test_a_terminal_that_tells_whole_numbers_leaves_none_behind(house: House) -> None:
    before = len(house.lines())
    sale = await house.pay(Sale(**house.stamp(), amount_minor=1250), "visa", "tap")
    assert_true(sale, house.lines(), before)
    assert sale.card is not None
    assert (sale.card.last_four, sale.card.brand) == ("1111", "Visa")
    await house.pay(Sale(**house.stamp(), amount_minor=1250), "amex", "insert")
    await house.pay(StoreCard(**house.stamp(), customer="p-1", purpose="recognition"), "visa")
    refund = Refund(**house.stamp(), amount_minor=500, original_operation_id=sale.operation_id)
    await house.pay(refund, "visa")
    assert "fault: whole_card_numbers at before_result" in house.station.notes
    assert (await house.alert("card_number_masked"))["terminal"] == "t1"
    assert any("1111" in line for slip in sale.receipts for line in slip.lines)
    for number in (VISA, AMEX):
        assert traces(number, left_by(house)) == []


SPELLINGS = {
    "digits": VISA,
    "spaced": "4111 1111 1111 1111",
    "dashed": "4111-1111-1111-1111",
    "within a sentence": f"card {VISA} of today",
}


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize(
    ("field", "path"),
    [("note", "data.note"), ("actor", "data.actor"), ("reply_to", "data.reply_to"), ("4111", "data.*")],
)
async def test_a_command_that_carries_a_card_number_is_refused(
    house: House, field: str, path: str, spelling: str
) -> None:
    before = house.station.count("sale")
    data: dict[str, Any] = json.loads(Sale(**house.stamp(), amount_minor=1250).model_dump_json())
    data[field] = SPELLINGS[spelling]
    message = command(topics(house), "sale", data, Stamp("1", house.now()), node="backend", terminal="t1")
    await publish(house, message.topic, message.payload)
    reply = await eventually(lambda: house.traffic.replies(data["operation_id"]), "a reply")
    assert (reply[0]["verdict"], reply[0]["code"], reply[0]["path"]) == ("rejected", "schema_invalid", path)
    assert house.station.count("sale") == before
    assert traces(VISA, left_by(house)) == []


async def test_a_card_number_as_a_json_number_is_refused(house: House) -> None:
    data: dict[str, Any] = json.loads(Sale(**house.stamp(), amount_minor=1250).model_dump_json())
    data["pan"] = int(VISA)
    message = command(topics(house), "sale", data, Stamp("1", house.now()), node="backend", terminal="t1")
    await publish(house, message.topic, message.payload)
    reply = await eventually(lambda: house.traffic.replies(data["operation_id"]), "a reply")
    assert (reply[0]["code"], reply[0]["path"]) == ("schema_invalid", "data.pan")
    assert traces(VISA, left_by(house)) == []
