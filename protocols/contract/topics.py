"""Topics: `{root}/{clinic}/{agent}/{agent|terminal|rsp}/{id}/{channel}[/{leaf}]`, built and parsed.

Ids are opaque, `[a-z0-9-]{1,36}`: never a name, a patient or an amount. An agent's own topics carry its id
twice; replies end at the backend node: `{root}/{clinic}/{agent}/rsp/{node}`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

DEFAULT_ROOT = "clinics/v1"
DEFAULT_NODE = "backend"

Kind = Literal["agent", "terminal", "rsp"]

# kind -> channel -> does a leaf follow it
CHANNELS: dict[str, dict[str, bool]] = {
    "agent": {"state": False, "info": False, "health": False, "ack": False, "cmd": True, "evt": True},
    "terminal": {"state": False, "caps": False, "cmd": True, "evt": True},
}
_ID = re.compile(r"[a-z0-9-]{1,36}")
_LEAF = re.compile(r"[a-z_]{1,32}")
_KNOWN = 256  # topics that need not be built and parsed again: an agent has a few for each of its terminals
_ROOT = re.compile(r"[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*")


class TopicError(ValueError):
    """A topic or id outside the grammar. The text never repeats what was given."""


@dataclass(frozen=True, slots=True)
class Address:
    """A parsed topic. `channel` is empty for replies, `leaf` where the channel has none."""

    clinic: str
    agent: str
    kind: Kind
    id: str
    channel: str = ""
    leaf: str = ""


def checked_id(name: str, value: str) -> str:
    """The id itself, or TopicError naming which id is wrong and what is allowed."""
    if not _ID.fullmatch(value):
        raise TopicError(f"{name} must be 1 to 36 characters of a-z, 0-9 and '-'")
    return value


def checked_root(root: str) -> str:
    """The root itself, or TopicError: levels of letters, digits, '.', '_' and '-', no slash at the ends."""
    if not _ROOT.fullmatch(root):
        raise TopicError("the topic root must be levels of letters, digits, '.', '_', '-' joined by '/'")
    return root


@lru_cache(_KNOWN)
def build(address: Address, root: str = DEFAULT_ROOT) -> str:
    """The topic of an address. Raises TopicError where the address is outside the grammar."""
    levels = [
        checked_root(root),
        checked_id("the clinic", address.clinic),
        checked_id("the agent", address.agent),
    ]
    levels += [address.kind, checked_id(f"the {address.kind} id", address.id)]
    _check_channel(address)
    return "/".join([*levels, *filter(None, (address.channel, address.leaf))])


@lru_cache(_KNOWN)
def parse(topic: str, root: str = DEFAULT_ROOT) -> Address:
    """The address of a topic under `root`. Raises TopicError."""
    prefix = checked_root(root) + "/"
    if not topic.startswith(prefix):
        raise TopicError(f"a topic must begin with {prefix}")
    levels = topic.removeprefix(prefix).split("/")
    if not 4 <= len(levels) <= 6 or levels[2] not in ("agent", "terminal", "rsp"):
        raise TopicError("a topic is {root}/{clinic}/{agent}/{agent|terminal|rsp}/{id}/{channel}[/{leaf}]")
    clinic, agent, kind, own, channel, leaf = [*levels, "", ""][:6]
    address = Address(clinic, agent, kind, own, channel, leaf)  # type: ignore[arg-type]  # checked just above
    for name, value in (("the clinic", clinic), ("the agent", agent), (f"the {kind} id", own)):
        checked_id(name, value)
    _check_channel(address)
    if len(levels) != 4 + bool(channel) + bool(leaf):
        raise TopicError("a topic has no empty level")
    return address


def _check_channel(address: Address) -> None:
    """Raise TopicError unless the kind has the channel, and the channel its leaf."""
    if address.kind == "rsp":
        if address.channel or address.leaf:
            raise TopicError("a reply topic ends at the backend node")
        return
    if address.kind == "agent" and address.id != address.agent:
        raise TopicError("an agent's own topics repeat its id: {agent}/agent/{agent}")
    channels = CHANNELS[address.kind]
    if address.channel not in channels:
        raise TopicError(f"a channel of {address.kind} is one of {', '.join(channels)}")
    if channels[address.channel] != bool(address.leaf) or (
        address.leaf and not _LEAF.fullmatch(address.leaf)
    ):
        raise TopicError(
            f"after {address.channel} comes {'one name' if channels[address.channel] else 'nothing'}"
        )


@dataclass(frozen=True, slots=True)
class AgentTopics:
    """Every topic of one agent. The ids and the root are checked when it is made."""

    clinic: str
    agent: str
    root: str = DEFAULT_ROOT

    def __post_init__(self) -> None:
        self.of_agent("state")

    @property
    def base(self) -> str:
        """What every topic of this agent begins with."""
        return f"{self.root}/{self.clinic}/{self.agent}"

    def of_agent(self, channel: str, leaf: str = "") -> str:
        """A topic of the agent itself: state, info, health, ack, cmd/{op}, evt/{type}."""
        return build(Address(self.clinic, self.agent, "agent", self.agent, channel, leaf), self.root)

    def of_terminal(self, terminal: str, channel: str, leaf: str = "") -> str:
        """A topic of one of its terminals: state, caps, cmd/{op}, evt/{type}."""
        return build(Address(self.clinic, self.agent, "terminal", terminal, channel, leaf), self.root)

    def reply(self, node: str = DEFAULT_NODE) -> str:
        """Where the replies for one backend node go."""
        return build(Address(self.clinic, self.agent, "rsp", node), self.root)

    def subscriptions(self) -> tuple[str, str, str]:
        """All that the agent listens to: its own commands, the backend's acks, its terminals' commands."""
        return (
            f"{self.base}/agent/{self.agent}/cmd/+",
            f"{self.base}/agent/{self.agent}/ack",
            f"{self.base}/terminal/+/cmd/+",
        )

    def parse(self, topic: str) -> Address:
        """The address of one of *our* topics. Raises TopicError for another clinic's or agent's."""
        address = parse(topic, self.root)
        if (address.clinic, address.agent) != (self.clinic, self.agent):
            raise TopicError("the topic belongs to another clinic or agent")
        return address

    def reply_node(self, wish: str) -> str:
        """The backend node of a wished reply address: a node id, or our own full reply topic.

        Raises TopicError for everything else: nobody can make the agent publish elsewhere.
        """
        if "/" not in wish:
            return checked_id("the backend node", wish)
        address = self.parse(wish)
        if address.kind != "rsp":
            raise TopicError("a reply goes to {root}/{clinic}/{agent}/rsp/{node} only")
        return address.id


def backend_subscriptions(clinic: str, node: str, root: str = DEFAULT_ROOT) -> tuple[str, ...]:
    """All that a backend node listens to in one clinic, for every agent of it."""
    mine = f"{checked_root(root)}/{checked_id('the clinic', clinic)}/+"
    checked_id("the backend node", node)
    agent = tuple(f"{mine}/agent/+/{channel}" for channel in ("state", "info", "health", "evt/+"))
    return (
        *agent,
        *(f"{mine}/terminal/+/{channel}" for channel in ("state", "caps", "evt/+")),
        f"{mine}/rsp/{node}",
    )
