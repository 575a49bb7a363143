"""Reading a recorded traffic."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from simulator.cards import CARDS, TestCard
from simulator.demo.traffic import TrafficError, read_traffic, traffic_of
from tests.unit.simulator.demo.paper import Paper, operation

TOPIC = "clinics/v1/clinic-1/agent-1/terminal/t-1/evt/progress"


def test_deliveries_of_one_command_are_counted_and_told_from_other_contents() -> None:
    asked = Paper().command(1).command(1).command(2).command(2, amount_minor=1).traffic().asked
    same, other = asked[operation(1)], asked[operation(2)]
    assert (same.op, same.deliveries, same.contents) == ("sale", 2, 1)
    assert (other.deliveries, other.contents) == (2, 2)


def test_facts_are_told_once_in_effect() -> None:
    traffic = Paper().sale(1).again(1, "approved").traffic()
    assert [told.view.state for told in traffic.told] == ["accepted", "approved"]
    assert (traffic.repeats, traffic.changed, traffic.messages) == (1, [], 4)


def test_a_message_outside_the_contract_is_numbered() -> None:
    assert Paper().sale(1).raw("elsewhere/x", "{}").traffic().broken == [4]


@pytest.mark.parametrize("card", CARDS.values(), ids=str)
@pytest.mark.card_numbers_on_purpose
def test_every_test_card_is_recognised_wherever_it_stands(card: TestCard) -> None:
    number = card.number
    payload = json.dumps({"data": {"details": {"x": f"carte {number}."}}})
    assert Paper().raw(TOPIC, payload).traffic().leaks == [1]
    assert Paper().raw(TOPIC, f"not json {number}").traffic().leaks == [1]
    assert Paper().raw(f"{TOPIC}/{number}", "{}").traffic().leaks == [1]
    record = json.dumps({"topic": TOPIC, "payload_hex": (b"\xff" + number.encode()).hex()})
    assert traffic_of([record], "x").leaks == [1]


@pytest.mark.card_numbers_on_purpose
def test_numbers_in_groups_and_numbers_as_numbers_are_recognised() -> None:
    for value in ("5105-1051-0510-5100", 5105105105105100):
        assert Paper().raw(TOPIC, json.dumps({"data": {"x": value}})).traffic().leaks == [1]


def test_a_token_is_no_card_number() -> None:
    # Sixteen digits in it would pass for a card number by shape and check digit.
    token = ("ab" * 24) + "6011000990139424"
    assert "6011000990139424" in {card.number for card in CARDS.values()}
    harmless = ("ab" * 24) + "6011000990139499"
    assert Paper().raw(TOPIC, json.dumps({"value": token})).traffic().leaks == [1]
    assert Paper().raw(TOPIC, json.dumps({"value": harmless})).traffic().leaks == []


@pytest.mark.parametrize("text", ["not json", "[]", '{"payload": "x"}'])
def test_a_file_that_is_no_record_is_refused_with_its_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "traffic.jsonl"
    path.write_text('{"topic": "a/b", "payload": "{}"}\n' + text + "\n", encoding="utf-8")
    with pytest.raises(TrafficError, match="line 2"):
        read_traffic(path)
