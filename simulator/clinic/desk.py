"""The front desk of a clinic: what staff ask, and what they read while it happens.

All sentences are the agent's own; the desk chooses the language and shows them as they are. It is no backend:
it stores nothing, so it acknowledges nothing and tells agents of nothing (`sync`). That is for the clinic's
backend, which runs beside it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Literal, Self

from protocols.contract.commands import Purpose, TerminalCommand
from protocols.contract.fields import Locale, Text
from protocols.contract.operation import OperationView
from protocols.contract.replies import Reply
from simulator.clinic.cancelling import end
from terminal_agent.client import (
    Abort,
    BackendClient,
    ClientError,
    Consent,
    Pending,
    RejectedError,
    Sale,
    StoreCard,
)

__all__ = ["DeskError", "Ending", "FrontDesk", "Pending", "Reading"]

_LOOK_EVERY_S = 0.1
_READY_WITHIN_S = 30.0
_ENDS_WITHIN_S = 120.0
_NODE = "front-desk"
_CONSENT_TEXT, _CONSENT_VERSION = "card-on-file", "1"


class DeskError(Exception):
    """The desk could not ask: the broker is away, or nobody answers. What was asked may have arrived."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One thing that staff read: `about` the reply to a command, progress, an operation, or the terminal.
    `state` is the word of the contract for where that stands; `view` says all of an operation."""

    about: Literal["reply", "progress", "operation", "terminal"]
    state: str
    code: str
    text: Text
    view: OperationView | None = None


@dataclass(frozen=True, slots=True)
class Ending:
    """How a command ended for the clinic: with the operation's final state, or refused with a reply."""

    pending: Pending
    view: OperationView | None
    refused: Reply | None = None

    @property
    def code(self) -> str:
        """The code of the outcome, or of the refusal."""
        if self.view is not None:
            return self.view.code
        return self.refused.code if self.refused is not None else ""

    @property
    def state(self) -> str:
        """approved, declined, cancelled, not_started; or rejected."""
        return self.view.state if self.view is not None else "rejected"


class FrontDesk:
    """One agent, over the broker; orders are for its `terminal`. Use as an async context manager.

    `on_reading` gets all that staff read of any of its terminals, at once. `locale` is what the terminal is
    asked to speak.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        clinic: str,
        agent: str,
        terminal: str,
        on_reading: Callable[[Reading], None],
        locale: Locale = "fr",
        actor: str = "staff-17",
    ) -> None:
        self._agent, self._terminal = agent, terminal
        self._on_reading = on_reading
        self._locale: Locale = locale
        self._actor = actor
        self._client = BackendClient(host, port, clinic=clinic, node=_NODE, auto_sync=False)
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        """Connect, and show what happens from now on. Raises DeskError."""
        try:
            await self._client.__aenter__()
        except ClientError as error:
            raise DeskError(str(error)) from None
        parts = (self._let_facts_go(), self._show_notices(), self._show_terminals())
        self._tasks = [asyncio.create_task(part) for part in parts]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Disconnect."""
        await end(self._tasks)
        await self._client.__aexit__(kind, error, trace)

    async def opened(self, *others: str, timeout_s: float = _READY_WITHIN_S) -> None:
        """Return once the agent takes money and its terminals are ready. Raises TimeoutError."""
        async with asyncio.timeout(timeout_s):
            await self._agent_is("ready")
        for terminal in (self._terminal, *others):
            await self.ready(terminal, timeout_s)

    async def ready(self, terminal: str = "", timeout_s: float = _READY_WITHIN_S) -> None:
        """Return once a terminal is ready. Raises TimeoutError."""
        await self._client.wait_for_terminal(self._agent, terminal or self._terminal, "ready", timeout_s)

    async def start_keeping(self, customer: str, purpose: Purpose) -> Pending:
        """Ask to keep a card on file for `customer`, who consented on paper; under way or refused."""
        consent = Consent(
            text_id=_CONSENT_TEXT, version=_CONSENT_VERSION, language=self._locale, given="on_paper"
        )
        stamp = self._client.stamp(actor=self._actor)
        command = StoreCard(**stamp, locale=self._locale, customer=customer, purpose=purpose, consent=consent)
        return await self.send(command)

    async def keep_card(self, customer: str, purpose: Purpose) -> Ending:
        """Keep a card on file, and wait for the end."""
        return await self.ended(await self.start_keeping(customer, purpose))

    async def start_payment(self, amount_minor: int) -> Pending:
        """Ask for a payment, in cents; it is under way, or refused, when this returns."""
        stamp = self._client.stamp(actor=self._actor)
        return await self.send(Sale(**stamp, locale=self._locale, amount_minor=amount_minor))

    async def take_payment(self, amount_minor: int) -> Ending:
        """Ask for a payment, in cents, and wait for its end."""
        return await self.ended(await self.start_payment(amount_minor))

    async def repeat(self, pending: Pending) -> Reply:
        """Send the very same command once more, as after a lost reply."""
        try:
            reply = await pending.repeat()
        except ClientError as error:
            raise DeskError(str(error)) from None
        self._read_reply(reply)
        return reply

    async def stop(self, pending: Pending) -> Reply:
        """Ask to stop an operation. Its own end tells whether that was in time."""
        stamp = self._client.stamp(actor=self._actor)
        asked = await self.send(Abort(**stamp, locale=self._locale, target_operation_id=pending.operation_id))
        return asked.replies[-1]

    async def send(self, command: TerminalCommand) -> Pending:
        """Send a command; its reply is there, and was shown, when this returns. Raises DeskError."""
        pending = await self._client.send(self._agent, self._terminal, command)
        try:
            self._read_reply(await pending.reply())
        except ClientError as error:
            raise DeskError(str(error)) from None
        return pending

    async def ended(self, pending: Pending, timeout_s: float = _ENDS_WITHIN_S) -> Ending:
        """The end of a command. Raises TimeoutError: it is then still open, never failed."""
        try:
            return Ending(pending, await pending.outcome(timeout_s))
        except RejectedError as error:
            return Ending(pending, None, error.reply)

    # --- inside -----------------------------------------------------------------------------------------

    async def _agent_is(self, word: str) -> None:
        while True:
            state = self._client.agents().get(self._agent)
            if state is not None and state.state == word:
                return
            await asyncio.sleep(_LOOK_EVERY_S)

    def _read_reply(self, reply: Reply) -> None:
        self._on_reading(Reading("reply", str(reply.verdict), reply.code, reply.text, reply.state))

    async def _let_facts_go(self) -> None:
        """The client keeps facts for whoever stores them. Here nobody does: they are shown as notices."""
        async for _ in self._client.facts():
            pass

    async def _show_notices(self) -> None:
        async for notice in self._client.progress():
            if notice.agent != self._agent:
                continue
            if isinstance(notice.body, OperationView):
                view = notice.body
                self._on_reading(Reading("operation", view.state, view.code, view.text, view))
            else:
                step = notice.body
                self._on_reading(Reading("progress", step.state, step.code, step.text))

    async def _show_terminals(self) -> None:
        """The state of each terminal, whenever it is another one."""
        shown: dict[str, str] = {}
        while True:
            for terminal, state in self._client.terminals(self._agent).items():
                if state.state != shown.get(terminal):
                    shown[terminal] = state.state
                    if state.text is not None:
                        code = state.code or state.state
                        self._on_reading(Reading("terminal", state.state, code, state.text))
            await asyncio.sleep(_LOOK_EVERY_S)
