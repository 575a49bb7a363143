"""The facts of one agent in their order, each once. Pure: messages in, facts out."""

from __future__ import annotations

from dataclasses import dataclass, replace

from protocols.contract.fields import Told


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact. `terminal` None: about the agent itself. `skipped`: how many before it were acknowledged by
    somebody else and will not come. `body` is an OperationFact, Corrected, Orphan or Alert; a plain mapping
    where a newer agent tells what this version does not know."""

    agent: str
    terminal: str | None
    type: str
    epoch: str
    seq: int
    boot: int
    body: Told | dict[str, object]
    skipped: int = 0


class FactOrder:
    """The facts of one epoch of one agent: duplicates are dropped, gaps are waited for.

    `seq` is the last one that is stored, 0 for none. An agent publishes its facts again from the first one
    that is not acknowledged; so a gap that is still open after `patience_s`, longer than that takes, was
    acknowledged by another node, and the stream goes on behind it.
    """

    def __init__(self, seq: int = 0, patience_s: float = 75.0) -> None:
        self.seq = seq
        self._patience_s = patience_s
        self._waiting: dict[int, Fact] = {}
        self._gap_since: float | None = None

    def is_new(self, seq: int) -> bool:
        """Whether this fact was neither given out nor is waiting for an earlier one."""
        return seq > self.seq and seq not in self._waiting

    def take(self, fact: Fact, now: float) -> list[Fact]:
        """The facts that are due now, in order; none while an earlier one is missing. `now` is monotonic."""
        if fact.seq <= self.seq:
            return []
        self._waiting.setdefault(fact.seq, fact)
        due = self._contiguous()
        if not self._waiting:
            self._gap_since = None
        elif due or self._gap_since is None:
            self._gap_since = now
        elif now - self._gap_since >= self._patience_s:
            due = self._after_gap()
        return due

    def skip_to(self, seq: int) -> list[Fact]:
        """Facts up to and with `seq` are acknowledged, so no more of them will come: give out those that
        wait, and go on behind."""
        held = sorted(place for place in self._waiting if place <= seq)
        due = [self._waiting.pop(place) for place in held]
        self.seq = max(self.seq, seq)
        return due + self._contiguous()

    def put_back(self, facts: list[Fact]) -> None:
        """Forget that these were given out: there was no room for them. They come again."""
        if facts:
            self.seq = facts[0].seq - 1

    def _contiguous(self) -> list[Fact]:
        due: list[Fact] = []
        while (following := self._waiting.pop(self.seq + 1, None)) is not None:
            due.append(following)
            self.seq = following.seq
        return due

    def _after_gap(self) -> list[Fact]:
        first = self._waiting.pop(min(self._waiting))
        skipped, self.seq = first.seq - self.seq - 1, first.seq
        self._gap_since = None
        return [replace(first, skipped=skipped), *self._contiguous()]
