"""All checks in their order, each finding told as soon as it is known."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

from protocols.registry import PROTOCOLS
from terminal_agent.checks.broker import check_broker
from terminal_agent.checks.findings import Finding
from terminal_agent.checks.local import check_clock, check_config, check_journal, check_state_dir
from terminal_agent.checks.terminals import check_terminal, open_operations
from terminal_agent.checks.unit import check_unit
from terminal_agent.settings import SettingsError, load


async def check_all(config: Path) -> AsyncIterator[Finding]:
    """Settings, unit, state, journal, clock, broker, each terminal. Unusable settings end it."""
    try:
        settings = load(config, PROTOCOLS)
    except SettingsError as error:
        for complaint in error.complaints:
            yield Finding("settings", str(config), "failed", str(complaint), error.code)
        return
    yield Finding("settings", str(config), "ok", f"terminals configured: {len(settings.terminals)}")
    now = datetime.now(UTC)
    for finding in (*check_config(config), *check_unit(), *check_state_dir(settings)):
        yield finding
    yield check_journal(settings)
    yield check_clock(now)
    async for finding in check_broker(settings, now):
        yield finding
    open_now = open_operations(settings)
    for terminal in settings.terminals:
        yield await check_terminal(terminal, None if open_now is None else open_now.get(terminal.id, 0))
