"""The contract's words: what differs is different, what is dangerous shows nothing."""

from __future__ import annotations

from typing import get_args

from protocols.core.session import (
    Capabilities,
    Cause,
    Close,
    Closed,
    Effect,
    Link,
    Open,
    Received,
)


def test_two_effects_of_the_same_link_are_not_the_same() -> None:
    link = Link("terminal", 7)
    assert Open(link) != Close(link)  # type: ignore[comparison-overlap]  # tuples would be equal here
    assert Closed(link, "cut", True) != Closed(link, "cut", False)
    assert Received(link, b"a") == Received(link, b"a")


def test_causes_and_effects_are_apart() -> None:
    assert not set(get_args(Cause)) & set(get_args(Effect))


def test_a_terminal_of_which_nothing_is_known_can_do_nothing() -> None:
    can = Capabilities(operations=frozenset())
    assert (can.recovery, can.abort, can.identity, can.token_kind) == ("none", "none", "none", None)
