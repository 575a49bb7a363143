"""What the clinic has stored of its agents."""

from __future__ import annotations

from pathlib import Path

from protocols.contract.events import Alert
from protocols.contract.fields import Text
from simulator.clinic.store import FactStore
from terminal_agent.client import Fact

ALERT = Alert(code="silent", text=Text(fr="Silence.", en="Silent."))


def fact(seq: int, epoch: str = "E1", agent: str = "agent-1") -> Fact:
    return Fact(agent, "t-1", "operation", epoch, seq, 1, ALERT if seq % 2 else {"new": "word"})


def test_a_new_clinic_knows_nothing(tmp_path: Path) -> None:
    assert FactStore(tmp_path / "facts.jsonl").known() == {}


def test_the_last_fact_of_each_agent_is_known_also_to_the_next_process(tmp_path: Path) -> None:
    store = FactStore(tmp_path / "facts.jsonl")
    for one in (fact(1), fact(2), fact(1, agent="agent-2"), fact(1, epoch="E2")):
        store.keep(one)
    assert FactStore(tmp_path / "facts.jsonl").known() == {"agent-1": ("E2", 1), "agent-2": ("E1", 1)}
    assert len((tmp_path / "facts.jsonl").read_text(encoding="utf-8").splitlines()) == 4
