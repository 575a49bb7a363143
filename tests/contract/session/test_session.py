"""The session contract (protocols/core/session.py), held against every protocol of the registry."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.core.errors import LocalError
from protocols.core.facts import Mark
from protocols.core.operations import Recover
from protocols.core.outcomes import Approved, Cancelled, NotStarted, Unknown
from protocols.core.session import Greet, Persisted, Phase, Status
from protocols.registry import PROTOCOLS
from tests.contract.session.peers import DIALECTS, Dialect, Saying
from tests.contract.session.rig import Rig

EVERY = pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)
# In words, so that a failing example reads as a story. `hear` takes a saying of the dialect.
EVENTS = st.one_of(
    st.sampled_from(["greet", "open", "open", "abort"]).map(lambda word: (word, 0)),
    st.tuples(st.just("cut"), st.integers(0, 1)),
    st.tuples(st.just("begin"), st.integers(0, 3)),
    st.tuples(st.just("hear"), st.integers(0, 99)),
    st.tuples(st.just("hear"), st.integers(0, 99)),
    st.tuples(st.just("hear"), st.integers(0, 99)),
    st.tuples(st.just("noise"), st.binary(min_size=1, max_size=40)),
    st.tuples(st.just("wait"), st.sampled_from([0.05, 1.0, 5.0, 41.0, 250.0])),
    st.tuples(st.just("sleep"), st.sampled_from([41.0, 250.0])),
)


def rig_of(dialect: Dialect) -> Rig:
    return Rig(dialect.session(), dialect.order)


def say(rig: Rig, sayings: Iterable[Saying]) -> None:
    for saying in sayings:
        rig.hear(saying.to, saying.fresh())


def ready(dialect: Dialect) -> Rig:
    """Connected and greeted."""
    rig = rig_of(dialect)
    rig.greet()
    rig.open_all()
    say(rig, dialect.greeting)
    assert rig.session.phase is Phase.IDLE
    return rig


def moments(dialect: Dialect) -> Iterator[Rig]:
    """An order at each of its moments: nothing said yet, one answer, two …"""
    for said in range(len(dialect.answers) + 1):
        rig = ready(dialect)
        rig.begin()
        say(rig, dialect.answers[:said])
        yield rig


def happen(rig: Rig, dialect: Dialect, event: tuple[str, object]) -> None:
    """One event by its word."""
    match event:
        case ("begin", int(which)):
            rig.begin(rig.kinds()[which])
        case ("hear", int(which)):
            say(rig, [dialect.sayings[which % len(dialect.sayings)]])
        case ("noise", bytes(data)):
            rig.noise(data)
        case ("cut", int(which)):
            rig.cut(which)
        case ("wait", float(seconds)):
            rig.wait(seconds)
        case ("sleep", float(seconds)):
            rig.sleep(seconds)
        case ("greet" | "open" | "abort" as word, _):
            getattr(rig, word)()


def test_every_protocol_has_its_peers() -> None:
    assert {dialect.protocol for dialect in DIALECTS.values()} == set(PROTOCOLS)


@EVERY
def test_peers_that_mean_well_lead_an_order_to_its_end(dialect: Dialect) -> None:
    *_, rig = moments(dialect)
    assert [type(end.outcome) for end in rig.conclusions] == [Approved]
    assert rig.session.phase is Phase.IDLE


@EVERY
@given(events=st.lists(EVENTS, max_size=50))
def test_whatever_happens_the_promises_hold(dialect: Dialect, events: list[tuple[str, object]]) -> None:
    rig = rig_of(dialect)
    for event in events:
        happen(rig, dialect, event)
    # The lines are cut at last: what is at work ends, once; later ones can be greeted and take a command.
    rig.cut_all()
    rig.wait(900.0)
    rig.cut_all()
    assert rig.at_work is None
    rig.give(Greet())
    rig.begin()
    rig.cut_all()
    assert isinstance(rig.conclusions[-1].outcome, NotStarted)


@EVERY
@given(noise=st.binary(min_size=1, max_size=300), at=st.integers(0, 9))
def test_noise_at_any_moment_is_endured(dialect: Dialect, noise: bytes, at: int) -> None:
    for said, rig in enumerate(moments(dialect)):
        if said == at % (len(dialect.answers) + 1):
            rig.noise(noise)
            rig.wait(400.0)
            rig.cut_all()
            assert len(rig.conclusions) == 1


@EVERY
def test_a_cut_at_any_moment_concludes_exactly_once(dialect: Dialect) -> None:
    for rig in moments(dialect):
        marked = [fact.stage for fact in rig.facts if isinstance(fact, Mark)]
        ended = bool(rig.conclusions)
        rig.cut_all()
        rig.wait(600.0)
        assert len(rig.conclusions) == 1
        outcome = rig.conclusions[0].outcome
        if not ended:
            assert isinstance(outcome, Unknown if "committed" in marked else NotStarted)


@EVERY
def test_silence_at_any_moment_ends_in_doubt_or_not_at_all(dialect: Dialect) -> None:
    for rig in moments(dialect):
        ended = bool(rig.conclusions)
        rig.wait(1_000.0)
        assert len(rig.conclusions) == 1
        outcome = rig.conclusions[0].outcome
        waited_in_vain = isinstance(outcome, Cancelled) and not rig.marks  # for a card, which we ask for
        assert ended or waited_in_vain or isinstance(outcome, Unknown | NotStarted)


@EVERY
@pytest.mark.parametrize("which", [0, 1])
def test_a_sleep_at_any_moment_with_one_line_lost_ends_once(dialect: Dialect, which: int) -> None:
    for rig in moments(dialect):
        rig.cut(which)
        rig.sleep(1_000.0)
        rig.cut_all()
        assert len(rig.conclusions) == 1


@EVERY
def test_an_abort_at_any_moment_is_told_in_the_end(dialect: Dialect) -> None:
    for said, rig in enumerate(moments(dialect)):
        if rig.conclusions:
            continue
        rig.abort()
        say(rig, dialect.answers[said:])
        outcome = rig.conclusions[0].outcome
        assert outcome.abort == ("honoured" if isinstance(outcome, Cancelled | NotStarted) else "too_late")


@EVERY
def test_what_was_committed_is_asked_about_and_never_sent_again(dialect: Dialect) -> None:
    asked = 0
    for rig in moments(dialect):
        rig.cut_all()
        if not isinstance(rig.conclusions[0].outcome, Unknown):
            continue
        later = rig_of(dialect)
        later.begin(Recover(operation=rig.sought(), attempt=rig.attempt(), marks=tuple(rig.marks)))
        later.open_all()
        say(later, dialect.greeting)
        asked += 1
        assert later.sent
        assert rig.committed_with not in later.sent
    assert asked > 1


@EVERY
def test_an_answer_to_no_booking_is_our_own_mistake(dialect: Dialect) -> None:
    with pytest.raises(LocalError):
        ready(dialect).session.handle(Persisted(99), 2_000.0)


@EVERY
def test_states_are_told_when_they_change_and_only_then(dialect: Dialect) -> None:
    *_, rig = moments(dialect)
    told = [notice for notice in rig.notices if isinstance(notice, Status)]
    assert told
    assert all(one != other for one, other in pairwise(told))
    assert told[-1].phase is rig.session.phase
    assert told[-1].capabilities == rig.session.capabilities
