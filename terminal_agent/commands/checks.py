"""The checks of admission, one function each, and the order in which they are asked: `CHECKS`.

The order is that of the answers staff can act on: what is wrong with the command, then with this station,
then with the terminal.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from protocols.contract import commands
from terminal_agent.commands import originals, recovery
from terminal_agent.commands.situation import Case, No
from terminal_agent.commands.translate import ulid_time

# No command is delivered again after so long a time: its `not_after` has passed.
LONGEST_WAIT = timedelta(days=7)
REFUND_DAY = timedelta(hours=24)
_RUNNING = frozenset({"accepted", "committed", "result_seen"})


def _expired(case: Case) -> No | None:
    now = case.situation.backend_now
    return No("expired") if now is not None and case.body.not_after <= now else None


def _clock(case: Case) -> No | None:
    return None if case.situation.clock_trusted else No("clock_untrusted")


def _stopping(case: Case) -> No | None:
    return No("shutting_down") if case.situation.stopping else None


def _journal_new(case: Case) -> No | None:
    """Before the backend has listed what is open; and for ever, for an id made before it did so for this
    journal: under the one that was lost it may have run. Both moments are of the backend's clock."""
    head = case.situation.head
    old = not head.synced or made_before(case.body, head.born)
    return No("journal_new") if old else None


def made_before(body: commands.TerminalCommand, moment: datetime) -> bool:
    """Whether the backend made this command's id before a moment of its own clock."""
    made = ulid_time(body.operation_id)
    if made < moment - LONGEST_WAIT:
        # No command waits that long: the id was not made of the time, so only the backend's word counts.
        made = body.issued_at or moment
    return made < moment


def _disk(case: Case) -> No | None:
    return No("disk_low") if case.situation.disk_low else None


def _terminal_known(case: Case) -> No | None:
    return No("terminal_unknown") if case.situation.terminal is None else None


def _supported(case: Case) -> No | None:
    can = case.terminal.capabilities
    if case.op not in can.operations:
        return No("unsupported")
    if isinstance(case.body, commands.StoreCard) and not set(case.body.entry_modes) & set(can.entry_modes):
        return No("unsupported", "data.entry_modes")
    return None


def _chargeable(case: Case) -> No | None:
    can = case.terminal.capabilities
    wanted = isinstance(case.body, commands.StoreCard) and case.body.needs_chargeable
    if wanted and can.token_kind != "chargeable":
        return No("not_chargeable")
    scope = getattr(case.body, "scope", None)
    return No("not_chargeable", "data.scope") if scope not in (None, can.token_scope) else None


def _consent(case: Case) -> No | None:
    lacks = isinstance(case.body, commands.StoreCard | commands.ChargeCard) and case.body.lacks_consent
    return No("consent_missing", "data.consent") if lacks else None


def _currency(case: Case) -> No | None:
    asked = getattr(case.body, "currency", None)
    if asked is None or asked == case.terminal.currency:
        return None
    return No("currency_mismatch", "data.currency")


def _original(case: Case) -> No | None:
    found = originals.objection(case.body, case.terminal_id, case.reader)
    return No(*found) if found else None


def _limits(case: Case) -> No | None:
    body, limits = case.body, case.terminal.limits
    if isinstance(body, commands.Sale | commands.Preauth | commands.ChargeCard):
        return _over(body.amount_minor, limits.largest_sale_minor)
    if not isinstance(body, commands.Refund):
        return None
    return _over(body.amount_minor, limits.largest_refund_minor) or _refunds(case, body.amount_minor)


def _refunds(case: Case, amount_minor: int) -> No | None:
    """Refunds of the last 24 hours that gave money back or still may, and this one."""
    limits = case.terminal.limits
    if limits.refunds_per_day is None and limits.refund_total_per_day_minor is None:
        return None
    day = case.reader.since(case.terminal_id, "refund", case.situation.wall - REFUND_DAY)
    counted = [row for row in day if not row.final or row.money == "returned"]
    total = sum(row.amount.amount_minor for row in counted if row.amount)
    return _over(len(counted) + 1, limits.refunds_per_day) or _over(
        total + amount_minor, limits.refund_total_per_day_minor
    )


def _over(asked: int, limit: int | None) -> No | None:
    return No("limit_exceeded", "data.amount_minor") if limit is not None and asked > limit else None


def _online(case: Case) -> No | None:
    if not case.terminal.fit:
        return No("terminal_unfit")
    return None if case.terminal.online else No("terminal_offline")


def _idle(case: Case) -> No | None:
    running = next((row for row in case.open_rows if row.state in _RUNNING), None)
    if running is not None:
        return No("terminal_busy", holder=running.actor or None)
    asking = any(row.owed for row in case.open_rows)
    if case.terminal.busy and not asking:
        return No("terminal_busy", holder=case.terminal.holder)
    return None


def _no_doubt(case: Case) -> No | None:
    """Nothing new while the terminal must be asked; no end of day at all, for it destroys what could be."""
    strategy = case.terminal.capabilities.recovery
    rows = case.open_rows
    if any(recovery.holds_up(row, strategy) for row in rows) or (case.terminal.busy and rows):
        return No("in_doubt_pending")
    if case.op == "reconcile" and any(row.owed or row.state == "in_doubt" for row in rows):
        return No("in_doubt_pending")
    return None


CHECKS: tuple[Callable[[Case], No | None], ...] = (
    _expired,
    _clock,
    _stopping,
    _journal_new,
    _disk,
    _terminal_known,
    _supported,
    _chargeable,
    _consent,
    _currency,
    _original,
    _limits,
    _online,
    _idle,
    _no_doubt,
)
