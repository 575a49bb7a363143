"""A reader and a vault at a clinic: the real agent, Mosquitto with mutual TLS and the shipped access list,
real libusb and pyusb on a mocked bus, the vault over HTTPS.
"""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from simulator.acquirer.totals import tokens_kept
from simulator.cards import CARDS
from simulator.reader.faults import ReadFault
from simulator.vault.settings import VaultFault
from terminal_agent.client import ChargeCard, DeleteCard, Refund, Sale, VerifyCard
from tests.support.broker import Broker
from tests.support.reader_house import CONSENT, READER, SCOPE, Counter, a_counter, of
from tests.support.waiting import LIMIT_S, eventually

pytestmark = [pytest.mark.system, pytest.mark.mocked_usb]
A_MONTH = timedelta(days=31)


def known(counter: Counter) -> set[str]:
    """The tokens of the cards that the vault keeps."""
    return {line.token for line in tokens_kept(counter.vault.lines())}


async def test_a_month_at_the_counter(broker: Broker, tmp_path: Path) -> None:
    async with a_counter(broker, tmp_path) as counter:
        house = counter.house
        swiped = await counter.give(counter.storing())
        keyed = await counter.give(counter.storing("keyed"), "mastercard", cvv="123")
        for view, mode, last_four in ((swiped, "swipe", "1111"), (keyed, "keyed", "4444")):
            assert (view.state, view.code, view.card_stored) == ("approved", "card_stored", "yes"), view
            assert view.card is not None
            assert view.token is not None
            assert (view.card.entry_mode, view.card.last_four) == (mode, last_four)
            assert (view.token.kind, view.token.scope) == ("chargeable", SCOPE)
            assert view.network_transaction_id
        assert known(counter) == {of(swiped)["token"], of(keyed)["token"]}

        sold = await counter.give(Sale(**house.stamp(), amount_minor=2_000))
        visit = ChargeCard(**house.stamp(), **of(keyed), amount_minor=1_250, purpose="appointment")
        charged = await counter.run(visit)
        counter.vault.later = A_MONTH
        missed = ChargeCard(
            **house.stamp(), **of(swiped), amount_minor=4_000, purpose="no_show", consent=CONSENT
        )
        no_show = await counter.run(missed)
        refund = Refund(**house.stamp(), amount_minor=500, original_operation_id=no_show.operation_id)
        refunded = await counter.run(refund)
        for view, money in (
            (sold, "charged"),
            (charged, "charged"),
            (no_show, "charged"),
            (refunded, "returned"),
        ):
            assert (view.state, view.money) == ("approved", money), view
        used = {line.order: line.reason for line in counter.vault.lines() if line.kind == "charge"}
        assert used == {
            sold.operation_id: "",
            charged.operation_id: "Z/2",
            no_show.operation_id: "U/2",
        }
        assert counter.vault.kinds(no_show.operation_id) == ["charge", "refund"]

        good = await counter.run(VerifyCard(**house.stamp(), **of(keyed)))
        gone = await counter.run(DeleteCard(**house.stamp(), token=of(keyed)["token"], scope=SCOPE))
        assert (good.code, gone.code) == ("card_good", "card_deleted")
        assert known(counter) == {of(swiped)["token"]}


async def test_pulled_out_in_the_middle_of_a_swipe_and_plugged_in_elsewhere(
    broker: Broker, tmp_path: Path
) -> None:
    async with a_counter(broker, tmp_path) as counter:
        pending = await counter.house.start(counter.storing(), READER)
        await counter.asked(pending)
        counter.reader.plan(ReadFault(what="cut_report"))
        counter.reader.swipe(CARDS["visa"])
        counter.unplug()
        view = await pending.outcome(LIMIT_S)
        assert (view.state, view.code, view.card_stored) == ("not_started", "reader_lost", "no"), view
        await counter.ready("offline")
        parts = counter.house.client.terminals(counter.house.agent.id)[READER].parts
        assert (parts["reader"].code, parts["vault"].code) == ("reader_away", "ready")
        counter.plug(2)
        await counter.ready()
        assert counter.vault.lines() == ()
        kept = await counter.give(counter.storing())
        assert (kept.state, known(counter)) == ("approved", {of(kept)["token"]})


@pytest.mark.parametrize("step", ["enc_card_verification", "res_tokenize_cc"])
async def test_killed_in_the_middle_of_storing_the_clinic_learns_the_token(
    broker: Broker, tmp_path: Path, step: str
) -> None:
    async with a_counter(broker, tmp_path) as counter:
        counter.vault.desk.plan(VaultFault(when="done", what="slow", command=step, seconds=30.0))
        pending = await counter.house.start(counter.storing(), READER)
        await counter.asked(pending)
        counter.reader.swipe(CARDS["visa"])
        booked = {"enc_card_verification": "verification", "res_tokenize_cc": "token_stored"}[step]
        await eventually(lambda: booked in counter.vault.kinds(pending.operation_id), f"{booked} is booked")
        await counter.kill()
        await counter.start()
        view = await pending.outcome(LIMIT_S)
        assert (view.state, view.card_stored) == ("approved", "yes"), view
        assert known(counter) == {of(view)["token"]}
        assert counter.vault.kinds(pending.operation_id) == ["verification", "token_stored"]


async def test_the_command_line_finds_reader_vault_and_what_was_done(broker: Broker, tmp_path: Path) -> None:
    async with a_counter(broker, tmp_path) as counter:
        kept = await counter.give(counter.storing())
        await counter.kill()
        config = str(counter.house.agent.config)
        found = [json.loads(line) for line in (await counter.command("devices", "--json")).splitlines()]
        assert [(one["kind"], one["serial_number"]) for one in found if one["kind"] == "reader"] == [
            ("reader", counter.reader.serial)
        ]
        checked = await counter.command("check", "--config", config, "--json")
        (finding,) = [one for one in map(json.loads, checked.splitlines()) if one["part"] == "terminal"]
        assert (finding["name"], finding["level"]) == (READER, "ok")
        assert finding["facts"]["terminal_id"] == counter.reader.serial
        told = await counter.command("journal", "facts", kept.operation_id, "--config", config)
        assert "step_done" in told
        assert "approved" in told
