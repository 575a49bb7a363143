"""Strangers' terminals against our agent: each with the manners of one that was seen in the field.

One agent as a process drives them all; a stranger's backend commands it and holds all that it says against
the published schemas. Nothing here but the settings file knows anything of our programs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from tests.support.foreign_agent import AGENT, CLINIC, ForeignAgent, embedded_broker, running, terminal
from tests.support.foreign_backend import ForeignBackend, backend
from tests.support.foreign_terminal import PAN, ForeignTerminal, Manners
from tests.support.foreign_wire import amount, apdu

QUICK = {"t3_s": 1.0, "t4_s": 1.0, "redial_s": 0.3, "silence_alert_s": 0.8, "nothing_stored_code": 0xFB}
PINNED = "29001234"

# By name: how the terminal behaves. Each takes a payment and is declined one.
STRANGE = {
    "plain": Manners(),
    "line": Manners(serial=True),
    "kotlin": Manners(status_first=True, errors_by_completion="bare"),
    "kotlin-code": Manners(status_first=True, errors_by_completion="result"),
    "log-off": Manners(log_off_completes=True),
    "bare-abort": Manners(bare_abort=True),
    "no-status": Manners(status_code=0x83),
    "pax": Manners(repeat="silent"),
    "no-repeat": Manners(repeat="refused"),
    "im30": Manners(repeat="refused_with_data"),
    "id-in-result": Manners(id_in="result"),
    "id-nowhere": Manners(id_in="nowhere"),
    "hangs-up-idle": Manners(idle_close_s=0.5),
    "no-timeout": Manners(status_tlv_without_timeout=True),
    "latin": Manners(latin_1=True),
    "lines": Manners(prints="lines", latin_1=True),
    "block": Manners(prints="block"),
    "split": Manners(prints="split"),
    "line-block": Manners(serial=True, prints="block", sets_clock=True, latin_1=True),
    "no-card-name": Manners(empty_card_name=True),
    "long-trace": Manners(long_trace=True),
    "dawdles": Manners(statuses=6, pause_s=0.5),  # together far beyond T4, each within it
    "wrong-pin": Manners(wrong_pin_first=True),
    "twice": Manners(result_twice=True),
    "clock": Manners(sets_clock=True),
    "whole-number": Manners(whole_card_number=True),
    "line-whole": Manners(serial=True, whole_card_number=True, result_twice=True),
    "unknown-tags": Manners(says_tlv_length_long=True, unknown_tags=True),
    "long-lengths": Manners(extended_length=True),
    "hasty": Manners(hasty=True),
}
# What becomes of a payment whose 04 0F was not acknowledged, and whether the terminal then still has it.
LOST = {
    "kept": (Manners(hangs_up_at_result=True, books_unanswered=True), "approved"),
    # It told an approval, then that it has nothing stored: whether it forgot or dropped it nobody can tell.
    "dropped": (Manners(hangs_up_at_result=True), "needs_human"),
    "kept-kotlin": (Manners(hangs_up_at_result=True, books_unanswered=True, status_first=True), "approved"),
    "dropped-kotlin": (Manners(hangs_up_at_result=True, status_first=True), "needs_human"),
    "kept-pax": (Manners(hangs_up_at_result=True, books_unanswered=True, repeat="silent"), "needs_human"),
    "kept-no-repeat": (
        Manners(hangs_up_at_result=True, books_unanswered=True, repeat="refused"),
        "needs_human",
    ),
    "kept-long-trace": (
        Manners(hangs_up_at_result=True, books_unanswered=True, long_trace=True),
        "approved",
    ),
    "goes-on": (Manners(hangs_up_at_result=True, resumes=True), "approved"),
}
OTHERS = {
    "busy": Manners(busy_answers=1),
    "abort": Manners(statuses=6, pause_s=0.2),
    "abort-bare": Manners(statuses=6, pause_s=0.2, bare_abort=True),
    "abort-kotlin": Manners(statuses=6, pause_s=0.2, errors_by_completion="bare"),
    "orphans": Manners(),
    "pinned-other": Manners(terminal_id="99999999"),
    "pinned-late": Manners(terminal_id="99999999", id_in="result"),
}


@dataclass
class World:
    """The running whole."""

    terminals: dict[str, ForeignTerminal]
    agent: ForeignAgent
    cloud: ForeignBackend

    def sale(self, name: str, minor: int) -> dict[str, Any]:
        """A payment to its end."""
        return self.cloud.outcome(self.cloud.command(name, "sale", amount_minor=minor))

    def sales(self, names: Iterable[str], minor: int) -> dict[str, dict[str, Any]]:
        """Payments at the same time, each to its end."""
        taken = {name: self.cloud.command(name, "sale", amount_minor=minor) for name in names}
        return {name: self.cloud.outcome(reply) for name, reply in taken.items()}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("strangers")
    manners = {**STRANGE, **{name: one for name, (one, _) in LOST.items()}, **OTHERS}
    with ExitStack() as stack:
        there = {name: stack.enter_context(ForeignTerminal(one)) for name, one in manners.items()}
        port = stack.enter_context(embedded_broker(folder))
        settings = [
            terminal(
                name,
                {"path": one.path} if one.path else {"host": "127.0.0.1", "port": one.port},
                head={"identity": PINNED} if name.startswith("pinned") else None,
                options=QUICK,
                token={"scope": "merchant-1"},
            )
            for name, one in there.items()
        ]
        agent = stack.enter_context(running(ForeignAgent(folder, port, settings)))
        cloud = stack.enter_context(backend(port, CLINIC, AGENT))
        cloud.begin()
        for name in there.keys() - {"pinned-other"}:
            cloud.ready(name)
        yield World(there, agent, cloud)
        assert cloud.check() > 100
        assert "unit_crashed" not in agent.said
        assert not {name: one.troubles for name, one in there.items() if one.troubles}


@pytest.fixture(scope="module")
def paid(world: World) -> dict[str, dict[str, Any]]:
    """One payment on each terminal, all at the same time."""
    return world.sales([*STRANGE, *LOST], 1250)


@pytest.mark.parametrize("name", STRANGE)
def test_a_payment_is_taken_once(world: World, paid: dict[str, dict[str, Any]], name: str) -> None:
    one = paid[name]
    assert (one["state"], one["money"], one["amount_minor"]) == ("approved", "charged", 1250)
    assert one["card"]["last_four"] == "1111"
    assert world.terminals[name].booked.count(1250) == 1
    assert "in_doubt" not in world.cloud.states(one["operation_id"])


def test_a_decline_is_told_however_the_terminal_words_it(world: World) -> None:
    names = ("plain", "line", "kotlin", "kotlin-code", "bare-abort", "wrong-pin", "twice", "long-lengths")
    for name in names:
        world.terminals[name].host_code = 5
    told = world.sales(names, 2000)
    for name in names:
        world.terminals[name].host_code = 0
        ended = told[name]
        assert (name, ended["state"], ended["code"], ended["money"]) == (name, "declined", "declined", "none")
        assert 2000 not in world.terminals[name].booked


@pytest.mark.parametrize("name", LOST)
def test_a_payment_whose_acknowledgement_was_lost_is_found_out(
    world: World, paid: dict[str, dict[str, Any]], name: str
) -> None:
    found = paid[name]
    assert found["state"] == LOST[name][1]
    assert "in_doubt" in world.cloud.states(found["operation_id"])
    assert world.terminals[name].commands.count("0601") == 1, "nothing is ever sent twice"
    booked = world.terminals[name].booked == [1250]
    assert booked == (found["state"] == "approved" or name.startswith("kept"))
    world.cloud.ready(name)


@pytest.mark.parametrize("name", ["abort", "abort-bare", "abort-kotlin"])
def test_an_abort_is_honoured_however_the_terminal_words_it(world: World, name: str) -> None:
    cloud = world.cloud
    taken = cloud.command(name, "sale", amount_minor=900)
    cloud.wait(lambda: "awaiting_card" in cloud.states(taken["operation_id"]), "a card is awaited")
    assert cloud.command(name, "abort", target_operation_id=taken["operation_id"])["code"] == "abort_asked"
    ended = cloud.outcome(taken)
    assert (ended["abort"], ended["money"]) == ("honoured", "none")
    assert ended["state"] in ("cancelled", "not_started")
    assert world.terminals[name].booked == []


def test_a_busy_terminal_is_told_as_such_and_serves_the_next(world: World) -> None:
    refused = world.sale("busy", 500)
    assert (refused["state"], refused["code"], refused["money"]) == ("not_started", "terminal_busy", "none")
    assert world.sale("busy", 500)["state"] == "approved"


def test_a_result_nobody_asked_for_is_kept_and_acknowledged(world: World) -> None:
    keys = "870077" + "0b000077"
    world.terminals["orphans"].spontaneous(apdu("040f", "2700" + amount(4321) + "490124" + keys))
    orphans = world.cloud.wait(
        lambda: [one.data for one in world.cloud.facts() if one.topic == "terminal/orphans/evt/orphan"],
        "the orphan is told",
    )
    assert (orphans[0]["keys"]["receipt"], orphans[0]["keys"]["trace"]) == ("0077", "000077")
    assert world.sale("orphans", 700)["state"] == "approved", "and the terminal is free"


def test_texts_in_latin_1_and_receipts_of_all_forms_are_read(world: World) -> None:
    def receipt(name: str) -> tuple[int, str]:
        paid = world.sale(name, 1100)
        lines = paid["receipts"][0]["lines"]
        return len(lines), lines[1]

    assert receipt("lines") == (4, "Merci à vous")
    assert receipt("block") == receipt("split") == receipt("line-block")
    assert world.sale("latin", 1100)["terminal_text"] == "Approuvée à Montréal"


def test_whole_card_numbers_go_nowhere(world: World) -> None:
    for name in ("whole-number", "line-whole"):
        assert world.sale(name, 1200)["card"]["last_four"] == "1111"
        read = world.cloud.outcome(
            world.cloud.command(name, "store_card", customer="cust-1", purpose="recognition")
        )
        assert read["card_stored"] == "yes"
        assert world.cloud.latest(f"terminal/{name}/evt/alert")["code"] == "card_number_masked"
    said = [one.payload for one in world.cloud.heard] + [world.agent.said.encode()]
    journal = (world.agent.folder / "state").iterdir()
    for data in (*said, *(file.read_bytes() for file in journal if file.is_file())):
        assert PAN.encode() not in data
        assert bytes.fromhex(PAN) not in data


@pytest.mark.parametrize("name", ["line", "kotlin"])
def test_every_other_operation(world: World, name: str) -> None:
    cloud = world.cloud

    def done(op: str, **data: Any) -> dict[str, Any]:
        return cloud.outcome(cloud.command(name, op, **data))

    sale = done("sale", amount_minor=5000)["operation_id"]
    assert done("refund", amount_minor=100, original_operation_id=sale)["money"] == "returned"
    undone = done("sale", amount_minor=600)["operation_id"]
    assert done("reversal", original_operation_id=undone)["money"] == "returned"
    held = done("preauth", amount_minor=3000)
    assert held["money"] == "held"
    captured = done("capture", original_operation_id=held["operation_id"], amount_minor=2000)
    assert (captured["money"], captured["amount_minor"]) == ("charged", 2000)
    token = done("store_card", customer="cust-1", purpose="recognition")["token"]
    assert (token["kind"], token["scope"]) == ("recognition", "merchant-1")
    assert done("diagnose")["state"] == "approved"
    assert done("reconcile")["state"] == "approved"
    assert cloud.command(name, "receipt", target_operation_id=sale)["verdict"] == "done"


def test_a_foreign_terminal_takes_no_payment(world: World) -> None:
    world.cloud.ready("pinned-other", "unfit")
    refused = world.cloud.command("pinned-other", "sale", amount_minor=100)
    assert (refused["verdict"], refused["code"]) == ("rejected", "terminal_unfit")
    assert world.terminals["pinned-other"].booked == []


def test_one_that_tells_its_id_only_in_results_is_refused_from_then_on(world: World) -> None:
    world.sale("pinned-late", 100)
    assert world.sale("pinned-late", 200)["code"] == "wrong_device"
    assert world.terminals["pinned-late"].booked == [100]


def test_all_was_calm(world: World) -> None:
    """A terminal that hangs up when idle, or dawdles, is not a terminal that is away."""
    for name in STRANGE:
        topic = f"terminal/{name}/state"
        told = [one.data["state"] for one in world.cloud.heard if one.topic == topic]
        after = told[told.index("ready") :]
        assert set(after) <= {"ready", "busy"}, (name, told)
