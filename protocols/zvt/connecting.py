"""When the line is opened, when the terminal is greeted and looked at, and when it is left alone.

Over TCP a terminal may close an idle socket after a second or two; it is opened again on demand. A lost line
is tried again after a pause that grows. While an answer is owed nothing but the question goes there:
registration may disturb what is sought.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocols.core.retries import Retries, due
from protocols.core.session import Closed, Greet, Mono, Opened, Peer
from protocols.zvt.steps import Errand, Event, Step

if TYPE_CHECKING:
    from protocols.zvt.session import ZvtSession


class Connecting:
    """Decides when to dial; the session's step is the session's own."""

    def __init__(self, session: ZvtSession) -> None:
        self._session = session
        self.retries = Retries(session.options.redial_s, session.options.probe_s)
        self.greeting = False
        self.owed = False

    def greet(self, _cause: Greet, now: Mono) -> None:
        """Get to know the terminal, unless something is at work."""
        session = self._session
        self.owed = False
        if session.dialogue is not None or session.errand is not None:
            return
        if session.step is Step.IDLE and session.line.open:
            self.register(now)
        elif session.step is not Step.OPENING:
            self.dial()

    def dial(self) -> None:
        """Wish for the line."""
        self.retries.rest()
        self._session.move(Event.DIAL)
        self._session.emit(self._session.line.dial())

    def register(self, now: Mono) -> None:
        """Greet: 06 00, its completion says who is there."""
        self.greeting = True
        self._session.start(Errand.REGISTER, now)

    def opened(self, cause: Opened, now: Mono) -> None:
        """The line is there."""
        session = self._session
        if cause.link != session.line.wire:
            return
        session.line.opened()
        peer = cause.peer
        session.peer = Peer(peer.where, peer.serial, peer.certificate_cn, session.peer.terminal_id)
        session.move(Event.OPENED)
        # Another terminal may be at the other end now: what was registered there is not known here.
        session.registered = False
        if session.dialogue is not None:
            session.go_on(now)
        elif not self.owed:
            self.register(now)

    def closed(self, cause: Closed, now: Mono) -> None:
        """The line is gone: to be expected of an idle socket, else a loss."""
        session = self._session
        if cause.link != session.line.wire:
            return
        session.line.hang_up()
        if session.step is Step.IDLE and session.dialogue is None and session.options.transport == "tcp":
            self.retries.probe(now)
        else:
            session.lost(cause.why, now)

    def left(self, now: Mono) -> None:
        """The line is lost or given up; where nothing is at work it is tried again."""
        self.greeting = False
        self.retries.rest()
        if self._session.dialogue is None and not self.owed:
            self.retries.redial(now)

    def free(self, now: Mono) -> None:
        """An operation is concluded: be ready for the next one, unless the last one must be asked about."""
        session = self._session
        if self.owed:
            return
        if session.step is Step.DOWN:
            self.retries.redial(now)
        elif session.step is Step.UNFIT:
            self.retries.redial_after_unfit(now)
        elif session.step is Step.IDLE and not session.line.open:
            self.retries.probe(now)
        elif session.step is Step.IDLE and session.errand is None and not session.registered:
            self.register(now)

    def wake(self, now: Mono) -> None:
        """Dial, probe or ask again when it is time."""
        session, retries = self._session, self.retries
        if due(retries.redial_at, now):
            self.dial()
        elif due(retries.ask_at, now):
            retries.ask_at = None
            session.go_on(now)
        elif due(retries.probe_at, now):
            self._probe(now)

    def _probe(self, now: Mono) -> None:
        """Look whether an idle terminal is still there."""
        session = self._session
        self.retries.probe_at = None
        if session.step is not Step.IDLE or session.dialogue is not None or session.errand is not None:
            return
        if session.line.open:
            session.start(Errand.ENQUIRE, now)
        else:
            self.dial()
