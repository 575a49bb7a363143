"""The session contract (protocols/core/session.py), held against every protocol of the registry."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.core.errors import LocalError
from protocols.core.facts import Mark
from protocols.core.operations import Recover
from protocols.core.outcomes import Approved, Cancelled, NotStarted, Unknown
from protocols.core.session import Greet, Persisted, Phase, Session, Status
from protocols.registry import PROTOCOLS
from tests.contract.session.peers import DIALECTS, Dialect
from tests.contract.session.rig import Rig

EVERY = pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)
# In words, so that a failing example reads as a story. `hear` takes a saying of the dialect.
EVENTS = st.one_of(
    st.sampled_from(["greet", "open", "open", "cut", "abort"]).map(lambda word: (word, 0)),
    st.tuples(st.just("begin"), st.integers(0, 3)),
    st.tuples(st.just("hear"), st.integers(0, 99)),
    st.tuples(st.just("hear"), st.integers(0, 99)),
    st.tuples(st.just("hear"), st.integers(0, 99)),
    st.tuples(st.just("noise"), st.binary(min_size=1, max_size=40)),
    st.tuples(st.just("wait"), st.sampled_from([0.05, 1.0, 5.0, 41.0, 250.0])),
)


def session_of(dialect: Dialect) -> Session:
    return PROTOCOLS[dialect.protocol].build(dialect.options, Random(1).randbytes)


def ready(dialect: Dialect) -> Rig:
    """Connected and greeted."""
    rig = Rig(session_of(dialect))
    rig.greet()
    rig.open()
    for saying in dialect.greeting:
        rig.hear(saying)
    assert rig.session.phase is Phase.IDLE
    return rig


def moments(dialect: Dialect) -> Iterator[Rig]:
    """A sale at each of its moments: nothing said yet, one answer, two …"""
    for said in range(len(dialect.sale) + 1):
        rig = ready(dialect)
        rig.begin()
        for saying in dialect.sale[:said]:
            rig.hear(saying)
        yield rig


def happen(rig: Rig, dialect: Dialect, event: tuple[str, object]) -> None:
    """One event by its word."""
    match event:
        case ("begin", int(which)):
            rig.begin(rig.kinds()[which])
        case ("hear", int(which)):
            rig.hear(dialect.sayings[which % len(dialect.sayings)])
        case ("noise", bytes(data)):
            rig.hear(data)
        case ("wait", float(seconds)):
            rig.wait(seconds)
        case ("greet" | "open" | "cut" | "abort" as word, _):
            getattr(rig, word)()


def test_every_protocol_has_its_peers() -> None:
    assert {dialect.protocol for dialect in DIALECTS.values()} == set(PROTOCOLS)


@EVERY
def test_a_peer_that_means_well_leads_a_sale_to_its_end(dialect: Dialect) -> None:
    *_, rig = moments(dialect)
    assert [type(end.outcome) for end in rig.conclusions] == [Approved]
    assert rig.session.phase is Phase.IDLE


@EVERY
@given(events=st.lists(EVENTS, max_size=50))
def test_whatever_happens_the_promises_hold(dialect: Dialect, events: list[tuple[str, object]]) -> None:
    rig = Rig(session_of(dialect))
    for event in events:
        happen(rig, dialect, event)
    # The line is cut at last: what is at work ends, once; a later line can be greeted and takes a command.
    rig.cut()
    rig.wait(900.0)
    rig.cut()
    assert rig.at_work is None
    rig.give(Greet())
    rig.begin()
    rig.cut()
    assert isinstance(rig.conclusions[-1].outcome, NotStarted)


@EVERY
@given(noise=st.binary(min_size=1, max_size=300), at=st.integers(0, 9))
def test_noise_at_any_moment_is_endured(dialect: Dialect, noise: bytes, at: int) -> None:
    for said, rig in enumerate(moments(dialect)):
        if said == at % (len(dialect.sale) + 1):
            rig.hear(noise)
            rig.wait(400.0)
            rig.cut()
            assert len(rig.conclusions) == 1


@EVERY
def test_a_cut_at_any_moment_concludes_exactly_once(dialect: Dialect) -> None:
    for rig in moments(dialect):
        marked = [fact.stage for fact in rig.facts if isinstance(fact, Mark)]
        ended = bool(rig.conclusions)
        rig.cut()
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
        assert ended or isinstance(rig.conclusions[0].outcome, Unknown | NotStarted)


@EVERY
def test_an_abort_at_any_moment_is_told_in_the_end(dialect: Dialect) -> None:
    for said, rig in enumerate(moments(dialect)):
        if rig.conclusions:
            continue
        rig.abort()
        for saying in dialect.sale[said:]:
            rig.hear(saying)
        outcome = rig.conclusions[0].outcome
        assert outcome.abort == ("honoured" if isinstance(outcome, Cancelled | NotStarted) else "too_late")


@EVERY
def test_what_was_committed_is_asked_about_and_never_sent_again(dialect: Dialect) -> None:
    asked = 0
    for rig in moments(dialect):
        rig.cut()
        if not isinstance(rig.conclusions[0].outcome, Unknown):
            continue
        later = Rig(session_of(dialect))
        later.begin(Recover(operation=rig.sought(), attempt=rig.attempt(), marks=tuple(rig.marks)))
        later.open()
        for saying in dialect.greeting:
            later.hear(saying)
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
