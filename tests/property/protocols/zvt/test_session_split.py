"""However the terminal's bytes are cut or glued on their way, a whole dialogue has the same effects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.core.facts import Concluded
from protocols.core.operations import Preauth, Reconcile, Request, Sale, StoreCard
from protocols.core.outcomes import Approved
from protocols.core.session import Effect, Send
from protocols.core.values import Money
from protocols.zvt.options import ZvtOptions
from protocols.zvt.session import ZvtSession
from simulator.scenario import Scenario
from simulator.settings import TerminalSettings
from tests.support.duel import Duel, Pieces, whole

OPERATIONS: tuple[Request, ...] = (
    Sale(operation_id="op-1", amount=Money(1010)),  # 10 10: doubled on a serial line
    StoreCard(operation_id="op-2"),
    Preauth(operation_id="op-3", amount=Money(4_000)),
    Reconcile(operation_id="op-4"),
)
# No pause between two messages of the terminal: over TCP its answer and what follows are written at once.
BRISK = Scenario(terminal=TerminalSettings(step_s=0.0))
TRANSPORTS = pytest.mark.parametrize("transport", ["serial", "tcp"])


def day(transport: str, pieces: Pieces) -> Duel:
    """A greeting and all the operations."""
    session = ZvtSession(ZvtOptions(transport=transport))  # type: ignore[arg-type]  # one of its two words
    duel = Duel(session, BRISK, on_tcp=transport == "tcp", pieces=pieces)
    duel.greet()
    for no, operation in enumerate(OPERATIONS, 1):
        duel.operate(operation, no)
    return duel


@cache
def undisturbed(transport: str) -> tuple[Effect, ...]:
    """The effects when all that is written at once arrives in one piece."""
    duel = day(transport, whole)
    ends = [fact.outcome for fact in duel.facts if isinstance(fact, Concluded)]
    assert [type(outcome) for outcome in ends] == [Approved] * len(OPERATIONS)
    return tuple(duel.effects)


def cut_at(places: Iterator[int]) -> Pieces:
    """Cut each write at the next place, counted around its length."""

    def pieces(data: bytes) -> Iterable[bytes]:
        at = next(places) % (len(data) + 1)
        return tuple(piece for piece in (data[:at], data[at:]) if piece)

    return pieces


def around(numbers: list[int]) -> Iterator[int]:
    """The numbers for ever."""
    while True:
        yield from numbers


@TRANSPORTS
def test_byte_by_byte(transport: str) -> None:
    duel = day(transport, lambda data: (data[at : at + 1] for at in range(len(data))))
    assert tuple(duel.effects) == undisturbed(transport)


@TRANSPORTS
@given(numbers=st.lists(st.integers(0, 400), min_size=1, max_size=12))
def test_cut_anywhere(transport: str, numbers: list[int]) -> None:
    duel = day(transport, cut_at(around(numbers)))
    assert tuple(duel.effects) == undisturbed(transport)


@TRANSPORTS
def test_the_comparison_sees_a_difference(transport: str) -> None:
    effects = undisturbed(transport)
    assert sum(isinstance(effect, Send) for effect in effects) > 30
    duel = Duel(ZvtSession(ZvtOptions(transport="tcp")), BRISK, on_tcp=True)
    duel.greet()
    assert tuple(duel.effects) != effects
