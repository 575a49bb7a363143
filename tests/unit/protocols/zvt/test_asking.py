"""What the terminal answers when it is asked: its status, its last transaction before ours and after."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from protocols.core.facts import Mark
from protocols.core.operations import Attempt, Recover, Sale
from protocols.core.outcomes import Approved, NotStarted, Outcome, Unknown
from protocols.core.values import Money
from tests.support.zvt_script import OK, READY, REGISTERED, Script, status

OURS, FOREIGN = "52500295", "11111111"
SALE = Sale(operation_id="op-1", amount=Money(1250))
ATTEMPT = Attempt(1, "AB1", datetime(2026, 11, 22, 15, 0, tzinfo=UTC))
COMMITTED = Mark("op-1", 1, "committed", {"baseline": "known", "last.receipt": "0041", "terminal_id": OURS})
# 06 0F of 05 01 with TLV: status, the terminal's id (1F44), its clock (34: 1F0E, 1F0F).
WITH_CLOCK = "060F19" + "00" + "0616" + "1F4404" + OURS + "340D" + "1F0E0420261122" + "1F0F03150000"


def greeted(**options: object) -> Script:
    script = Script("tcp", **options)
    script.greet()
    return script


def recovering(*marks: Mark) -> Script:
    script = Script()
    script.begin(Recover(operation=SALE, attempt=ATTEMPT, marks=marks or (COMMITTED,)))
    script.open()
    return script


def baseline(script: Script) -> Mark:
    mark = script.facts[0]
    assert isinstance(mark, Mark)
    assert mark.stage == "committed"
    return mark


def test_the_baseline_is_the_last_transaction_with_its_result_and_the_terminals_clock() -> None:
    script = greeted()
    script.begin(SALE)
    script.hear(OK, WITH_CLOCK, OK, status("B4", "0041"), "060F00")
    keys = baseline(script).keys
    assert (keys["baseline"], keys["last.receipt"], keys["last.result"]) == ("known", "0041", "B4")
    assert (keys["clock"], keys["clock_after_s"]) == ("1122150000", "0")


def test_the_clock_is_noted_with_how_long_we_had_prepared() -> None:
    script = greeted()
    script.begin(SALE)
    script.hear(OK)
    script.after(3.5)
    script.hear(WITH_CLOCK, OK)
    script.after(4.0)
    script.hear(status("00", "0041"), "060F00")
    assert baseline(script).keys["clock"] == "1122150004"
    assert baseline(script).keys["clock_after_s"] == "7"


@pytest.mark.parametrize(("clock", "kind"), [("145159", Unknown), ("145210", Approved), ("145221", Unknown)])
def test_a_clock_that_was_set_since_our_command_tells_no_time(clock: str, kind: type[Outcome]) -> None:
    """Noted as 14:50:00 ten seconds after the attempt began; asked two minutes later, answered five after."""
    noted = {**COMMITTED.keys, "clock": "1122145000", "clock_after_s": "10"}
    asked = ATTEMPT.wall + timedelta(seconds=135)
    script = Script()
    mark = replace(COMMITTED, keys=noted)
    script.begin(Recover(operation=SALE, attempt=ATTEMPT, marks=(mark,), asked=asked))
    script.after(5.0)
    script.open()
    script.hear(OK, WITH_CLOCK.replace("1F0F03150000", f"1F0F03{clock}"))
    script.hear(OK, status("00", "0042", at="1122145030"), "060F00")
    assert isinstance(script.concluded.outcome, kind)


def test_a_terminal_that_ends_without_telling_has_no_readable_baseline() -> None:
    script = greeted()
    script.begin(SALE)
    script.hear(OK, READY, OK, "060F00")
    assert script.sent[-1].startswith("0620")
    script.hear(OK, "060F00")
    assert baseline(script).keys["baseline"] == "unreadable"


def test_a_baseline_lost_on_the_way_is_asked_for_again() -> None:
    script = greeted()
    script.begin(SALE)
    script.hear(OK, READY, OK, "060F00", OK, status("00", "0041"), "060F00")
    assert baseline(script).keys["baseline"] == "known"


@pytest.mark.parametrize("answer", [[OK, "060F019C"], ["849C00"]])
def test_a_busy_terminal_takes_no_command(answer: list[str]) -> None:
    script = greeted()
    script.begin(SALE)
    script.hear(*answer)
    outcome = script.concluded.outcome
    assert isinstance(outcome, NotStarted)
    assert outcome.code == "terminal_busy"


def test_its_software_is_learned() -> None:
    script = greeted()
    script.after(241.0)
    script.hear(OK, "060F08" + "F0F0F4" + b"PT 1".hex() + "00")
    assert script.session.peer.software == "PT 1"


def test_a_stranger_at_a_recovery_tells_nothing() -> None:
    script = recovering()
    script.hear(OK, READY, OK, status("00", "0041").replace(OURS, FOREIGN), "060F00")
    outcome = script.concluded.outcome
    assert isinstance(outcome, Unknown)
    assert (outcome.code, outcome.owner) == ("wrong_device", "agent")


def test_a_terminal_that_tells_nothing_back_needs_a_human() -> None:
    script = recovering()
    script.hear(OK, READY, OK, "060F00")
    assert script.stages == []
    script.hear(OK, "060F00")
    assert script.concluded.outcome.code == "terminal_cannot_tell"


def test_a_last_transaction_lost_on_the_way_is_asked_for_again() -> None:
    script = recovering()
    script.hear(OK, READY, OK, "060F00", OK, status("00", "0041"), "060F00")
    assert isinstance(script.concluded.outcome, NotStarted)


def test_a_last_transaction_that_cannot_be_told_now_is_asked_for_again() -> None:
    script = recovering()
    script.hear(OK, READY, "849C00")
    assert script.stages == []
    script.after(5.1)
    assert script.sent[-1].startswith("0501")


def test_a_terminal_that_has_not_said_who_it_is_is_registered_before_it_is_believed() -> None:
    anonymous = status("00", "0041").replace("29" + OURS, "")
    told = anonymous[:4] + f"{len(anonymous) // 2 - 3:02X}" + anonymous[6:]
    script = recovering()
    script.hear(OK, READY, OK, told, "060F00")
    assert script.sent[-1].startswith("0600")
    script.hear(OK, REGISTERED, OK, told, "060F00")
    assert isinstance(script.concluded.outcome, NotStarted)


def test_one_that_never_says_who_it_is_is_not_believed_to_have_nothing() -> None:
    anonymous = status("00", "0041").replace("29" + OURS, "")
    told = anonymous[:4] + f"{len(anonymous) // 2 - 3:02X}" + anonymous[6:]
    script = recovering()
    script.hear(OK, READY, OK, told, "060F00", OK, "060F00", OK, told, "060F00")
    outcome = script.concluded.outcome
    assert isinstance(outcome, Unknown)
    assert (outcome.code, outcome.owner) == ("terminal_unidentified", "human")
