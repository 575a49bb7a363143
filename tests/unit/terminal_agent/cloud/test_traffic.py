"""Topics that match a subscription are addressed, whatever stands at their wild levels."""

from __future__ import annotations

import pytest

from protocols.contract.topics import Address, AgentTopics
from terminal_agent.cloud.traffic import NOWHERE, Inbound, address_of

TOPICS = AgentTopics("c", "a")


@pytest.mark.parametrize(
    ("below", "address"),
    [
        ("terminal/t/cmd/sale", Address("c", "a", "terminal", "t", "cmd", "sale")),
        ("agent/a/ack", Address("c", "a", "agent", "a", "ack")),
        ("agent/a/cmd/sync", Address("c", "a", "agent", "a", "cmd", "sync")),
        ("agent/a/cmd/Sync!", Address("c", "a", "agent", "a", "cmd", NOWHERE)),
        ("terminal/Jane Doe/cmd/sale", Address("c", "a", "terminal", NOWHERE, "cmd", NOWHERE)),
        ("terminal/t/cmd/4111111111111111", Address("c", "a", "terminal", "t", "cmd", NOWHERE)),
        ("terminal/4111111111111111/cmd/sale", Address("c", "a", "terminal", NOWHERE, "cmd", "sale")),
        ("terminal//cmd/", Address("c", "a", "terminal", NOWHERE, "cmd", "")),
    ],
)
def test_addresses(below: str, address: Address) -> None:
    assert address_of(f"clinics/v1/c/a/{below}", TOPICS) == address


def test_a_payload_is_not_shown() -> None:
    inbound = Inbound(Address("c", "a", "agent", "a", "ack"), b"4111111111111111")
    assert "4111" not in repr(inbound)
