"""Topics are built and parsed both ways; what is outside the grammar is refused without being repeated."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.contract.topics import (
    CHANNELS,
    Address,
    AgentTopics,
    Kind,
    TopicError,
    backend_subscriptions,
    build,
    parse,
)

IDS = st.from_regex(r"[a-z0-9-]{1,36}", fullmatch=True)
LEAVES = st.from_regex(r"[a-z_]{1,32}", fullmatch=True)
TOPICS = AgentTopics("clinic-1", "agent-1")


@st.composite
def addresses(draw: st.DrawFn) -> Address:
    agent = draw(IDS)
    kind: Kind = draw(st.sampled_from(["agent", "terminal", "rsp"]))
    if kind == "rsp":
        return Address(draw(IDS), agent, "rsp", draw(IDS))
    channel = draw(st.sampled_from(sorted(CHANNELS[kind])))
    leaf = draw(LEAVES) if CHANNELS[kind][channel] else ""
    return Address(draw(IDS), agent, kind, agent if kind == "agent" else draw(IDS), channel, leaf)


@given(addresses(), st.sampled_from(["clinics/v1", "x", "a/b/c.d_e"]))
def test_what_is_built_is_parsed_back(address: Address, root: str) -> None:
    assert parse(build(address, root), root) == address


@given(st.text())
def test_any_text_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(TopicError) as refused:
        parse(f"clinics/v1/é{text}")
    assert f"é{text}" not in str(refused.value)


@pytest.mark.parametrize(
    "topic",
    [
        "clinics/v1/c/a/agent/a",
        "clinics/v1/c/a/agent/b/state",
        "clinics/v1/c/a/agent/a/caps",
        "clinics/v1/c/a/agent/a/state/x",
        "clinics/v1/c/a/agent/a/cmd",
        "clinics/v1/c/a/agent/a/cmd/",
        "clinics/v1/c/a/terminal/t/cmd/sale/x",
        "clinics/v1/c/a/terminal/T/cmd/sale",
        "clinics/v1/c/a/terminal/t/cmd/Sale",
        "clinics/v1/c/a/terminal/t/state/",
        "clinics/v1/c/a/rsp/n/x",
        "clinics/v1/c/a/rsp/",
        "clinics/v1/c/a/rsp/n/",
        "clinics/v1/c/a/other/t/state",
        "clinics/v2/c/a/rsp/n",
        "/clinics/v1/c/a/rsp/n",
        "clinics/v1/c/a/terminal/" + "t" * 37 + "/state",
    ],
)
def test_what_is_outside_the_grammar_is_refused(topic: str) -> None:
    with pytest.raises(TopicError):
        parse(topic)


def test_the_topics_of_an_agent() -> None:
    assert TOPICS.of_agent("state") == "clinics/v1/clinic-1/agent-1/agent/agent-1/state"
    assert TOPICS.of_agent("cmd", "sync") == "clinics/v1/clinic-1/agent-1/agent/agent-1/cmd/sync"
    assert (
        TOPICS.of_terminal("t", "evt", "operation") == "clinics/v1/clinic-1/agent-1/terminal/t/evt/operation"
    )
    assert TOPICS.reply("n") == "clinics/v1/clinic-1/agent-1/rsp/n"
    assert TOPICS.subscriptions() == (
        "clinics/v1/clinic-1/agent-1/agent/agent-1/cmd/+",
        "clinics/v1/clinic-1/agent-1/agent/agent-1/ack",
        "clinics/v1/clinic-1/agent-1/terminal/+/cmd/+",
    )


@pytest.mark.parametrize("ids", [("Clinic", "a"), ("c", "a/b"), ("c", ""), ("c", "a+"), ("#", "a")])
def test_an_agent_with_a_bad_id_has_no_topics(ids: tuple[str, str]) -> None:
    with pytest.raises(TopicError):
        AgentTopics(*ids)


@pytest.mark.parametrize("root", ["", "/x", "x/", "a//b", "a/+", "#", "a b"])
def test_a_bad_root_is_refused(root: str) -> None:
    with pytest.raises(TopicError):
        AgentTopics("c", "a", root)


@pytest.mark.parametrize("wish", ["node-2", "clinics/v1/clinic-1/agent-1/rsp/node-2"])
def test_a_reply_goes_to_a_node_of_ours(wish: str) -> None:
    assert TOPICS.reply_node(wish) == "node-2"


@pytest.mark.parametrize(
    "wish",
    [
        "clinics/v1/clinic-2/agent-1/rsp/n",
        "clinics/v1/clinic-1/agent-2/rsp/n",
        "clinics/v1/clinic-1/agent-1/terminal/t/cmd/sale",
        "clinics/v1/clinic-1/agent-1/agent/agent-1/ack",
        "clinics/v1/clinic-1/agent-1/rsp/n/x",
        "other/n",
        "Node",
        "",
        "+",
    ],
)
def test_no_other_reply_address_is_taken(wish: str) -> None:
    with pytest.raises(TopicError):
        TOPICS.reply_node(wish)


def test_a_backend_listens_to_what_agents_say_and_to_no_command() -> None:
    wanted = backend_subscriptions("clinic-1", "node-2")
    assert "clinics/v1/clinic-1/+/rsp/node-2" in wanted
    assert "clinics/v1/clinic-1/+/terminal/+/evt/+" in wanted
    assert not [topic for topic in wanted if "/cmd/" in topic or topic.endswith("/ack")]
