"""A terminal reached and identified, without moving money.

Its session greets it over the real drivers, as the agent would. Nothing can be booked here: a terminal that
has something to say which must be kept is left alone, and so is one with open operations, which the agent
must ask about before it greets it.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from typing import Any

from drivers.pump import Pump
from drivers.transport import Endpoint
from protocols.contract.wording import words
from protocols.core.facts import Fact
from protocols.core.session import Greet, Notice, Phase, Session, Status
from protocols.registry import PROTOCOLS
from terminal_agent.checks.findings import Finding
from terminal_agent.checks.local import is_there
from terminal_agent.errors import AgentError, JournalUnusable
from terminal_agent.journal.sqlite import look_at
from terminal_agent.settings import Settings, Terminal
from terminal_agent.terminal.endpoint import endpoints_of

ANSWER_LIMIT_S = 20.0
# What a terminal on the network does with a second caller.
_SENT_AWAY = frozenset({"reset", "peer_closed"})
# What a technician can do about one that answers and cannot be used; staff are told to call support.
_REMEDIES = {
    "wrong_device": "plug the right one in, or correct `identity` after a replacement",
    "wrong_currency": "correct `currency`, or have the terminal set up for it",
    "registration_refused": "correct the password in its options, or have the terminal set up for a till",
}


class NothingIsBookedError(AgentError):
    """A terminal wanted something kept while it was only being looked at."""


def open_operations(settings: Settings) -> Mapping[str, int] | None:
    """How many operations are open per terminal; None where there is a journal that cannot be read."""
    if not is_there(settings.journal_path):
        return {}
    try:
        with look_at(settings.journal_path) as reader:
            terminals = [row.terminal for row in reader.open_operations()]
    except JournalUnusable:
        return None
    return {terminal: terminals.count(terminal) for terminal in terminals}


async def check_terminal(
    terminal: Terminal, open_now: int | None, make_session: Callable[[Terminal], Session] | None = None
) -> Finding:
    """Greet one terminal and wait for where it stands. `open_now`: how many of its operations are open, None
    where nobody knows."""
    if open_now is None:
        text = "the journal cannot be read, so nobody knows whether operations are open: not greeted"
        return Finding("terminal", terminal.id, "warning", text, "operations_unknown")
    if open_now:
        text = f"{open_now} of its operations are open: not greeted; start the agent, which asks about them"
        return Finding("terminal", terminal.id, "warning", text, "operations_open")
    session = (make_session or session_of)(terminal)
    status = await greeted(session, endpoints_of(terminal))
    return _finding(terminal, status)


def session_of(terminal: Terminal) -> Session:
    """The protocol's session with this terminal's options."""
    return PROTOCOLS[terminal.protocol].build(terminal.for_protocol(), os.urandom)


async def greeted(session: Session, endpoints: Mapping[str, Callable[[], Endpoint]]) -> Status | str:
    """Where the terminal stands once it has been greeted, or why that could not be found out."""
    stands: asyncio.Future[Status] = asyncio.get_running_loop().create_future()
    last: list[Status] = []

    def notice(told: Notice) -> None:
        if isinstance(told, Status):
            last.append(told)
            if _settled(told) and not stands.done():
                stands.set_result(told)

    pump = Pump(session, endpoints, _refuse, notice)
    running = asyncio.create_task(pump.run())
    pump.post(Greet())
    ends: set[asyncio.Future[Any]] = {running, stands}
    try:
        await asyncio.wait(ends, timeout=ANSWER_LIMIT_S, return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            return str(running.exception())
        if stands.done():
            return stands.result()
        return last[-1] if last and last[-1].phase is Phase.DOWN else "silent"
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def _settled(status: Status) -> bool:
    """Whether this is the last word. DOWN is one when a link says why ("code: text"); before that it only
    means that nothing has been tried yet."""
    if status.phase is Phase.DOWN:
        return ":" in status.reason
    return status.phase in (Phase.IDLE, Phase.UNFIT)


async def _refuse(_fact: Fact) -> None:
    raise NothingIsBookedError(
        "result_pending", "it tells of a result that only the agent can keep; start the agent"
    )


def _finding(terminal: Terminal, status: Status | str) -> Finding:
    if isinstance(status, str):
        silent = f"no answer within {ANSWER_LIMIT_S:g} s; is it on, is the cable in, is the speed right?"
        said = silent if status == "silent" else status
        return Finding("terminal", terminal.id, "failed", said, "silent" if status == "silent" else "crashed")
    if status.phase is Phase.DOWN:
        code = status.reason.partition(":")[0]
        text = f"cannot be reached: {status.reason}"
        if code in _SENT_AWAY:
            text += "; if the agent or a till is connected to it, stop that first: a terminal has one line"
        return Finding("terminal", terminal.id, "failed", text, code)
    if status.phase is Phase.UNFIT:
        code = status.reason.partition(":")[0]
        text = f"answers but cannot be used: {status.reason}; {_REMEDIES.get(code, words(code).en)}"
        return Finding("terminal", terminal.id, "failed", text, code, _facts(status))
    peer = status.peer
    who = f"it is {peer.terminal_id}" if peer and peer.terminal_id else "it told no id of its own"
    text = f"answers at {peer.where if peer else '?'}, {who}"
    if terminal.identity is None and peer is not None and peer.terminal_id:
        text += f'; pin it with identity = "{peer.terminal_id}"'
    return Finding("terminal", terminal.id, "ok", text, "ok", _facts(status))


def _facts(status: Status) -> dict[str, object]:
    peer, can = status.peer, status.capabilities
    facts: dict[str, object] = {}
    if peer is not None:
        facts |= {"where": peer.where, "terminal_id": peer.terminal_id, "software": peer.software}
    if can is not None:
        facts |= {"operations": sorted(can.operations), "recovery": can.recovery, "identity": can.identity}
    return facts
