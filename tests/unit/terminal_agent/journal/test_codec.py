"""Core values survive the journal unchanged, and card data has no way in."""

from __future__ import annotations

import dataclasses
import json
import sys
import typing
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.core import card, facts, operations, outcomes, values
from protocols.core.card import Sealed
from protocols.core.operations import NAMES, Request
from protocols.core.outcomes import Approved, Evidence, Outcome, TerminalRecord, Unknown
from terminal_agent.commands import entries
from terminal_agent.errors import JournalUnusable
from terminal_agent.journal import codec
from terminal_agent.journal import facts as rows

TEXTS = st.text(max_size=8)
KEYS = st.dictionaries(TEXTS, TEXTS, max_size=3)
MONEY = st.builds(
    values.Money, st.integers(0, 999_999_999_999), st.sampled_from(sorted(values.CURRENCY_NUMBERS))
)
EVIDENCE = st.builds(
    Evidence,
    st.sampled_from(typing.get_args(outcomes.Source)),
    st.lists(TEXTS, max_size=2).map(tuple),
    st.lists(TEXTS, max_size=2).map(tuple),
    KEYS,
)
CARD = st.builds(card.Card, TEXTS, st.just("1111"), st.none() | st.just("2912"), st.just("tap"))
ENDED = {"evidence": EVIDENCE, "code": TEXTS, "keys": KEYS, "card": st.none() | CARD, "terminal_text": TEXTS}
FINALS = st.one_of(
    st.builds(
        Approved,
        **ENDED,
        money=st.sampled_from(["held", "charged"]),
        amount=st.none() | MONEY,
        token=st.none() | st.builds(card.CardToken, TEXTS, st.just("recognition"), TEXTS),
        partial=st.booleans(),
        details=KEYS,
    ),
    st.builds(outcomes.Declined, **ENDED),
    st.builds(outcomes.Cancelled, **ENDED, money=st.sampled_from(["none", "returned"])),
    st.builds(outcomes.NotStarted, **ENDED),
)
UNKNOWNS = st.builds(
    Unknown,
    **ENDED,
    owner=st.sampled_from(["agent", "human"]),
    ask_again_s=st.none() | st.floats(0, 1e6, allow_nan=False),
)
NAMED = {"operation_id": TEXTS, "locale": st.sampled_from(["fr", "en"])}
ORIGINAL = st.builds(operations.Original, TEXTS, st.sampled_from(["sale", "preauth"]), MONEY, KEYS)
REQUESTS: st.SearchStrategy[Request] = st.one_of(
    st.builds(operations.StoreCard, **NAMED, entry_modes=st.just(("insert", "keyed"))),
    st.builds(operations.Sale, **NAMED, amount=MONEY),
    st.builds(operations.Refund, **NAMED, amount=MONEY),
    st.builds(operations.Reversal, **NAMED, original=ORIGINAL),
    st.builds(operations.Preauth, **NAMED, amount=MONEY),
    st.builds(operations.Capture, **NAMED, original=ORIGINAL, amount=MONEY),
    st.builds(operations.Reconcile, **NAMED),
    st.builds(operations.Diagnose, **NAMED, initialise=st.booleans()),
)


@given(FINALS | UNKNOWNS)
def test_outcomes_come_back_equal_and_of_their_kind(outcome: Outcome) -> None:
    back = codec.load_outcome(codec.dump_outcome(outcome))
    assert back == outcome
    assert type(back) is type(outcome)


@given(REQUESTS)
def test_requests_come_back_equal_and_of_their_kind(request: Request) -> None:
    assert codec.load_request(NAMES[type(request)], codec.dump_request(request)) == request


@given(KEYS, st.none() | MONEY, st.none() | FINALS)
def test_records_come_back_equal(keys: dict[str, str], amount: values.Money | None, result: Approved) -> None:
    record = TerminalRecord(keys, amount, result)
    assert codec.load_record(codec.dump_record(record)) == record


@given(KEYS, st.lists(TEXTS, max_size=4))
def test_keys_and_receipts_come_back_equal(keys: dict[str, str], lines: list[str]) -> None:
    receipts = (facts.Receipt("customer", tuple(lines)),)
    assert codec.load_keys(codec.dump_keys(keys)) == keys
    assert codec.load_receipts(codec.dump_receipts(receipts)) == receipts


@given(st.datetimes(timezones=st.just(UTC)).filter(lambda moment: moment.year >= 1970))
def test_times_are_kept_to_the_millisecond(moment: datetime) -> None:
    kept = codec.from_ms(codec.to_ms(moment))
    assert kept == moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def test_a_record_whose_result_is_unknown_is_no_record() -> None:
    text = codec.dump_record(TerminalRecord({}, None, Unknown(code="x", evidence=Evidence("last"))))  # type: ignore[arg-type]  # on purpose
    with pytest.raises(JournalUnusable):
        codec.load_record(text)


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"operation_id": 7}'])
def test_what_cannot_be_read_says_what_to_do_and_not_what_it_held(text: str) -> None:
    with pytest.raises(JournalUnusable, match="an operation of kind sale") as raised:
        codec.load_request("sale", text)
    assert raised.value.code == "journal_unreadable"
    assert "restore a backup" in str(raised.value)


def test_what_was_read_is_held_by_nobody_else() -> None:
    sale = operations.Sale(operation_id="01KB0000000000000000KEEP01", amount=values.Money(1))
    read = codec.load_request("sale", codec.dump_request(sale)).operation_id
    ours = json.loads('"01KB0000000000000000KEEP02"')
    assert sys.getrefcount(read) == sys.getrefcount(ours)


def _reachable(kind: object, seen: set[object]) -> set[object]:
    """Every type that a value of this kind can hold."""
    if kind in seen:
        return seen
    seen.add(kind)
    for part in typing.get_args(kind):
        _reachable(part, seen)
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        for part in typing.get_type_hints(kind, localns={"Mark": facts.Mark}).values():
            _reachable(part, seen)
    return seen


@dataclasses.dataclass
class Leaky:
    """What must never be: card data deep inside something that is journaled."""

    deep: tuple[Sealed | None, ...]


JOURNALED = (
    rows.Row,
    rows.Change,
    rows.OrphanRow,
    rows.Event,
    entries.Put,
    facts.Fact,
    outcomes.Outcome,
    Request,
)


@pytest.mark.parametrize("kind", JOURNALED, ids=lambda kind: getattr(kind, "__name__", "union"))
def test_a_sealed_has_no_place_in_what_is_journaled(kind: object) -> None:
    reached = _reachable(kind, set())
    assert not reached & {Sealed, bytes, bytearray, memoryview, object, typing.Any}
    assert len(reached) > 3


def test_the_walk_would_find_a_sealed() -> None:
    assert Sealed in _reachable(tuple[Leaky, ...], set())
