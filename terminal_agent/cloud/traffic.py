"""What the link carries and how patient it is: its settings, an inbound message, its two errors."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field, replace
from typing import Literal

from protocols.contract.card_numbers import holds_card_number
from protocols.contract.topics import Address, AgentTopics, Kind, TopicError, checked_id
from terminal_agent.errors import AgentError

# Stands for an id or op outside the topic grammar: no terminal and no op is called so.
NOWHERE = "-"


class LinkDownError(AgentError):
    """A message did not reach the broker, or nobody knows whether it did."""

    def __init__(self, why: str) -> None:
        super().__init__("link_down", f"not delivered: {why}. Facts go out again later, replies on request")


class LinkLostError(AgentError):
    """A connection failed, or ended soon after it began; the link tries again, later each time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkConfig:
    """Where the broker is, and how patient the link is. Times in seconds.

    `stable_after_s`: a connection that lasted so long starts the back-off anew. `takeover_pause_s`: how long
    the link stays away at first when another client came with our id; doubled each time, up to
    `longest_pause_s`, and shortened at random by up to a quarter.
    `alert_grace_s`: how long it stays to let the alert of that go out.
    """

    host: str
    port: int
    topics: AgentTopics
    tls: ssl.SSLContext | None = None
    protocol: Literal["5", "3.1.1"] = "5"
    keepalive_s: int = 20
    session_expiry_s: int = 86_400
    will_delay_s: int = 2
    answer_timeout_s: float = 10.0
    probe_every_s: float = 15.0
    receive_queue: int = 256
    handlers: int = 64
    first_wait_s: float = 0.5
    longest_wait_s: float = 30.0
    stable_after_s: float = 10.0
    takeover_pause_s: float = 60.0
    alert_grace_s: float = 1.0
    longest_pause_s: float = 3600.0


@dataclass(frozen=True, slots=True)
class Inbound:
    """A message for us. An id or op outside the topic grammar, or that could be a card number, stands as
    `NOWHERE`."""

    address: Address
    payload: bytes = field(repr=False)
    response_topic: str | None = None
    correlation: bytes | None = None


def address_of(topic: str, topics: AgentTopics) -> Address:
    """The address of a topic that matched a subscription of ours, its wild levels replaced where wrong."""
    try:
        address = topics.parse(topic)
    except TopicError:
        kind, own, channel, leaf = [*topic.removeprefix(f"{topics.root}/").split("/")[2:], "", ""][:4]
        at: Kind = "agent" if kind == "agent" else "terminal"
        address = Address(topics.clinic, topics.agent, at, own, channel, leaf and NOWHERE)
    return address if address.kind == "agent" else replace(address, id=_terminal(address.id))


def _terminal(own: str) -> str:
    """The terminal's id, if it may be shown and written."""
    try:
        return NOWHERE if holds_card_number(own) else checked_id("the terminal", own)
    except TopicError:
        return NOWHERE
