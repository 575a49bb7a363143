"""How a reader and its vault stand, each for itself and as one terminal."""

from __future__ import annotations

import pytest

from protocols.core.card_source import Ready
from protocols.core.session import Phase
from protocols.reader_vault.standing import parts_of, reason_of, resting_phase
from tests.support.reader_desk import FakeSource, FakeVault


def source(ready: Ready, why: str = "") -> FakeSource:
    made = FakeSource()
    made.ready, made.why = ready, why
    return made


@pytest.mark.parametrize(
    ("ready", "reachable", "greeted", "phase"),
    [
        (Ready.READY, True, True, Phase.IDLE),
        (Ready.READY, None, True, Phase.GREETING),
        (Ready.READY, None, False, Phase.DOWN),
        (Ready.READY, False, True, Phase.DOWN),
        (Ready.DOWN, True, True, Phase.DOWN),
        (Ready.DOWN, None, True, Phase.DOWN),
        (Ready.GREETING, True, True, Phase.GREETING),
        (Ready.UNFIT, False, True, Phase.UNFIT),
    ],
)
def test_the_terminal_is_ready_where_both_are(
    ready: Ready, reachable: bool | None, greeted: bool, phase: Phase
) -> None:
    assert resting_phase(source(ready), reachable, greeted=greeted) is phase


def test_without_a_reader_the_vault_alone_counts() -> None:
    phases = [resting_phase(None, reachable, greeted=True) for reachable in (True, None, False)]
    assert phases == [Phase.IDLE, Phase.GREETING, Phase.DOWN]


def test_each_part_says_why_it_fails_and_the_terminal_says_the_first_of_them() -> None:
    vault, away = FakeVault(), source(Ready.DOWN, "port_missing: none is plugged in")
    vault.why = "refused: nobody listens"
    parts = parts_of(away, vault, reachable=False)
    assert parts == {
        "vault": "vault_unreachable: refused: nobody listens",
        "reader": "reader_away: port_missing: none is plugged in",
    }
    assert reason_of(Phase.DOWN, away, parts) == parts["vault"]
    assert reason_of(Phase.DOWN, away, parts_of(away, vault, reachable=True)) == parts["reader"]


def test_a_reader_that_may_not_be_used_says_why() -> None:
    unfit = source(Ready.UNFIT, "wrong_device: T2 is plugged in")
    parts = parts_of(unfit, FakeVault(), reachable=True)
    assert parts["reader"] == reason_of(Phase.UNFIT, unfit, parts) == "wrong_device: T2 is plugged in"
    held = source(Ready.DOWN, "port_busy: held by till")
    assert parts_of(held, FakeVault(), reachable=True)["reader"] == "port_busy: held by till"
