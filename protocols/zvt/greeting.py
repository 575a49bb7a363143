"""Who is at the other end: the registration's completion, the terminal's own id, its currency."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from protocols.core.session import Alert, Mono
from protocols.core.values import CURRENCY_NAMES, CURRENCY_NUMBERS
from protocols.zvt import codes
from protocols.zvt.messages import Completion, SetEcrClock

if TYPE_CHECKING:
    from protocols.zvt.session import ZvtSession

_NEEDS = (0x01, 0x02, 0x04)  # initialisation, diagnosis, OPT action; the other bits are modes


def told_time(message: Completion | SetEcrClock) -> str | None:
    """The terminal's clock in a message, as MMDDhhmmss; None where it does not tell."""
    if message.terminal_clock:
        return message.terminal_clock[4:]
    if message.date_yymmdd and message.time_hhmmss:
        return message.date_yymmdd[2:] + message.time_hhmmss
    return None


class Greeting:
    """Makes sure that this is our terminal; all state is the session's."""

    def __init__(self, session: ZvtSession) -> None:
        self._session = session

    def registered(self, message: Completion, now: Mono) -> None:
        """06 0F after 06 00: right currency, right terminal, then ready."""
        session = self._session
        session.clock.hear(told_time(message), now)
        wanted = session.options.currency
        if message.currency is not None and message.currency != CURRENCY_NUMBERS[wanted]:
            told = CURRENCY_NAMES.get(message.currency, message.currency)
            detail = f"the terminal is set to {told}, {wanted} is expected"
            session.unfit("wrong_currency", detail, wanted, now)
        elif self.identified(message.terminal_id or message.tlv_terminal_id, now):
            for bit in _NEEDS:
                if (message.payment_type or 0) & bit:
                    session.tell(Alert(codes.REGISTRATION_NEEDS[bit]))
            session.greeted(now)

    def is_foreign(self, terminal_id: str | None) -> bool:
        """Whether this is not the terminal that is expected: by a recovery the one that took the command."""
        return terminal_id is not None and self._expected not in (None, terminal_id)

    @property
    def _expected(self) -> str | None:
        session = self._session
        taken_by = session.dialogue.expected_terminal if session.dialogue is not None else None
        return taken_by or session.terminal_id

    def identified(self, terminal_id: str | None, now: Mono) -> bool:
        """Learn the terminal's own id, or refuse a foreign one."""
        session = self._session
        if terminal_id is None:
            return True
        session.peer = replace(session.peer, terminal_id=terminal_id)
        if self.is_foreign(terminal_id):
            expected = self._expected or "?"
            detail = f"terminal {terminal_id} answers, {expected} is expected"
            session.unfit("wrong_device", detail, expected, now)
            return False
        session.terminal_id = session.terminal_id or terminal_id
        if session.dialogue is not None:
            session.dialogue.identified = True
        return True


def is_registration(message: Completion) -> bool:
    """Only the end of a registration tells terminal, currency or needs (PA00P015 ch. 2.1)."""
    return any(told is not None for told in (message.payment_type, message.terminal_id, message.currency))
