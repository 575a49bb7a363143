"""Outcomes: what each says of the money, and that no card data can be put into one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any, get_args, get_origin, get_type_hints

import pytest

from protocols.core import card, operations, outcomes, values
from protocols.core.card import Sealed
from protocols.core.facts import Concluded, Fact, Mark, Orphan, Receipt
from protocols.core.outcomes import Approved, Cancelled, Declined, Evidence, NotStarted, Outcome, Unknown
from protocols.core.session import Alert, Notice, Progress, Status

PROOF = Evidence("dialogue")


@pytest.mark.parametrize("kind", [Declined, Cancelled, NotStarted])
def test_what_did_not_happen_moved_nothing_unless_it_says_so(
    kind: type[Declined | Cancelled | NotStarted],
) -> None:
    assert kind(code="x", evidence=PROOF).money == "none"


def test_the_unknown_has_an_owner_and_says_nothing_of_the_money() -> None:
    unknown = Unknown(code="link_lost", evidence=PROOF)
    assert (unknown.owner, unknown.money) == ("agent", "unknown")


def test_an_approval_must_say_what_became_of_the_money() -> None:
    with pytest.raises(TypeError, match="money"):
        Approved(evidence=PROOF)  # type: ignore[call-arg]  # that it is refused is the point


def _kinds_in(annotation: Any, seen: set[Any], names: dict[str, Any]) -> Iterator[Any]:
    """Every type that a value of this annotation may hold, however deep."""
    for part in (get_origin(annotation), *get_args(annotation)):
        if part is not None and part not in seen:
            seen.add(part)
            yield from _kinds_in(part, seen, names)
    yield annotation
    if is_dataclass(annotation) and isinstance(annotation, type):
        hints = get_type_hints(annotation, localns=names)
        for field in fields(annotation):
            if hints[field.name] not in seen:
                seen.add(hints[field.name])
                yield from _kinds_in(hints[field.name], seen, names)


@pytest.mark.parametrize("kind", [*get_args(Fact), *get_args(Outcome), *get_args(Notice)])
def test_no_fact_outcome_or_notice_can_hold_card_data(kind: type) -> None:
    names = {**vars(card), **vars(operations), **vars(outcomes), **vars(values), "Receipt": Receipt}
    found = set(_kinds_in(kind, set(), names))
    assert Sealed not in found
    assert str in found


def test_the_walk_would_find_card_data() -> None:
    assert Sealed in set(_kinds_in(tuple[dict[str, Sealed] | None, ...], set(), {}))
    assert {Concluded, Mark, Orphan} == set(get_args(Fact))
    assert {Progress, Status, Alert} == set(get_args(Notice))
