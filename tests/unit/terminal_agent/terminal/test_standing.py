"""What a terminal's retained state says, in words that fit it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from protocols.contract.wording import GENERAL
from protocols.core.session import Capabilities, Phase
from terminal_agent.commands.situation import Limits
from terminal_agent.terminal.standing import Standing

NOW = datetime(2026, 1, 31, 14, 5, tzinfo=UTC)


def standing(phase: Phase, reason: str = "") -> Standing:
    return Standing(Capabilities(operations=frozenset({"sale"})), "CAD", Limits(), phase=phase, reason=reason)


def test_a_busy_terminal_says_that_it_is_in_use_not_that_something_was_refused() -> None:
    state = standing(Phase.COMMITTED).state(NOW)
    assert (state.state, state.code) == ("busy", "busy")
    assert state.text is not None
    assert state.text.en == "In use."


# The codes of drivers.transport, with which an endpoint is lost or cannot be opened, and our own.
LOST = ("peer_closed", "reset", "unplugged", "unreachable", "write_stalled", "tls_failed", "closed")


@pytest.mark.parametrize("reason", [*LOST, "not_connected", "stopped", "port_missing: /dev/ttyUSB0"])
def test_an_offline_terminal_has_a_sentence_of_its_own(reason: str) -> None:
    state = standing(Phase.DOWN, reason).state(NOW)
    assert (state.state, state.code) == ("offline", reason.partition(":")[0])
    assert state.text is not None
    assert not state.text.en.startswith(GENERAL[1].partition("{")[0])


def test_a_ready_terminal_needs_no_words() -> None:
    assert standing(Phase.IDLE).state(NOW).text is None


def test_technicians_are_told_what_the_port_said() -> None:
    held = "port_busy: /dev/ttyUSB0 is held by minicom (pid 4242); stop that program"
    state = standing(Phase.DOWN, held).state(NOW)
    assert (state.code, state.detail) == ("port_busy", held.removeprefix("port_busy: "))
    assert standing(Phase.UNFIT, "wrong_device").state(NOW).detail is None
    assert standing(Phase.IDLE, "idle").state(NOW).detail is None
