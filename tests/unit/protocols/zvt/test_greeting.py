"""Who is at the other end: learned, expected, refused."""

from __future__ import annotations

import pytest

from protocols.core.operations import Sale
from protocols.core.outcomes import NotStarted
from protocols.core.session import Greet, Phase
from protocols.core.values import Money
from tests.support.zvt_script import OK, READY, REGISTERED, Script, status

OURS, FOREIGN = "52500295", "11111111"
SALE = Sale(operation_id="op-1", amount=Money(1250))


def greeted(terminal_id: str | None = None) -> Script:
    script = Script(terminal_id=terminal_id)
    script.greet()
    return script


def test_the_first_terminal_that_tells_its_id_is_ours_from_then_on() -> None:
    script = greeted()
    assert script.session.capabilities.identity == "wire"
    script.give(Greet())
    script.hear(OK, REGISTERED.replace(OURS, FOREIGN))
    assert script.phase() is Phase.UNFIT
    assert script.alerts == ["wrong_device"]


def test_a_configured_id_is_expected_from_the_first_moment() -> None:
    assert greeted(terminal_id=OURS).phase() is Phase.IDLE
    assert greeted(terminal_id=FOREIGN).phase() is Phase.UNFIT


def test_ours_is_taken_again_after_a_stranger() -> None:
    script = greeted()
    script.give(Greet())
    script.hear(OK, REGISTERED.replace(OURS, FOREIGN))
    script.after(61.0)
    script.open()
    script.hear(OK, REGISTERED)
    assert script.phase() is Phase.IDLE


def test_a_stranger_is_found_out_by_its_last_transaction_before_anything_is_committed() -> None:
    script = greeted()
    script.begin(SALE)
    script.hear(OK, READY, OK, status("00", "0041").replace(OURS, FOREIGN), "060F00")
    outcome = script.concluded.outcome
    assert isinstance(outcome, NotStarted)
    assert (outcome.code, script.stages) == ("wrong_device", ["NotStarted"])


def test_a_stranger_is_found_out_by_its_status() -> None:
    script = greeted()
    script.begin(SALE)
    script.hear(OK, f"060F0A0006071F4404{FOREIGN}")
    assert script.phase() is Phase.UNFIT
    assert script.concluded.outcome.code == "wrong_device"


def test_a_terminal_without_an_id_is_taken_and_not_known() -> None:
    script = Script()
    script.give(Greet())
    script.open()
    script.hear(OK, "060F00")
    assert script.phase() is Phase.IDLE
    assert script.session.capabilities.identity == "port"


@pytest.mark.parametrize(("bits", "alerts"), [("00", 0), ("01", 1), ("02", 1), ("07", 3), ("08", 0)])
def test_what_a_terminal_needs_is_told(bits: str, alerts: int) -> None:
    script = Script()
    script.give(Greet())
    script.open()
    script.hear(OK, REGISTERED.replace("1900", f"19{bits}"))
    assert script.phase() is Phase.IDLE
    assert len(script.alerts) == alerts


def test_another_currency_in_the_completion_is_refused_too() -> None:
    script = Script()
    script.give(Greet())
    script.open()
    script.hear(OK, REGISTERED.replace("490124", "490978"))
    assert script.alerts == ["wrong_currency"]
    assert script.phase() is Phase.UNFIT
