"""One terminal at work: single flight, questions before commands, escalation, a fresh start after a crash."""

from __future__ import annotations

import asyncio

import pytest

from protocols.core.facts import Mark
from protocols.core.operations import Recover
from protocols.core.outcomes import NotStarted, Unknown
from protocols.core.session import (
    Abort,
    Alert,
    Begin,
    Capabilities,
    Cause,
    Effect,
    Greet,
    Peer,
    Persist,
    Phase,
    Progress,
    Status,
    Tell,
)
from terminal_agent.commands.recovery import GIVE_UP_S
from terminal_agent.terminal.worker import NEVER
from tests.support.operations import operation_id
from tests.support.virtual_clock import run_virtual, settle
from tests.support.virtual_terminal import START
from tests.support.worker_desk import (
    DOUBT,
    NAME,
    PAID,
    PROOF,
    SALE,
    Desk,
    desk_test,
    ended,
    marked,
)


async def _greets(desk: Desk) -> None:
    await desk.start()
    assert desk.causes == [Greet()]
    assert (desk.standing.phase, desk.standing.word()) == (Phase.IDLE, "ready")


async def _begins(desk: Desk) -> None:
    desk.answer = lambda begin: (marked(begin),)
    await desk.start()
    await desk.begin()
    begin = desk.causes[-1]
    assert isinstance(begin, Begin)
    assert (begin.operation, begin.commit_before, begin.attempt.no) == (SALE, 2_000.0, 1)
    assert desk.standing.asking == NAME
    assert desk.standing.availability().busy
    assert desk.standing.availability().holder == "staff-1"
    assert (await desk.row()).state == "committed"


async def _frees(desk: Desk) -> None:
    desk.answer = lambda begin: (ended(begin, PAID),)
    await desk.start()
    await desk.begin()
    assert desk.standing.asking is None
    assert (await desk.row()).state == "approved"
    assert desk.standing.open == {}
    await desk.worker.idle()


async def _aborts(desk: Desk) -> None:
    await desk.start()
    assert not desk.worker.abort(NAME)
    await desk.begin()
    assert not desk.worker.abort(operation_id(START, 2))
    assert desk.worker.abort(NAME)
    await settle()
    assert desk.causes[-1] == Abort(NAME)


async def _asks_again(desk: Desk) -> None:
    """In doubt: asked when it is due, with the marks and never with the sale."""
    desk.answer = lambda begin: (marked(begin), ended(begin, DOUBT)) if begin.operation == SALE else ()
    await desk.start()
    await desk.begin()
    assert (desk.standing.word(), (await desk.row()).state) == ("in_doubt", "in_doubt")
    assert desk.causes[-1].operation == SALE  # type: ignore[union-attr]  # a Begin
    await asyncio.sleep(2.1)
    query = desk.causes[-1]
    assert isinstance(query, Begin)
    assert isinstance(query.operation, Recover)
    assert (query.operation.operation, query.commit_before, query.attempt.no) == (SALE, NEVER, 1)
    assert [mark.stage for mark in query.operation.marks] == ["committed"]


async def _asks_now(desk: Desk) -> None:
    desk.answer = lambda begin: (ended(begin, DOUBT),) if begin.operation == SALE else ()
    await desk.start()
    await desk.begin()
    desk.worker.ask(NAME)
    await settle()
    assert isinstance(desk.causes[-1].operation, Recover)  # type: ignore[union-attr]  # a Begin
    desk.worker.ask(operation_id(START, 9))
    await settle()
    assert desk.standing.asking == NAME


async def _asks_in_vain(desk: Desk) -> None:
    """Later each time; after a quarter of an hour a human is asked too, and the agent still asks."""
    desk.answer = lambda begin: (ended(begin, DOUBT),)
    await desk.start()
    await desk.begin()
    await asyncio.sleep(GIVE_UP_S["last"] - 1.0)
    assert (await desk.row()).state == "in_doubt"
    before = len(desk.causes)
    assert 10 < before < 40
    await asyncio.sleep(120.0)
    row = await desk.row()
    assert (row.state, row.owed, row.code) == ("needs_human", True, "needs_human")
    assert len(desk.causes) > before
    desk.answer = lambda begin: (ended(begin, PAID),)
    await asyncio.sleep(61.0)
    assert (await desk.row()).state == "approved"


async def _greets_after_an_answer(desk: Desk) -> None:
    desk.answer = lambda begin: (ended(begin, DOUBT if begin.operation == SALE else PAID),)
    await desk.start()
    await desk.begin()
    await asyncio.sleep(2.1)
    assert (await desk.row()).state == "approved"
    assert desk.causes[-1] == Greet()
    assert len([cause for cause in desk.causes if cause == Greet()]) == 2


async def _does_not_greet_while_owing(desk: Desk) -> None:
    desk.answer = lambda begin: (ended(begin, DOUBT),)
    await desk.start()
    await desk.begin()
    desk.worker.look_again()
    await settle()
    assert desk.causes.count(Greet()) == 1
    assert isinstance(desk.causes[-1], Begin)


async def _looks_again(desk: Desk) -> None:
    desk.worker.look_again()  # nobody runs yet
    await desk.start()
    desk.worker.look_again()
    await settle()
    assert desk.causes == [Greet(), Greet()]


async def _a_human_has_it(desk: Desk) -> None:
    """Told to look by the session itself: the terminal is free for others."""
    human = Unknown(code="another_transaction", owner="human", evidence=PROOF)
    desk.answer = lambda begin: (ended(begin, human),)
    await desk.start()
    await desk.begin()
    assert ((await desk.row()).state, desk.standing.word()) == ("needs_human", "ready")
    await asyncio.sleep(3_600.0)
    assert sum(isinstance(cause, Begin) for cause in desk.causes) == 1


async def _silence(desk: Desk) -> None:
    desk.answer = lambda begin: (Tell(Status(Phase.COMMITTED, "committed")),)
    await desk.start()
    await desk.begin()
    await desk.tell(Alert("silent", {"after_s": "40"}))
    assert desk.standing.word() == "stuck"
    assert desk.ears.alerts == [("silent", "t-1")]
    await desk.tell(Progress(NAME, "pin", "enter_pin", "cardholder"))
    assert desk.standing.word() == "busy"
    assert desk.ears.words[-2:] == ["stuck", "busy"]
    assert desk.ears.progressed == ["enter_pin"]


async def _status(desk: Desk) -> None:
    await desk.start()
    fewer = Capabilities(operations=frozenset({"refund"}), recovery="none")
    await desk.tell(Status(Phase.UNFIT, "wrong_device", Peer("there", terminal_id="1"), fewer))
    assert (desk.standing.word(), desk.standing.reason) == ("unfit", "wrong_device")
    assert (desk.standing.peer.where, desk.standing.capabilities) == ("there", fewer)
    await desk.tell(Status(Phase.DOWN, "gone"))
    assert desk.standing.peer.where == "there"


async def _stops(desk: Desk) -> None:
    await desk.start()
    await desk.stop()
    assert (desk.standing.phase, desk.standing.reason) == (Phase.DOWN, "stopped")
    assert not desk.standing.availability().online
    assert not desk.worker.abort(NAME)


test_an_idle_terminal_is_greeted_once = desk_test(_greets)
test_an_operation_is_given_to_the_session_and_holds_the_terminal = desk_test(_begins)
test_the_outcome_frees_the_terminal = desk_test(_frees)
test_only_what_the_session_is_at_can_be_aborted = desk_test(_aborts)
test_what_is_in_doubt_is_asked_about_and_not_sent_again = desk_test(_asks_again)
test_a_question_can_be_asked_before_its_time = desk_test(_asks_now)
test_a_human_is_asked_after_a_quarter_of_an_hour = desk_test(_asks_in_vain)
test_a_terminal_that_answered_is_greeted = desk_test(_greets_after_an_answer)
test_nothing_is_greeted_while_an_answer_is_owed = desk_test(_does_not_greet_while_owing)
test_a_rescan_greets_what_is_idle = desk_test(_looks_again)
test_what_only_a_human_can_find_out_is_not_asked_again = desk_test(_a_human_has_it)
test_a_silent_terminal_is_stuck_until_it_says_something = desk_test(_silence)
test_what_the_session_tells_of_itself_is_where_the_terminal_stands = desk_test(_status)
test_a_worker_that_stops_says_so = desk_test(_stops)


# --- after a crash ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("stage", "state"), [(None, "not_started"), ("committed", "in_doubt")])
def test_a_crash_ends_what_never_began_and_asks_about_the_rest(stage: str | None, state: str) -> None:
    async def main() -> None:
        first = Desk()
        first.answer = lambda begin: (marked(begin),) if stage else ()
        await first.start()
        await first.begin()
        await first.stop()
        second = Desk(first.journal.reborn())
        await second.start()
        row = await second.row()
        assert row.state == state
        if state == "not_started":
            assert isinstance(row.outcome, NotStarted)
            assert row.outcome.code == "agent_restarted"
            assert second.causes == [Greet()]
        else:
            query = second.causes[-1]
            assert isinstance(query, Begin)
            assert isinstance(query.operation, Recover)
        await second.stop()

    run_virtual(main())


def test_a_session_that_breaks_down_takes_its_worker_with_it_and_the_next_one_asks() -> None:
    async def main() -> None:
        desk = Desk()
        desk.answer = lambda begin: (marked(begin),)
        await desk.start()
        await desk.begin()
        waiting = asyncio.create_task(desk.worker.idle())
        desk.sessions[-1].script = _breaks
        assert desk.worker.abort(NAME)
        await settle()
        assert desk.task is not None
        assert isinstance(desk.task.exception(), ExceptionGroup)
        assert desk.standing.phase is Phase.DOWN
        assert not waiting.done()
        await desk.start()
        assert len(desk.sessions) == 2
        query = desk.causes[-1]
        assert isinstance(query, Begin)
        assert isinstance(query.operation, Recover)
        waiting.cancel()
        await desk.stop()

    run_virtual(main())


def test_a_booking_that_fails_ends_the_worker_before_anything_else_is_done() -> None:
    async def main() -> None:
        desk = Desk()
        desk.answer = lambda begin: (marked(begin),)
        await desk.start()
        await desk.begin()
        desk.journal.fails = True
        desk.sessions[-1].script = lambda _cause: (Persist(3, Mark(NAME, 1, "result_seen")),)
        desk.worker.abort(NAME)
        await settle()
        assert desk.task is not None
        assert desk.task.done()
        assert (await desk.row()).state == "committed"
        assert len(desk.sessions[-1].causes) == 4  # Greet, Begin, Persisted, Abort; no Persisted after it
        desk.task.exception()

    run_virtual(main())


def _breaks(_cause: Cause) -> tuple[Effect, ...]:
    raise ValueError("the session broke down")
