"""When the line is opened, greeted and looked at, and when it is left alone."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from protocols.core.facts import Mark
from protocols.core.operations import Attempt, Recover, Sale, StoreCard
from protocols.core.outcomes import Approved, NotStarted, Unknown
from protocols.core.session import Begin, Closed, Greet, Link, Opened, Peer, Phase, Received
from protocols.core.values import Money
from tests.support.zvt_script import OK, READY, REGISTERED, Script, status

SALE = Sale(operation_id="op-1", amount=Money(1250))
ATTEMPT = Attempt(1, "AB1", datetime(2026, 11, 22, 15, 0, tzinfo=UTC))
REGISTRATION, ENQUIRY = "0600", "0501"


def greeted(transport: str = "tcp") -> Script:
    script = Script(transport)
    script.greet()
    return script


def asked(script: Script) -> list[str]:
    """Our commands so far, by their code."""
    return [sent[:4] for sent in script.sent if not sent.startswith("80")]


def lost_sale() -> Script:
    """A committed sale whose line was cut: an answer is owed."""
    script = greeted()
    script.begin(SALE)
    script.note()
    script.hear(OK)
    script.cut()
    script.sent.clear()
    return script


# --- greeting ---------------------------------------------------------------------------------------


def test_a_greeting_is_for_an_idle_or_lost_terminal_alone() -> None:
    script = greeted()
    script.begin(SALE)
    before = list(script.sent)
    script.give(Greet())
    assert script.sent == before


def test_an_idle_terminal_is_registered_again_on_the_same_line() -> None:
    script = greeted()
    script.give(Greet())
    assert asked(script) == [REGISTRATION]
    assert script.phase() is Phase.GREETING
    script.hear(OK, REGISTERED)
    assert (script.phase(), script.link.n) == (Phase.IDLE, 1)


def test_a_greeting_while_the_line_opens_waits_for_it() -> None:
    script = Script()
    script.give(Greet())
    script.give(Greet())
    assert script.link.n == 1
    script.open()
    assert asked(script) == [REGISTRATION]


def test_a_command_that_comes_during_the_greeting_follows_it() -> None:
    script = Script()
    script.give(Greet())
    script.open()
    script.hear(OK)
    script.begin(SALE)
    script.hear(REGISTERED)
    assert asked(script) == [REGISTRATION, ENQUIRY]


def test_a_command_that_comes_during_a_probe_follows_it() -> None:
    script = greeted()
    script.after(241.0)
    script.hear(OK)
    script.begin(SALE)
    script.hear(READY)
    assert asked(script) == [ENQUIRY, ENQUIRY]
    script.note()
    assert script.stages == ["committed"]


def test_a_command_that_comes_while_the_line_opens_follows_it() -> None:
    script = Script()
    script.give(Greet())
    script.begin(SALE)
    assert script.link.n == 1
    script.open()
    script.hear(OK, REGISTERED)
    script.note()
    assert script.stages == ["committed"]


def test_a_terminal_that_is_busy_at_its_registration_is_tried_again_and_not_unfit() -> None:
    script = Script()
    script.give(Greet())
    script.open()
    script.hear("849C00")
    assert (script.phase(), script.alerts) == (Phase.DOWN, [])
    script.after(0.6)
    assert script.link.n == 2


def test_a_command_to_a_terminal_that_is_busy_at_its_registration_is_not_started() -> None:
    script = Script()
    script.begin(SALE)
    script.open()
    script.hear("849C00")
    outcome = script.concluded.outcome
    assert isinstance(outcome, NotStarted)
    assert outcome.code == "terminal_busy"


# --- losing and finding -----------------------------------------------------------------------------


def test_a_lost_serial_line_is_opened_again_later_each_time_until_it_answers() -> None:
    script = greeted("tcp")
    script.give(Greet())  # something is asked, so that the loss is one
    pauses = []
    script.cut()
    for _ in range(5):
        deadline = script.session.next_deadline()
        assert deadline is not None
        pauses.append(round(deadline - script.now, 3))
        script.after(pauses[-1])
        script.cut(sent=False)
    assert pauses == [0.5, 1.0, 2.0, 4.0, 5.0]
    script.after(5.0)
    script.open()
    script.hear(OK, REGISTERED)
    script.give(Greet())
    script.cut()
    deadline = script.session.next_deadline()
    assert deadline == script.now + 0.5


def test_an_open_line_without_an_answer_is_no_reason_to_hurry() -> None:
    script = Script()
    script.give(Greet())
    pauses = []
    for _ in range(3):
        script.open()
        script.after(5.0)  # T3
        deadline = script.session.next_deadline()
        assert deadline is not None
        pauses.append(deadline - script.now)
        script.after(pauses[-1])
    assert pauses == [0.5, 1.0, 2.0]


def test_an_idle_socket_may_close_and_is_opened_at_the_next_probe() -> None:
    script = greeted()
    script.cut()
    assert script.phase() is Phase.IDLE
    script.after(241.0)
    assert script.link.n == 2
    script.open()
    assert asked(script) == [REGISTRATION]


def test_a_serial_port_that_closes_is_a_loss_even_when_idle() -> None:
    script = Script("serial")
    script.give(Greet())
    script.open()
    script.cut()
    assert script.phase() is Phase.DOWN


def test_a_probe_does_not_disturb_what_is_at_work() -> None:
    script = greeted()
    script.begin(SALE)
    script.note()
    script.hear(OK)
    for _ in range(4):
        script.after(100.0)
        script.hear("04FF0101")
    assert asked(script).count(ENQUIRY) == 1


@pytest.mark.parametrize("link", [Link("terminal", 99), Link("other", 1)])
def test_what_comes_of_another_opening_is_not_heard(link: Link) -> None:
    script = greeted()
    for cause in (
        Opened(link, Peer("elsewhere")),
        Received(link, bytes.fromhex("841E036F0978")),
        Closed(link, "cut", True),
    ):
        script.give(cause)
    assert (script.phase(), script.sent, script.session.peer.where) == (Phase.IDLE, [], "test")


# --- while an answer is owed ------------------------------------------------------------------------


def test_while_an_answer_is_owed_nothing_is_dialled_or_registered() -> None:
    script = lost_sale()
    assert isinstance(script.concluded.outcome, Unknown)
    opened = script.link.n
    script.after(3_600.0)
    assert (script.link.n, script.sent) == (opened, [])


def test_the_question_opens_the_line_and_the_answer_frees_the_terminal() -> None:
    script = lost_sale()
    marks = tuple(fact for fact in script.facts if isinstance(fact, Mark))
    script.begin(Recover(operation=SALE, attempt=ATTEMPT, marks=marks))
    script.open()
    script.hear(OK, "060F00", OK, status("00", "0042", at="1122150012"), "060F00")
    assert asked(script)[:2] == [ENQUIRY, "0620"]
    assert REGISTRATION in asked(script)


def test_once_a_human_has_resolved_it_a_greeting_is_in_order() -> None:
    script = lost_sale()
    script.give(Greet())
    script.open()
    assert asked(script) == [REGISTRATION]


def test_a_line_that_opens_while_an_answer_is_owed_waits_for_the_question() -> None:
    script = Script()
    script.give(Greet())
    script.open()
    script.hear("841E036F0978")  # unfit: tried again in a minute
    script.begin(Recover(operation=SALE, attempt=ATTEMPT, marks=()))
    script.cut()
    assert isinstance(script.concluded.outcome, Unknown)
    script.sent.clear()
    script.after(61.0)
    script.open()
    assert script.sent == []


# --- unfit ------------------------------------------------------------------------------------------


def test_an_unfit_terminal_is_tried_again_in_a_minute() -> None:
    script = Script()
    script.give(Greet())
    script.open()
    script.hear("841E036F0978")
    assert script.phase() is Phase.UNFIT
    script.after(59.0)
    assert script.link.n == 1
    script.after(2.0)
    assert script.link.n == 2
    script.open()
    script.hear(OK, REGISTERED)
    assert script.phase() is Phase.IDLE


def test_a_command_tries_an_unfit_terminal_at_once() -> None:
    script = Script()
    script.give(Greet())
    script.open()
    script.hear("841E036F0978")
    script.begin(SALE)
    script.open()
    script.hear("841E036F0978")
    assert script.concluded.outcome.code == "wrong_currency"
    assert script.phase() is Phase.UNFIT
    script.after(61.0)
    assert script.link.n == 3


def test_a_harmless_recovery_at_an_unfit_terminal_leaves_its_next_try_planned() -> None:
    script = Script()
    script.give(Greet())
    script.open()
    script.hear("841E036F0978")
    store = StoreCard(operation_id="op-9")
    script.give(Begin(Recover(operation=store, attempt=ATTEMPT, marks=()), ATTEMPT, 1e9))
    assert script.concluded.outcome.code == "interrupted"
    script.after(61.0)
    assert script.link.n == 2


def test_a_lost_answer_after_a_late_approval_is_told_once() -> None:
    script = lost_sale()
    marks = tuple(fact for fact in script.facts if isinstance(fact, Mark))
    script.begin(Recover(operation=SALE, attempt=ATTEMPT, marks=marks))
    script.open()
    script.hear("04FF0117", status("00", "0042"), "060F00")
    assert isinstance(script.concluded.outcome, Approved)
    assert script.stages.count("Approved") == 1
