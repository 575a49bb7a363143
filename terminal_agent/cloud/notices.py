"""What is told beside the facts: retained states, and lossy events. Nothing of the money is told here alone.

States are kept and published anew on each connect; only the newest counts, so what changed several times
within a moment, or while another was on its way, is sent once. Events that cannot leave now are dropped, but
for critical alerts: those wait for the next connection, a few of them.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from protocols.contract import events, messages
from protocols.contract.events import Alert
from protocols.contract.fields import AsOf, Told
from protocols.contract.messages import Message, Stamp
from protocols.contract.projections import TerminalState
from protocols.contract.topics import AgentTopics
from protocols.contract.ulids import make_ulid
from protocols.contract.wording import words
from protocols.contract.words import Severity
from protocols.core.session import Progress
from terminal_agent.clock import Clock
from terminal_agent.cloud.ports import Publisher
from terminal_agent.cloud.traffic import LinkDownError
from terminal_agent.journal.codec import to_ms
from terminal_agent.journal.facts import Head
from terminal_agent.observability.logs import get_logger
from terminal_agent.terminal.standing import Standing

# Progress comes a few times a second at most; a flood drops the oldest.
_WAITING = 256
# Critical alerts that wait for a connection; of more the oldest are dropped.
_HELD = 16
# An operation's steps may follow each other within milliseconds: a terminal's state is told when they pause.
_SETTLE_S = 0.03
_CRITICAL = frozenset(
    {
        "money_stopped",
        "journal_new",
        "wrong_device",
        "card_number_masked",
        "card_number_stopped",
        "session_taken_over",
    }
)

_ALL_DAY = frozenset({"ready", "busy"})

log = get_logger(__name__)

_Key = tuple[str, str | None]


@dataclass(frozen=True, slots=True)
class _Event:
    message: Message
    critical: bool


class Notices:
    """Collects notices from everywhere on the loop; `run` is the unit that publishes them in order."""

    def __init__(
        self,
        topics: AgentTopics,
        publisher: Publisher,
        clock: Clock,
        entropy: Callable[[int], bytes],
        head: Callable[[], Head],
    ) -> None:
        self._topics = topics
        self._publisher = publisher
        self._clock = clock
        self._entropy = entropy
        self._head = head
        self._kept: dict[_Key, Told] = {}
        self._dirty: dict[_Key, None] = {}
        self._moved: dict[str, Standing] = {}
        self._settling: asyncio.TimerHandle | None = None
        self._events: deque[_Event] = deque(maxlen=_WAITING)
        self._held: deque[_Event] = deque(maxlen=_HELD)
        self._bell = asyncio.Event()

    # --- telling ----------------------------------------------------------------------------------

    def state(self, channel: str, body: Told, terminal: str | None = None) -> None:
        """A retained state; the same as before is not sent again."""
        key = (channel, terminal)
        if self._kept.get(key) != body:
            self._kept[key] = body
            self._dirty[key] = None
            self._bell.set()

    def stands(self, terminal: str, standing: Standing) -> None:
        """A terminal's state and capabilities may have changed: they are looked at in a moment."""
        self._moved[terminal] = standing
        if self._settling is None:
            self._settling = asyncio.get_running_loop().call_later(_SETTLE_S, self._settle)

    def progress(self, terminal: str, notice: Progress) -> None:
        """What a terminal waits for, in both languages."""
        body = events.Progress(
            operation_id=notice.operation_id,
            terminal=terminal,
            state=notice.state,
            code=notice.code,
            text=words(notice.code, state=notice.state),
            waiting_on=notice.waiting_on,
            terminal_text=notice.terminal_text,
            at=self._clock.wall(),
            as_of=self._as_of(),
        )
        self._event("progress", body, terminal)

    def alert(self, code: str, details: Mapping[str, str], terminal: str | None = None) -> None:
        """Something that a technician or the staff should hear of."""
        severity: Severity = "critical" if code in _CRITICAL else "warning"
        body = Alert(
            code=code,
            text=words(code),
            severity=severity,
            terminal=terminal,
            details=dict(details),
            at=self._clock.wall(),
        )
        log.warning("alert", code=code, terminal=terminal, details=dict(details))
        self._event("alert", body, terminal, critical=severity == "critical")

    def discovered(self, body: events.Discovered) -> None:
        """A device was found."""
        self._event("discovered", body, None)

    def all_anew(self) -> None:
        """A new connection: every retained state goes out again, with where the journal stands now, and what
        was too important to be dropped meanwhile."""
        self._settle()
        self._dirty = dict.fromkeys(self._kept)
        self._events.extendleft(reversed(self._held))
        self._held.clear()
        self._bell.set()

    # --- publishing -------------------------------------------------------------------------------

    async def run(self) -> None:
        """Publish until cancelled."""
        while True:
            self._bell.clear()
            while self._dirty or self._events:
                await self._publish_next()
            await self._bell.wait()

    async def flush(self) -> None:
        """Publish what waits now: the last words before a stop."""
        self._settle()
        while self._dirty or self._events:
            await self._publish_next()

    def _settle(self) -> None:
        """Take the states of terminals that may have changed."""
        if self._settling is not None:
            self._settling.cancel()
            self._settling = None
        moved, self._moved = self._moved, {}
        for terminal, standing in moved.items():
            state = standing.state(self._clock.wall())
            _log_state(terminal, self._kept.get(("state", terminal)), state)
            self.state("state", state, terminal)
            self.state("caps", standing.caps(), terminal)

    async def _publish_next(self) -> None:
        event = self._events.popleft() if self._events else None
        if event is not None:
            message = event.message
        else:
            channel, terminal = key = next(iter(self._dirty))
            del self._dirty[key]
            body = self._kept[key].model_copy(update={"as_of": self._as_of()})
            message = messages.state(self._topics, channel, body, self._stamp(), terminal=terminal)
        try:
            await self._publisher.publish(message)
        except LinkDownError:
            # The next connection publishes all states anew.
            if event is not None and event.critical:
                self._held.append(event)

    def _event(self, type_: str, body: Told, terminal: str | None, *, critical: bool = False) -> None:
        data = messages.dump(body)
        message = messages.event(self._topics, type_, data, self._stamp(), terminal=terminal)
        self._events.append(_Event(message, critical))
        self._bell.set()

    def _as_of(self) -> AsOf:
        head = self._head()
        return AsOf(epoch=head.epoch, seq=head.last_seq)

    def _stamp(self) -> Stamp:
        now: datetime = self._clock.wall()
        return Stamp(make_ulid(to_ms(now), self._entropy(10)), now)


def _log_state(terminal: str, before: Told | None, now: TerminalState) -> None:
    """A line where a terminal comes or goes; what it does all day is for who wants to know."""
    was = before.state if isinstance(before, TerminalState) else None
    code = before.code if isinstance(before, TerminalState) else None
    if (was, code) != (now.state, now.code):
        tell = log.debug if {was, now.state} <= _ALL_DAY else log.info
        # told later than it happened, perhaps while another operation is at work: only its own is its
        own = now.current.operation_id if now.current else None
        tell("terminal_state", terminal=terminal, state=now.state, code=now.code, operation_id=own)
