"""Tables of moves: enumerated, drawn, and strict."""

from __future__ import annotations

import pytest

from protocols.core.errors import LocalError
from protocols.core.machine import Table

DOOR: Table[str, str] = Table("door", {"shut": {"open": "ajar", "lock": "locked"}, "ajar": {"shut": "shut"}})


def test_a_move_of_the_table_is_made() -> None:
    assert DOOR.step("shut", "open") == "ajar"
    assert DOOR.allows("shut", "open")


@pytest.mark.parametrize(("state", "event"), [("shut", "shut"), ("locked", "open"), ("nowhere", "open")])
def test_any_other_move_is_our_mistake_and_names_what_was_allowed(state: str, event: str) -> None:
    assert not DOOR.allows(state, event)
    with pytest.raises(LocalError, match=f"door: {event} is not allowed in {state}") as error:
        DOOR.step(state, event)
    assert error.value.code == "illegal_move"
    assert error.value.fault == "ours"


def test_a_table_can_be_walked_and_drawn() -> None:
    assert set(DOOR.moves()) == {
        ("shut", "open", "ajar"),
        ("shut", "lock", "locked"),
        ("ajar", "shut", "shut"),
    }
    assert DOOR.mermaid().splitlines() == [
        "stateDiagram-v2",
        "  shut --> ajar: open",
        "  shut --> locked: lock",
        "  ajar --> shut: shut",
    ]
