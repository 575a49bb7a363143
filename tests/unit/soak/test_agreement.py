"""The ledger against what was told at the tills."""

from __future__ import annotations

from datetime import UTC, datetime

from simulator.acquirer.ledger import MemoryLedger
from simulator.acquirer.lines import Entry
from terminal_agent.client import BackendClient
from tests.soak.agreement import agreement
from tests.soak.load import Till


def till() -> Till:
    client = BackendClient("localhost", clinic="clinic-1")
    return Till(client, "agent-1", "t1", 0.0)


def charged(*amounts: int) -> MemoryLedger:
    ledger = MemoryLedger()
    for amount in amounts:
        numbers = {"receipt": "0001", "trace": "000001", "turnover": "000001"}
        at = datetime(2026, 1, 1, tzinfo=UTC)
        entry = Entry(
            kind="charge", at=at, terminal="52500042", amount_minor=amount, currency="CAD", **numbers
        )
        ledger.append(entry)
    return ledger


def test_nothing_told_and_nothing_booked_agree() -> None:
    assert agreement([till()], [()])["agrees"]


def test_a_charge_that_nobody_told_of_disagrees() -> None:
    found = agreement([till()], [charged(101, 102).lines()])
    assert not found["agrees"]
    assert found["booked_not_approved"] == 2
    assert found["booked"] == {"count": 2, "sum_minor": 203}
