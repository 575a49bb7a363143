"""A living state in our name that we did not say was said by a double."""

from __future__ import annotations

import pytest

from terminal_agent.cloud.double import OwnStates


def state(word: str, number: int = 0) -> bytes:
    whole = f'{{"specversion":"1.0","id":"{number}","source":"/a","type":"t","data":{{"state":"{word}"}}}}'
    return whole.encode()


def test_what_we_said_ourselves_is_no_double() -> None:
    own = OwnStates()
    own.say(state("ready"))
    assert not own.is_double(state("ready"))
    assert own.is_double(state("ready", 1))


@pytest.mark.parametrize("word", ["lost", "disconnected", "never_heard_of"])
def test_one_that_went_away_is_no_double(word: str) -> None:
    own = OwnStates()
    own.say(state("ready"))
    assert not own.is_double(state(word, 1))


def test_a_fresh_process_finds_its_predecessor() -> None:
    assert not OwnStates().is_double(state("ready"))


def test_a_double_that_did_not_come_back_is_given_way_to_once() -> None:
    own = OwnStates()
    own.say(state("ready"))
    assert own.is_double(state("ready", 1))
    assert not own.is_double(state("ready", 1))
    assert own.is_double(state("ready", 2))


@pytest.mark.parametrize("payload", [b"", b"{", b"[]", b"\xff"])
def test_what_cannot_be_read_is_no_double(payload: bytes) -> None:
    own = OwnStates()
    own.say(state("ready"))
    assert not own.is_double(payload)


def test_it_remembers_so_many_and_no_more() -> None:
    own = OwnStates(keep=2)
    for number in range(3):
        own.say(state("ready", number))
    assert own.is_double(state("ready", 0))
    assert not own.is_double(state("ready", 1))
