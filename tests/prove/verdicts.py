"""What is held of a human's verdicts: the judge's part of `resolve`.

A human may be wrong, and then the ledger has nothing against the agent. But a verdict that was taken is the
one end of its operation, with what the human saw; one that was refused leaves no trace; and what the terminal
tells later is a correction, which must be true.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tests.prove.backend import Backend, Command

_OPEN_TO_HUMANS = ("in_doubt", "needs_human")
_SHOWN = ("by", "evidence", "reason")


def by_a_human(view: Mapping[str, Any] | None) -> bool:
    """Whether a human said so."""
    return view is not None and view.get("evidence", {}).get("source") == "human"


def broken(backend: Backend) -> Iterator[tuple[str, str]]:
    """(promise, what is wrong) of all verdicts of a history."""
    one_journal = len(backend.journals) <= 1
    given = [command for command in backend.commands.values() if command.op == "resolve"]
    for target in backend.commands.values():
        of_it = [verdict for verdict in given if verdict.data["target_operation_id"] == target.id]
        yield from _ends(target, of_it, one_journal)
        for verdict in of_it:
            yield from _answers(verdict, one_journal)
            if one_journal and _taken(verdict):
                yield from _stands(target, verdict)


def _taken(verdict: Command) -> bool:
    return any(reply["verdict"] == "done" for reply in verdict.replies)


def _answers(verdict: Command, one_journal: bool) -> Iterator[tuple[str, str]]:
    said = {(reply["verdict"], reply["code"]) for reply in verdict.replies}
    if not said:
        yield "I8", f"a human's verdict ({verdict.id[-4:]}) was never answered"
    if one_journal and len({word for word, _ in said}) > 1:
        yield "I3", f"a human's verdict ({verdict.id[-4:]}) was answered with {sorted(said)}"


def _stands(target: Command, verdict: Command) -> Iterator[tuple[str, str]]:
    """What was taken is the operation's end; the second of two equal ones changes nothing."""
    final = target.final
    if final is None or not by_a_human(final) or final["state"] != verdict.data["verdict"]:
        told = final["state"] if final else "nothing"
        yield "I3", f"a human's verdict on {target.op} {target.id[-4:]} was taken, and {told} was told"


def _ends(target: Command, given: list[Command], one_journal: bool) -> Iterator[tuple[str, str]]:
    """Where there are two journals, the one that does not know the operation refuses what the other takes."""
    for place, view in enumerate(target.views):
        if not by_a_human(view):
            continue
        stood = [one["state"] for one in target.views[:place] if one["epoch"] == view["epoch"]]
        if stood and stood[-1] not in _OPEN_TO_HUMANS:
            yield "I3", f"{target.op} {target.id[-4:]} was ended by a human while it stood at {stood[-1]}"
        seen = view["evidence"]["seen"]
        source = [one for one in given if all(one.data[name] == seen.get(name) for name in _SHOWN)]
        name = f"{target.op} {target.id[-4:]}"
        if not source:
            yield "I3", f"{name} ended by a human, and nobody said what is told: {seen}"
        elif view["state"] != source[0].data["verdict"]:
            yield "I3", f"{name} ended as {view['state']}, the human said {source[0].data['verdict']}"
        elif one_journal and source[0].rejected and not _taken(source[0]):
            yield "I3", f"{name} ended by a verdict that had been refused"
