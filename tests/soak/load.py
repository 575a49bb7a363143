"""The load: on each terminal one sale after the other, every one of another amount."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from protocols.contract.operation import OperationView
from protocols.contract.words import is_final
from terminal_agent.client import BackendClient, NoReplyError, Pending, RejectedError, Sale

# From an outage of the broker and of the cable at the same time to the end of the recovery.
_LONGEST_SALE_S = 90.0


@dataclass(slots=True)
class Till:
    """Sells on one terminal. Amounts, in minor units, never come twice: each names its sale in the ledger."""

    client: BackendClient
    agent: str
    terminal: str
    pause_s: float
    amount_minor: int = 100
    outcomes: list[OperationView] = field(default_factory=list)
    rejected: Counter[str] = field(default_factory=Counter)
    left_open: list[Pending] = field(default_factory=list)

    async def sell(self, goes_on: Callable[[], bool]) -> None:
        """Until it does not go on any more; the last sale is waited for."""
        while goes_on():
            self.amount_minor += 1
            sale = Sale(**self.client.stamp(actor="soak"), amount_minor=self.amount_minor)
            pending = await self.client.send(self.agent, self.terminal, sale)
            await self._settle(pending)
            await asyncio.sleep(self.pause_s)

    def late_news(self) -> None:
        """Count what was given up and ended all the same."""
        for pending in tuple(self.left_open):
            if pending.latest is not None and is_final(pending.latest.state):
                self.left_open.remove(pending)
                self.outcomes.append(pending.latest)

    async def _settle(self, pending: Pending) -> None:
        try:
            async with asyncio.timeout(_LONGEST_SALE_S):
                self.outcomes.append(await _outcome(pending))
        except RejectedError as error:
            self.rejected[error.reply.code or "no code"] += 1
        except TimeoutError:
            self.left_open.append(pending)


async def _outcome(pending: Pending) -> OperationView:
    """The final view, however long the broker is away."""
    while True:
        try:
            return await pending.outcome()
        except NoReplyError:
            continue  # the same bytes go out again: nothing is sold twice
