"""State machines as tables: a test can enumerate them, a tool can draw them."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from typing import Generic, TypeVar

from protocols.core.errors import LocalError

S = TypeVar("S", bound=Hashable)
E = TypeVar("E", bound=Hashable)


class Table(Generic[S, E]):
    """state -> event -> state. Looking up a move that is not in the table is our own mistake."""

    def __init__(self, name: str, moves: Mapping[S, Mapping[E, S]]) -> None:
        self.name = name
        self._moves = moves

    def step(self, state: S, event: E) -> S:
        """The next state. Raises LocalError `illegal_move` naming what was allowed."""
        allowed = self._moves.get(state, {})
        if event not in allowed:
            raise LocalError(
                "illegal_move", f"{self.name}: {event} is not allowed in {state}; allowed: {list(allowed)}"
            )
        return allowed[event]

    def allows(self, state: S, event: E) -> bool:
        """Whether the move is in the table."""
        return event in self._moves.get(state, {})

    def moves(self) -> Iterator[tuple[S, E, S]]:
        """Every (state, event, next state)."""
        for state, row in self._moves.items():
            for event, after in row.items():
                yield state, event, after

    def mermaid(self) -> str:
        """The table as a Mermaid state diagram, for the docs."""
        lines = [f"  {state} --> {after}: {event}" for state, event, after in self.moves()]
        return "\n".join(["stateDiagram-v2", *lines])
