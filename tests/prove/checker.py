"""The judge. It reads the acquirer's ledger and the backend's inbox, and when the cable told the agent what
no terminal had said; nothing else.

A line belongs to the command of the same kind and amount: within a history no two commands share one. What
was paid at the terminal by hand was paid with another card.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from protocols.contract.commands import MONEY, OCCUPYING
from protocols.contract.words import is_final
from simulator.acquirer.lines import Line
from simulator.cards import CARDS
from tests.prove import verdicts
from tests.prove.backend import Backend, Command
from tests.prove.verdicts import by_a_human

_BOOKS: Mapping[str, str] = {"sale": "charge", "refund": "refund", "preauth": "hold", "capture": "capture"}
_EFFECT: Mapping[str, str] = {
    "sale": "charged",
    "capture": "charged",
    "refund": "returned",
    "preauth": "held",
    "reversal": "returned",
    "charge_card": "charged",
}
# The cards of the histories. The fictional debit card's begins with 0, as no issuer's does (ISO/IEC 7812-1).
_SHOWN = ("visa", "mastercard", "declined", "jcb", "diners")
_NUMBERS = tuple(CARDS[name].number.encode() for name in _SHOWN)
# The clocks of the backend and of an agent that takes money differ by at most this (design §5).
_CLOCKS_S = 5.0
# After what it takes for our acknowledgement a terminal may still send its prints before it books.
_ANSWERED_WITHIN = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Violation:
    """A promise that was broken: I1 to I10 of the field notes."""

    promise: str
    text: str


@dataclass(frozen=True, slots=True)
class Booked:
    """What the ledger holds of one command: lines of its own, and those that stand."""

    lines: tuple[Line, ...]
    standing: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Others:
    """Brands with which nobody pays that the desk sent: at the terminal itself, or for another ECR whose
    dialogue came along our cable."""

    by_hand: str
    crossed: str


class Books:
    """The ledger's lines by the command that caused them."""

    def __init__(
        self,
        lines: Sequence[Line],
        commands: Sequence[Command],
        others: Others,
        misled: Sequence[datetime] = (),
    ) -> None:
        self._lines = lines
        self._misled = misled
        self._commands = commands
        self._by_id = {line.id: line for line in lines}
        self._others = others

    def of(self, command: Command, original: Command | None) -> Booked:
        """Its own lines. A reversal's are those that name a line of its original."""
        if original is not None and command is not self._follower_of(original, command.op):
            own = []
        elif command.op == "reversal":
            own = self._reversals(original)
        else:
            own = [
                line
                for line in self._lines
                if line.kind == _BOOKS[command.op]
                and line.amount_minor == command.amount_minor
                and line.brand not in (self._others.by_hand, self._others.crossed)
            ]
        return Booked(tuple(own), tuple(line for line in own if not self._taken_back(line)))

    def unclaimed(self, backend: Backend) -> Iterator[Violation]:
        """Lines that no command caused, or that should have been told."""
        ordered = {(command.op, command.amount_minor) for command in self._commands if command.op in MONEY}
        yield from _nobodys(self._lines, self._others, ordered)
        crossed = [line for line in self._lines if line.brand == self._others.crossed]
        # What nobody ordered is known to the journal alone until it is told: with the journal it is lost.
        if len(backend.journals) <= 1:
            yield from _crossed(filter(self.acknowledged, crossed), backend)

    def acknowledged(self, line: Line) -> bool:
        """Whether the terminal booked it upon our acknowledgement, as the ledger says. One that waited for it
        takes our answer to a stranger's frame for that, or one that comes late: nobody can know better."""
        mistaken = any(timedelta(0) <= line.at - at <= _ANSWERED_WITHIN for at in self._misled)
        return not line.reason and not mistaken

    def _reversals(self, original: Command | None) -> list[Line]:
        """Lines that name a line of the original's."""
        if original is None:
            return []
        undone = {line.id for line in self.of(original, None).lines}
        return [
            line
            for line in self._lines
            if line.kind in ("reversal", "release")
            and line.reverses in undone
            and line.receipt != self._by_id[line.reverses].receipt
        ]

    def _follower_of(self, original: Command, op: str) -> Command | None:
        """Of several commands that would undo or complete the same original, the one of which the agent told
        that it was approved; else one that a human ended, who may be wrong, or has still to look into."""
        rivals = [
            one for one in self._commands if (one.original, one.op) == (original.id, op) and not one.rejected
        ]
        return min(rivals, key=_came_to_nothing, default=None)

    def _taken_back(self, line: Line) -> bool:
        """Undone by the terminal itself: under the line's own receipt number."""
        return any(
            later.kind == "reversal" and later.reverses == line.id and later.receipt == line.receipt
            for later in self._lines
        )


def _came_to_nothing(command: Command) -> int:
    """0 for approved as the agent says, 1 as a human says, 2 where a human says otherwise, or nobody yet, 3
    where the agent told that nothing was done."""
    told = command.believed
    approved = told is not None and told["state"] == "approved"
    if told is None or by_a_human(told):
        return 1 if approved else 2
    return 0 if approved else 3


def check(backend: Backend, books: Books, said: Sequence[bytes]) -> Iterator[Violation]:
    """Every promise that does not hold at the end of a history."""
    one_journal = len(backend.journals) <= 1
    for command in backend.commands.values():
        if command.op in OCCUPYING:
            yield from _ends(command)
            if one_journal and command.told_rejected and command.views:
                yield Violation("I3", f"{command.op} ({command.id[-4:]}) was rejected and went on")
        if command.op in MONEY:
            original = backend.commands.get(command.original or "")
            booked = books.of(command, original)
            yield from _money(command, booked)
            if one_journal:
                upon_our_word = [line for line in booked.lines if books.acknowledged(line)]
                yield from _acknowledged(command, upon_our_word, _orphans(backend))
        if command.op == "abort":
            yield from _abort(command, backend)
    yield from books.unclaimed(backend)
    yield from _facts(backend)
    yield from (Violation(promise, text) for promise, text in verdicts.broken(backend))
    yield from _numbers(said)


def _money(command: Command, booked: Booked) -> Iterator[Violation]:
    name = f"{command.op} {command.amount_minor} ({command.id[-4:]})"
    # One reversal, one capture may follow another of the same original, which does not stand.
    sent = booked.lines if command.original is None else booked.standing
    if len(sent) > 1:
        yield Violation("I1", f"{name} was sent more than once: the ledger has {len(booked.lines)} lines")
    if command.rejected and booked.lines:
        yield Violation("I4", f"{name} was rejected and ran")
    late_s = command.handed_s - command.not_after_s if command.handed_s is not None else 0.0
    if late_s > _CLOCKS_S and booked.lines:
        yield Violation("I5", f"{name} had expired {late_s:.0f} s before the agent got it, and ran")
    if command.rejected:
        return
    believed = command.believed
    if believed is None:
        if booked.standing and not command.with_a_human:
            yield Violation("I2", f"{name} stands in the ledger and the backend does not know how it ended")
        return
    stands = len(booked.standing) == 1
    if by_a_human(believed):
        effect = _EFFECT[command.op] if believed["state"] == "approved" else "none"
        if believed["money"] != effect:
            yield Violation("I4", f"{name} ended by a human, with money {believed['money']}")
    elif stands != (believed["state"] == "approved"):
        yield Violation("I4", f"{name} was told as {believed['state']}, the ledger has {booked.standing}")
    elif stands and believed["money"] != _EFFECT[command.op]:
        yield Violation("I4", f"{name} was told with money {believed['money']}")
    elif stands and believed.get("amount_minor") not in (None, booked.standing[0].amount_minor):
        yield Violation("I4", f"{name} was told with amount {believed.get('amount_minor')}")
    elif not stands and believed["money"] not in ("none", "returned"):
        yield Violation("I4", f"{name} was told with money {believed['money']}, the ledger has nothing")


def _acknowledged(command: Command, lines: Sequence[Line], orphans: Set[str]) -> Iterator[Violation]:
    """Booked upon our acknowledgement. Then the result was on our disk before, as this operation's or as
    nobody's, and nobody has to guess whose it is by amount and moment: unless that disk is gone, and the
    first that is told of the operation is that it was taken in, in doubt, from the backend's list."""
    if all(line.receipt in orphans for line in lines) or (
        command.views and command.views[0]["state"] == "in_doubt"
    ):
        return
    for view in command.views:
        evidence = view.get("evidence", {})
        if evidence.get("source") == "last" and "at" in (*evidence["agrees"], *evidence["differs"]):
            name = f"{command.op} {command.amount_minor} ({command.id[-4:]})"
            yield Violation("I2", f"{name} was acknowledged by us, and its result had to be guessed")
            return


def _ends(command: Command) -> Iterator[Violation]:
    name = f"{command.op} ({command.id[-4:]})"
    if not command.replies and command.final is None:
        yield Violation("I8", f"{name} was never answered")
    elif not command.settled and not command.with_a_human:
        stands = command.latest["state"] if command.latest else "unknown"
        yield Violation("I8", f"{name} still stands at {stands}")
    ends = [view for view in command.views if is_final(view["state"])]
    # A human may be wrong, and a journal that was restored before their word does not know it. Of a card that
    # was to be kept, a journal that adopted it can only tell that it was interrupted.
    if (
        command.op in MONEY
        and len({view["state"] == "approved" for view in ends if not by_a_human(view)}) > 1
    ):
        yield Violation("I3", f"{name} ended as {[view['state'] for view in ends]}")
    for epoch in dict.fromkeys(view["epoch"] for view in command.views):
        yield from _order(name, [view for view in command.views if view["epoch"] == epoch])
    for view in command.views:
        if view["state"] in ("in_doubt", "needs_human") and view.get("owner") is None:
            yield Violation("I8", f"{name} is in doubt and nobody's")
        if view["state"] == "in_doubt" and view.get("next_check") is None:
            yield Violation("I8", f"{name} is in doubt without a next check")
    for reply in command.replies:
        state = reply.get("state")
        if state and is_final(state["state"]) and ends and state["state"] not in {v["state"] for v in ends}:
            yield Violation("I3", f"{name} was answered {state['state']} and ended {ends[0]['state']}")


def _order(name: str, views: Sequence[Mapping[str, Any]]) -> Iterator[Violation]:
    """Within the life of one journal; one that was restored tells again what it had told."""
    ended = [is_final(view["state"]) for view in views]
    if sum(ended) > 1:
        yield Violation("I2", f"{name} ended {sum(ended)} times")
    if any(ended) and not ended[-1]:
        yield Violation("I3", f"{name} moved on after its end")


def _abort(command: Command, backend: Backend) -> Iterator[Violation]:
    target = backend.commands.get(str(command.data.get("target_operation_id")))
    if target is None or target.final is None:
        return
    said = target.final.get("abort")
    if said == "honoured" and target.final["state"] == "approved":
        yield Violation("I7", f"the abort of {target.op} was told as honoured, and it was approved")


def _nobodys(lines: Sequence[Line], others: Others, commands: Set[tuple[str, int]]) -> Iterator[Violation]:
    kinds = {kind: op for op, kind in _BOOKS.items()}
    for line in lines:
        op = kinds.get(line.kind)
        if (
            op
            and line.brand not in (others.by_hand, others.crossed)
            and (op, line.amount_minor) not in commands
        ):
            yield Violation("I2", f"a {line.kind} of {line.amount_minor} that nobody ordered")


def _orphans(backend: Backend) -> Set[str]:
    """Receipt numbers of results that were told as nobody's."""
    told = [data for kind, data in backend.facts.values() if kind == "orphan"]
    return {str(data.get("keys", {}).get("receipt")) for data in told}


def _crossed(lines: Iterable[Line], backend: Backend) -> Iterator[Violation]:
    """What was booked because our agent acknowledged it is told, though nobody had ordered it."""
    told = _orphans(backend)
    for line in lines:
        if line.receipt not in told:
            yield Violation("I2", f"a {line.kind} of another ECR was acknowledged by us and never told")


def _facts(backend: Backend) -> Iterator[Violation]:
    for epoch, seq in backend.twice_told:
        yield Violation("I3", f"fact {seq} of epoch {epoch[-4:]} was told with two contents")
    epochs: dict[str, list[int]] = {}
    for epoch, seq in backend.facts:
        epochs.setdefault(epoch, []).append(seq)
    current = max(epochs, default=None)
    if current is not None and sorted(epochs[current]) != list(range(1, len(epochs[current]) + 1)):
        yield Violation("I2", f"facts of epoch {current[-4:]} have gaps that were never filled")
    for stranger in backend.strangers:
        yield Violation("I2", f"the agent tells of what was never ordered: {_named(stranger)}")


def _numbers(said: Sequence[bytes]) -> Iterator[Violation]:
    everything = b"\n".join(said)
    for number in _NUMBERS:
        if number in everything:
            yield Violation("I6", f"a card number ending in {number[-4:].decode()} left the process")


def _named(told: Mapping[str, Any]) -> str:
    return f"{told.get('op')} {told.get('operation_id')} {told.get('state')}"
