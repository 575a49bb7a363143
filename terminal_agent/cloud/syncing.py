"""Where the backend and the journal stand with each other: `sync` and `ack`.

A journal that is older than what the backend knows (a file restored from a copy) must not go on as if nothing
had happened in between: it goes on under a new epoch, and like a new one takes no money until the backend has
listed what it holds open. What is listed and not known here may have run under the lost journal: it is
adopted in doubt, and its terminal is asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any

from protocols.contract import commands
from protocols.contract.envelope import MalformedError, canonical, content_hash
from protocols.contract.messages import read_ack
from protocols.core.facts import Concluded
from protocols.core.outcomes import Evidence, Unknown
from terminal_agent.clock import BackendTime
from terminal_agent.cloud.ports import Alert, Fleet
from terminal_agent.commands import originals, recovery
from terminal_agent.commands.checks import made_before
from terminal_agent.commands.entries import Admitted, Adopted, Entry, Escalated
from terminal_agent.commands.lifecycle import Lifecycle
from terminal_agent.commands.translate import amount_asked, request_of, ulid_time
from terminal_agent.journal.facts import NewEvent, Row
from terminal_agent.journal.port import Journal, Reader
from terminal_agent.observability.logs import get_logger

log = get_logger(__name__)


class _Adoption:
    """Whether a listed operation is taken in: not where it is known."""

    def __init__(self, known: Row | None, entry: Entry | None) -> None:
        self.known = known
        self.entry = entry


class Syncing:
    """Keeps the journal's epoch, its cursor and the backend's time in step with what the backend says.

    `met` is called when the backend has said in this boot what it knows; an `ack` may be older than the boot.
    `moved` is called when the epoch, the cursor, the trust in the clock or `synced` may have changed.
    """

    def __init__(
        self,
        *,
        journal: Journal,
        lifecycle: Lifecycle,
        fleet: Fleet,
        backend_time: BackendTime,
        alert: Alert,
        moved: Callable[[], None] = lambda: None,
        met: Callable[[], None] = lambda: None,
    ) -> None:
        self._journal = journal
        self._lifecycle = lifecycle
        self._fleet = fleet
        self._backend_time = backend_time
        self._alert = alert
        self._moved = moved
        self._met = met
        self._one_at_a_time = asyncio.Lock()
        self._copied = False
        self._first: datetime | None = None  # when the first `sync` of this boot was said

    async def acknowledged(self, payload: bytes) -> None:
        """The backend has stored facts. A word about facts that we never had is refused and told."""
        try:
            ack = read_ack(payload)
        except MalformedError as error:
            wrong = {"path": error.path, "detail": error.detail, "allowed": error.allowed}
            self._alert("ack_refused", wrong)
            return
        self._backend_time.hear(ack.time)
        async with self._one_at_a_time:
            if not self._is_behind(ack.epoch, ack.seq) and await self._journal.acknowledge(
                ack.epoch, ack.seq
            ):
                self._moved()
                return
            head = self._journal.head
            self._alert(
                "ack_refused",
                {
                    "epoch": ack.epoch,
                    "seq": str(ack.seq),
                    "our_epoch": head.epoch,
                    "our_seq": str(head.last_seq),
                },
            )
            await self._renew_if_behind(ack.epoch, ack.seq)
        self._moved()

    async def sync(self, body: commands.Sync) -> dict[str, Any]:
        """Take what the backend knows. The result tells it, per listed operation, what the journal knows:
        `known` with its state, `adopted`, or `unknown` (it never came here, or is still on its way). What was
        taken once and is not known any more was lost with the newest entries of this journal."""
        self._backend_time.hear(body.time)
        self._first = self._first or body.time
        async with self._one_at_a_time:
            if body.epoch is not None and not self._is_behind(body.epoch, body.seq):
                await self._journal.acknowledge(body.epoch, body.seq)
            elif body.epoch is not None:
                await self._renew_if_behind(body.epoch, body.seq)
            if self._copied:
                await self._leave_what_has_ended(body)
            adopting = not self._journal.head.synced
            found = [
                await self._look_up(listed, adopting or self._is_older(listed))
                for listed in body.open_operations
            ]
            # Only now: until they are taken in, a command among them that is delivered again has to wait.
            if self._journal.head.known_seq is not None:
                await self._journal.mark_met()
            self._met()
            if adopting:
                await self._journal.mark_synced(body.time)
                log.info("journal_synced", epoch=self._journal.head.epoch, listed=len(found))
        self._moved()
        head = self._journal.head
        return {
            "epoch": head.epoch,
            "seq": head.last_seq,
            "acked_seq": head.acked_seq,
            "boot": head.boot,
            "operations": dict(found),
        }

    async def _renew_if_behind(self, epoch: str, seq: int) -> None:
        if self._is_behind(epoch, seq):
            was = self._journal.head.epoch
            self._copied = self._copied or epoch == was
            await self._journal.begin_epoch(later_than=epoch)
            self._alert("journal_new", {"was": was, "backend_epoch": epoch, "backend_seq": str(seq)})

    async def _leave_what_has_ended(self, body: commands.Sync) -> None:
        """Facts of our own epoch are known that are not here: this journal was restored from a copy. What was
        ordered before this start and is not listed has ended in the part that was lost. It is asked about no
        more, and what was found out since this start and not told yet is not told."""
        listed = {one.operation_id for one in body.open_operations}
        started = self._backend_time.started()

        def has_ended(operation_id: str | None) -> bool:
            return (
                operation_id is not None and operation_id not in listed and ulid_time(operation_id) < started
            )

        def is_news(fact: NewEvent) -> bool:
            return fact.type != "operation" or not has_ended(fact.operation_id)

        head = self._journal.head
        waiting = await self._journal.events_after(head.acked_seq, head.last_seq)
        if not all(is_news(event.fact) for event in waiting):
            await self._journal.begin_epoch(later_than=body.epoch, take=is_news)
        for row in await self._journal.read(lambda reader: reader.open_operations()):
            if has_ended(row.id):
                await self._lifecycle.apply(recovery.left_alone(row), row.terminal)
        self._copied = False

    def _is_behind(self, epoch: str, seq: int) -> bool:
        """Epochs are ULIDs: a later one than ours, or more facts of ours than it can know, was written by a
        journal that came after this one. An earlier one merely means that ours is new to the backend."""
        head = self._journal.head
        most = head.last_seq if head.known_seq is None else head.known_seq
        return epoch > head.epoch or (epoch == head.epoch and seq > most)

    def _is_older(self, listed: commands.OpenOperation) -> bool:
        """Whether it may have been made before this start, which the first `sync` answered: how long that one
        was under way nobody knows. A journal restored from a copy does not know what it had done with it: it
        is never begun late, but asked about."""
        return self._first is not None and made_before(listed.command, self._first)

    async def _look_up(self, listed: commands.OpenOperation, adopting: bool) -> tuple[str, str]:
        name = listed.operation_id
        adoption, applied = await self._lifecycle.decide(
            lambda reader: _adoption(listed, reader, adopting or listed.accepted), listed.terminal
        )
        if adoption.known is not None:
            return name, adoption.known.state
        if applied is None or applied.row is None:
            return name, "unknown"
        row = applied.row
        if row.op in recovery.HARMLESS:
            over = Unknown(code="interrupted", evidence=Evidence("dialogue"))
            await self._lifecycle.apply(Concluded(row.id, row.attempt.no, over), row.terminal)
        elif self._fleet.availability(row.terminal, row.op) is None:
            await self._lifecycle.apply(Escalated(row.id, "terminal_unknown"), row.terminal)
        else:
            self._fleet.ask(row.terminal, row.id)
        return name, "adopted"


def _adoption(listed: commands.OpenOperation, reader: Reader, adopting: bool) -> _Adoption:
    known = reader.operation(listed.operation_id)
    if known is not None or not adopting:
        return _Adoption(known, None)
    body = listed.command
    original = originals.original_of(body, listed.terminal, reader)
    command = Admitted(
        operation_id=listed.operation_id,
        terminal=listed.terminal,
        op=listed.op,
        hash=content_hash(listed.data),
        code=None,
        actor=body.actor,
        locale=body.locale,
        data=canonical(listed.data).decode(),
        operation=request_of(body, original),
        original_id=originals.id_of(body),
        amount=amount_asked(body, original),
    )
    return _Adoption(None, Adopted(command))
