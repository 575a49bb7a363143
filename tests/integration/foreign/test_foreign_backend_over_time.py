"""A stranger's backend over restarts: what is retained, what comes again, what the broker says."""

from __future__ import annotations

import pytest

from tests.support.foreign_agent import AGENT, CLINIC
from tests.support.foreign_backend import ForeignBackend, backend, in_seconds
from tests.support.foreign_world import BackendWorld, verdict

pytestmark = pytest.mark.system


def test_who_comes_later_finds_what_is_retained(clinic: BackendWorld, cloud: ForeignBackend) -> None:
    assert cloud.outcome(cloud.command("t1", "sale", amount_minor=120))["state"] == "approved"
    cloud.ready("t1")
    with backend(clinic.port, CLINIC, AGENT, node="late") as late:
        topics = {f"agent/{AGENT}/{leaf}" for leaf in ("state", "info", "health")}
        topics |= {f"terminal/{name}/{leaf}" for name in ("t1", "t2") for leaf in ("state", "caps")}
        late.wait(lambda: topics <= {one.topic for one in late.heard}, "all that is retained")
        retained = [one for one in late.heard if one.retained]
        assert {one.topic for one in retained} == topics, "and neither events nor replies are"
        last = cloud.facts()[-1].whole
        for one in retained:
            assert one.data["as_of"]["epoch"] == last["epoch"]
            assert one.data["as_of"]["seq"] <= last["seq"]
        late.acknowledges = False
        assert late.check() == len(late.heard)


def test_facts_come_again_until_they_are_acknowledged_also_after_a_restart(clinic: BackendWorld) -> None:
    cloud = clinic.cloud
    cloud.acknowledges = False
    cloud.ready("t1")
    taken = cloud.outcome(cloud.command("t1", "sale", amount_minor=1700))["operation_id"]
    told = [one.whole for one in cloud.facts(taken)]
    before = len(cloud.heard)
    clinic.restart()
    again = cloud.wait(
        lambda: [m.whole for m in cloud.heard[before:] if m.whole.get("seq") == told[-1]["seq"]],
        "the last fact once more",
    )
    assert again[0] == told[-1] | {"time": again[0].get("time")}
    assert cloud.sync()["boot"] == told[-1]["boot"] + 1
    seq = cloud.ack()
    cloud.acknowledges = True
    cloud.wait(lambda: cloud.sync()["acked_seq"] == seq, "the acknowledgement arrived")
    before = len(cloud.heard)
    clinic.restart()
    repeated = [m for m in cloud.heard[before:] if m.whole.get("seq", seq + 1) <= seq]
    assert repeated == []
    duplicate = cloud.send("t1", "sale", {**cloud.stamp(amount_minor=1), "operation_id": taken})
    assert duplicate["verdict"] == "conflict", "it is known in the next life too"


def test_the_broker_says_it_when_the_agent_vanishes(clinic: BackendWorld) -> None:
    cloud, state = clinic.cloud, f"agent/{AGENT}/state"
    taken = cloud.command("t2", "sale", amount_minor=1900)
    cloud.wait(lambda: "awaiting_card" in cloud.states(taken["operation_id"]), "a card is awaited")
    clinic.agent.stop(kill=True)
    cloud.wait(lambda: cloud.latest(state)["state"] == "lost", "the will")
    clinic.agent.start()
    cloud.wait(lambda: cloud.latest(state)["state"] != "lost", "it is back")
    cloud.begin()
    assert cloud.outcome(taken)["state"] in ("approved", "not_started", "cancelled")
    assert len(cloud.facts()) == cloud.facts()[-1].whole["seq"]


def test_a_list_of_open_operations_is_answered_one_by_one(cloud: ForeignBackend) -> None:
    known = cloud.outcome(cloud.command("t1", "sale", amount_minor=250))["operation_id"]
    data = cloud.stamp(amount_minor=999)
    never = {"operation_id": data["operation_id"], "terminal": "t1", "op": "sale", "data": data}
    told = {**never, "operation_id": known, "data": {**data, "operation_id": known, "amount_minor": 250}}
    listed = cloud.sync(cloud.ack(), open_operations=[told, never])["operations"]
    assert listed[known] == "approved"
    assert listed[data["operation_id"]] == "unknown"
    assert verdict(cloud.send("t1", "sale", data)) == ("accepted", "accepted")


def test_the_agent_itself_may_speak_3_1_1(clinic: BackendWorld) -> None:
    cloud = clinic.cloud
    text = clinic.agent.config.read_text(encoding="utf-8")
    clinic.agent.config.write_text(text.replace("[broker]", '[broker]\nprotocol = "3.1.1"'), encoding="utf-8")
    clinic.restart()
    assert cloud.outcome(cloud.command("t1", "sale", amount_minor=1800))["state"] == "approved"
    clinic.agent.stop()
    cloud.wait(lambda: cloud.latest(f"agent/{AGENT}/state")["state"] == "disconnected", "it took its leave")
    clinic.agent.config.write_text(text, encoding="utf-8")
    clinic.agent.start()
    cloud.begin()


def test_a_backend_that_knows_more_than_the_journal_has_an_old_copy_before_it(clinic: BackendWorld) -> None:
    """Then the agent begins a new numbering, and takes no money until it has been told what is open."""
    cloud = clinic.cloud
    cloud.ready("t1")
    epoch = cloud.facts()[-1].whole["epoch"]
    beyond = {"epoch": epoch, "seq": 10**6, "time": in_seconds(0)}
    cloud.publish(f"agent/{AGENT}/ack", cloud.envelope("ack", beyond))
    state = f"agent/{AGENT}/state"
    cloud.wait(lambda: cloud.latest(state)["epoch"] != epoch, "a new epoch")
    assert (cloud.latest(state)["state"], cloud.latest(state)["code"]) == ("degraded", "journal_new")
    assert verdict(cloud.command("t1", "sale", amount_minor=1)) == ("rejected", "journal_new")
    cloud.begin()
    paid = cloud.outcome(cloud.command("t1", "sale", amount_minor=2200))
    assert paid["state"] == "approved"
    assert cloud.facts(paid["operation_id"])[-1].whole["epoch"] == cloud.latest(state)["epoch"]
