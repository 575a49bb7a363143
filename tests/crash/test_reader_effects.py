"""An order at a reader and its vault, killed, cut off or unplugged before each of its effects, and with each
trouble that a vault can make. Whatever is told in the end must be what the vault's ledger holds: nothing is
charged twice, and no card is kept of which the clinic does not know.
"""

from __future__ import annotations

from typing import Literal

import pytest

from protocols.core.card import Sealed
from protocols.core.operations import DeleteCard
from protocols.core.vault import NoAnswer
from protocols.reader_vault.ordering import Ordering
from simulator.vault.settings import Moment, Trouble, VaultFault
from tests.crash.reader_futures import (
    CASES,
    UNASKABLE,
    Tally,
    future,
    history,
    judge,
    run,
    sweep,
    sweep_twice,
)
from tests.support.operations import operation_id
from tests.support.reader_shop import Cardholder, Harm, ReaderShop
from tests.support.virtual_terminal import START

BY_CARD = [name for name, case in CASES.items() if not case.beside]
ASKABLE = [name for name in CASES if name not in UNASKABLE]
TROUBLES: list[tuple[Moment, Trouble]] = [
    ("received", "cut"),
    ("received", "timed_out"),
    ("received", "error"),
    ("received", "http"),
    ("received", "garbage"),
    ("received", "slow"),
    ("done", "cut"),
    ("done", "half"),
    ("done", "timed_out"),
    ("done", "http"),
    ("done", "garbage"),
    ("done", "slow"),
]
# Longer than a request is waited for.
SLOW_S = 50.0


@pytest.mark.parametrize("harm", ["kill", "cut"])
@pytest.mark.parametrize("name", CASES)
def test_what_is_told_is_what_the_vault_holds(name: str, harm: Harm) -> None:
    tally = sweep(name, harm)
    assert sum(tally.states.values()) > 3
    assert tally.trouble == []


@pytest.mark.parametrize("name", BY_CARD)
def test_a_reader_that_is_pulled_out_changes_nothing_of_an_order(name: str) -> None:
    tally = sweep(name, "unplug")
    assert tally.states == {"approved": future(name).effects}
    assert tally.trouble == []


@pytest.mark.parametrize("name", ASKABLE)
def test_a_recovery_may_die_too(name: str) -> None:
    tally = sweep_twice(name)
    assert sum(tally.states.values()) > 10
    assert tally.trouble == []


@pytest.mark.parametrize(("when", "what"), TROUBLES)
@pytest.mark.parametrize("name", ASKABLE)
def test_whatever_trouble_the_vault_makes_the_truth_is_told(name: str, when: Moment, what: Trouble) -> None:
    """At the first request, the second, or both; what is asked then is answered, or not at first."""
    tally = Tally()
    for first, times in ((1, 1), (2, 1), (1, 2), (1, 4)):
        faults = [
            VaultFault(when=when, what=what, nth=nth, seconds=SLOW_S) for nth in range(first, first + times)
        ]
        judge(tally, name, future(name, faults=faults), f"{what} when {when}, request {first}, {times} times")
    assert tally.trouble == []


@pytest.mark.parametrize("late_s", [5.0, 30.0, 100.0])
@pytest.mark.parametrize("name", ["sale", "keyed sale", "appointment", "no-show"])
def test_an_order_that_arrives_after_it_was_asked_for_is_found(name: str, late_s: float) -> None:
    end = future(name, late_s=late_s)
    assert (end.row.state, end.row.money, end.happened) == ("approved", "charged", 1)
    assert end.row.checks > 1, "it was not there when it was first asked for"


@pytest.mark.parametrize("name", ["swiped and stored", "keyed and stored"])
def test_a_verification_that_arrives_late_keeps_no_card(name: str) -> None:
    end = future(name, late_s=5.0)
    assert (end.row.state, end.happened) == ("not_started", 0)
    assert [line.kind for line in end.booked] == ["verification"]


@pytest.mark.parametrize("harm", ["kill", "cut"])
@pytest.mark.parametrize(
    ("name", "tells", "believed", "lost"),
    [
        ("sale", "own", "", VaultFault(when="received", what="cut")),
        ("no-show", "own", "", VaultFault(when="received", what="cut")),
        ("refund", "payment", "x", VaultFault(when="done", what="cut", command="refund")),
        ("reversal", "payment", "x", VaultFault(when="done", what="cut", command="purchasecorrection")),
    ],
)
def test_where_the_gateway_answers_otherwise_a_human_decides_and_nothing_wrong_is_told(
    name: str, tells: Literal["own", "payment"], believed: str, lost: VaultFault, harm: Harm
) -> None:
    """An unknown order that is told in other words; a status check that tells the payment of a refund."""
    humans = 0
    futures = [
        future(name, at, harm, status_tells=tells, vault_unknown_order_text=believed)
        for at in range(future(name).effects)
    ]
    futures.append(future(name, faults=[lost], status_tells=tells, vault_unknown_order_text=believed))
    for end in futures:
        assert end.happened <= 1
        if end.row.final:
            assert end.happened == (end.row.state == "approved")
        else:
            humans += 1
            assert (end.row.state, end.stands) == ("needs_human", "ready")
    assert humans > 0


@pytest.mark.parametrize("late", [False, True])
def test_a_deletion_that_was_interrupted_is_asked_for_anew(late: bool) -> None:
    """Before or after the vault did it: asked once more, the card is gone, and the clinic can know it."""

    async def main() -> tuple[str, str | None, int]:
        remains = history().remains.copy()
        remains.desk.plan(VaultFault(when="done" if late else "received", what="cut", command="res_delete"))
        shop = ReaderShop(remains, Cardholder(), "kill", beside=True)
        process = shop.process()
        await process.ready()
        codes = []
        for number in (7, 8):
            name = operation_id(START, number)
            await process.begin(DeleteCard(operation_id=name, token=history().token))
            row = await process.settled(name)
            assert row is not None
            codes.append(row.code)
        await process.stop()
        deleted = sum(line.kind == "token_deleted" for line in shop.booked)
        return codes[0] or "", codes[1], deleted

    first, second, deleted = run(main(), 5_000.0)
    assert (first, deleted) == ("interrupted", 1)
    assert second == ("token_unknown" if late else "card_deleted")


@pytest.mark.parametrize("name", BY_CARD)
def test_no_byte_of_a_frame_stays(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    history()
    made: list[Sealed] = []
    init = Sealed.__init__

    def noted(self: Sealed, data: bytes | bytearray | memoryview) -> None:
        init(self, data)
        made.append(self)

    monkeypatch.setattr(Sealed, "__init__", noted)
    for at in range(future(name).effects):
        future(name, at, "cut")
        future(name, at, "unplug")
    for when, what in TROUBLES:
        future(name, faults=[VaultFault(when=when, what=what, seconds=SLOW_S)])
    assert len(made) > 20
    assert [sealed for sealed in made if any(sealed.view())] == []


def test_the_sweep_sees_what_calling_a_lost_answer_a_failure_would_lie_about(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = Ordering.asked

    def lost_is_failed(self: Ordering, answer: object, now: float) -> None:
        told = NoAnswer(answer.why, sent=False) if isinstance(answer, NoAnswer) else answer
        asked(self, told, now)  # type: ignore[arg-type]  # what it was given, but for one word

    history()
    monkeypatch.setattr(Ordering, "asked", lost_is_failed)
    tally, lost = Tally(), VaultFault(when="done", what="cut", command="enc_track2_purchase")
    judge(tally, "sale", future("sale", faults=[lost]), "the answer is lost")
    assert len(tally.wrong) == 1
