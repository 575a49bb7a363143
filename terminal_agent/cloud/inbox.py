"""What the backend says: parsed, decided, journaled, and answered exactly once for each delivery.

`receive` may run for many messages at a time; what must be one after the other is decided in the journal.
A reply that is lost is not repeated: the backend repeats its command and gets `duplicate`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

from protocols.contract import commands, messages
from protocols.contract.parsing import Command, Refusal, parse_command
from protocols.contract.replies import Reply
from protocols.contract.topics import AgentTopics
from protocols.contract.ulids import make_ulid
from protocols.contract.wording import words
from terminal_agent.clock import BackendTime, Clock
from terminal_agent.cloud.answers import Answers
from terminal_agent.cloud.ports import Fleet, Publisher
from terminal_agent.cloud.syncing import Syncing
from terminal_agent.cloud.traffic import Inbound, LinkDownError
from terminal_agent.commands import admission
from terminal_agent.commands.admission import Decision
from terminal_agent.commands.checks import made_before
from terminal_agent.commands.lifecycle import Applied, Lifecycle
from terminal_agent.commands.report import view_of
from terminal_agent.commands.situation import No, Situation
from terminal_agent.journal.codec import to_ms
from terminal_agent.journal.port import Journal
from terminal_agent.observability.logs import bound, get_logger

log = get_logger(__name__)

# An id made this shortly after the start may have been made before it: two clocks met here.
START_MARGIN = timedelta(milliseconds=100)


class Inbox:
    """Commands and acknowledgements in, replies out."""

    def __init__(
        self,
        *,
        topics: AgentTopics,
        journal: Journal,
        lifecycle: Lifecycle,
        fleet: Fleet,
        publisher: Publisher,
        syncing: Syncing,
        answers: Answers,
        backend_time: BackendTime,
        clock: Clock,
        entropy: Callable[[int], bytes],
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self._topics = topics
        self._journal = journal
        self._lifecycle = lifecycle
        self._fleet = fleet
        self._publisher = publisher
        self._syncing = syncing
        self._answers = answers
        self._backend_time = backend_time
        self._clock = clock
        self._entropy = entropy
        self._stopping = stopping

    async def receive(self, inbound: Inbound) -> None:
        """Take one message. Raises JournalFailed: there is no reply then, as nobody knows what is on disk."""
        address = inbound.address
        if address.channel == "ack":
            await self._syncing.acknowledged(inbound.payload)
            return
        if address.channel != "cmd" or address.kind == "rsp":
            return
        parsed = parse_command(
            address.leaf,
            inbound.payload,
            kind=address.kind,
            topics=self._topics,
            response_topic=inbound.response_topic,
        )
        terminal = address.id if address.kind == "terminal" else None
        if isinstance(parsed, Refusal):
            wrong = {"path": parsed.path, "detail": parsed.detail}
            log.warning("command_refused", op=address.leaf, terminal=terminal, **wrong)
        reply = await self._answer(parsed, address.leaf, terminal)
        if reply is None:
            return
        await self._send(reply, parsed.reply_node, inbound.correlation)

    async def _answer(self, parsed: Command | Refusal, op: str, terminal: str | None) -> Reply | None:
        if terminal is None:
            return await self._of_agent(parsed, op)
        if isinstance(parsed, Refusal):
            refusal = parsed
            decision, applied = await self._lifecycle.decide(
                lambda reader: admission.refuse(refusal, op, terminal, reader), terminal
            )
            return self._decided(decision, applied, op, terminal, refusal.operation_id)
        with bound(operation_id=parsed.body.operation_id, terminal=terminal):
            if op in commands.OCCUPYING:
                return await self._admit(parsed, terminal)
            return await self._answers.answer(parsed, terminal)

    async def _admit(self, command: Command, terminal: str) -> Reply | None:
        """Decide and journal in one transaction; begin before anybody is told, the backend included. None for
        what is answered when it is repeated."""
        if await self._may_have_run(command):
            log.info("command_waits_for_sync", op=command.op)
            return None
        situation = self._situation(terminal, command.op)

        def begin(applied: Applied) -> None:
            row = applied.row
            if row is not None and row.operation is not None:
                self._fleet.begin(terminal, row.operation, row.attempt, self._deadline(command))

        decision, applied = await self._lifecycle.decide(
            lambda reader: admission.decide(command, terminal, situation, reader), terminal, begin
        )
        await asyncio.sleep(0)  # its first bytes go out now; the log and the reply come after them
        log.info(
            "command_decided",
            op=command.op,
            verdict=decision.verdict,
            code=decision.no.code if decision.no else None,
        )
        return self._decided(decision, applied, command.op, terminal, command.body.operation_id)

    async def _may_have_run(self, command: Command) -> bool:
        """Whether it was made before this start, is not known here, and the backend was not met yet.

        A journal that was restored from a copy may have lost it with its newest entries, so that neither yes
        nor no would be true; the backend's `sync` lists it, and it is taken in as one to be asked about."""
        body = command.body
        if self._journal.head.known_seq is None or not isinstance(body, commands.TerminalCommand):
            return False
        if not made_before(body, self._backend_time.started_by() + START_MARGIN):
            return False
        return await self._journal.read(lambda reader: reader.operation(body.operation_id)) is None

    async def _of_agent(self, parsed: Command | Refusal, op: str) -> Reply:
        if isinstance(parsed, Refusal):
            decision = Decision("rejected", no=admission.why_not(parsed))
            return self._decided(decision, None, op, None, parsed.operation_id)
        result = None
        match parsed.body:
            case commands.Sync(boot=int(boot)) if boot != self._journal.head.boot:
                decision = Decision("rejected", no=No("sync_outdated", "data.boot"))
                return self._decided(decision, None, op, None, parsed.body.operation_id)
            case commands.Sync() as sync:
                result = await self._syncing.sync(sync)
            case commands.Rescan():
                self._fleet.rescan()
            case commands.DiagnoseAgent():
                self._fleet.report()
        return Reply(
            operation_id=parsed.body.operation_id,
            op=op,
            verdict="done",
            code="done",
            text=words("done"),
            result=result,
            at=self._clock.wall(),
        )

    def _situation(self, terminal: str, op: str) -> Situation:
        return Situation(
            backend_now=self._backend_time.now(),
            clock_trusted=self._backend_time.trusted,
            wall=self._clock.wall(),
            head=self._journal.head,
            stopping=self._stopping(),
            disk_low=self._journal.space().low,
            terminal=self._fleet.availability(terminal, op),
        )

    def _deadline(self, command: Command) -> float:
        body = command.body
        until = self._backend_time.deadline(body.not_after) if body.not_after else None
        # Admission took it, so the time is known; should it not be, nothing is committed any more.
        return self._clock.monotonic() if until is None else until

    def _decided(
        self,
        decision: Decision,
        applied: Applied | None,
        op: str,
        terminal: str | None,
        operation_id: str | None,
    ) -> Reply:
        row = decision.known or (applied.row if applied else None)
        no = decision.no or No(decision.verdict)
        code = no.code if decision.verdict == "rejected" else decision.verdict
        state = "rejected" if decision.verdict == "rejected" else None
        return Reply(
            operation_id=operation_id,
            op=op,
            terminal=terminal,
            verdict=decision.verdict,
            code=code,
            text=words(code, state=state, holder=no.holder, path=no.path),
            path=no.path,
            detail=no.detail,
            allowed=no.allowed,
            holder=no.holder,
            state=view_of(row) if row is not None else None,
            at=self._clock.wall(),
        )

    async def _send(self, reply: Reply, node: str, correlation: bytes | None) -> None:
        now = self._clock.wall()
        stamp = messages.Stamp(make_ulid(to_ms(now), self._entropy(10)), now)
        try:
            await self._publisher.publish(
                messages.reply(self._topics, reply, stamp, node=node), correlation=correlation
            )
        except LinkDownError:
            log.warning("reply_not_delivered", operation_id=reply.operation_id, verdict=reply.verdict)
