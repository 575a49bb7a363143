"""A reader at its plug and a vault at its address, as a process of a history finds them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Literal

from drivers.transport import Endpoint
from protocols.core.session import Data, Peer
from simulator.acquirer.ledger import MemoryLedger
from simulator.faults import FaultBook
from simulator.reader.device import VirtualReader
from simulator.reader.opening import open_frame
from simulator.vault.desk import VaultDesk
from simulator.vault.settings import VaultFault, VaultSettings
from terminal_agent.terminal.lanes import Endpoints
from tests.support.virtual_counter import VirtualUsb, VirtualVault

Way = Literal["reader", "gateway"]


class Troubles(FaultBook[VaultFault]):
    """What is to go wrong at the vault, with the names of the history's faults; told when it strikes."""

    def __init__(self, struck: Callable[[str], None]) -> None:
        super().__init__()
        self._struck = struck
        self._named: dict[VaultFault, str] = {}

    def plan(self, kind: str, fault: VaultFault) -> None:
        """One more, of this kind."""
        self._named[fault] = kind
        self.add(fault)

    def take(self, moment: str) -> tuple[VaultFault, ...]:
        """See FaultBook."""
        taken = super().take(moment)
        for fault in taken:
            self._struck(self._named[fault])
        return taken


class Counter:
    """The two of them, whatever becomes of the agents. `tasks` takes what serves at the vault."""

    def __init__(
        self, ledger: MemoryLedger, tasks: set[asyncio.Task[object]], struck: Callable[[str], None]
    ) -> None:
        desk = VaultDesk(ledger=ledger, opens=open_frame, settings=VaultSettings(penny=False))
        self.troubles = desk._faults = Troubles(struck)
        self.usb = VirtualUsb(VirtualReader())
        self.vault = VirtualVault(desk)
        self.vault.tasks = tasks
        self.cuts = 0

    def endpoints(self, dead: Callable[[], bool], effect: Callable[[str], None]) -> Endpoints:
        """What one process opens."""
        return {
            "reader": lambda: Opening(self, self.usb.endpoint(), dead, effect),
            "gateway": lambda: Opening(self, self.vault.endpoint(), dead, effect),
        }

    def cut(self) -> None:
        """The way to the vault is cut; what was on it is lost."""
        self.cuts += 1
        self.vault.cut()

    def repair(self) -> None:
        """Both are there again."""
        self.vault.away, self.vault.late_s = False, None
        if self.usb.where is None:
            self.usb.plug()


class Opening:
    """One opening of a process: a `drivers.transport.Endpoint` whose effects are seen."""

    def __init__(
        self, counter: Counter, inner: Endpoint, dead: Callable[[], bool], effect: Callable[[str], None]
    ) -> None:
        self._counter = counter
        self._inner = inner
        self._dead = dead
        self._effect = effect

    @property
    def sent_any(self) -> bool:
        """Whether a byte has left."""
        return self._inner.sent_any

    async def open(self, timeout_s: float) -> Peer:
        """Open it."""
        await self._seen("before an opening")
        return await self._inner.open(timeout_s)

    async def read(self) -> Data:
        """What arrived; bytes that a cut overtakes did not."""
        while True:
            data, cuts = await self._inner.read(), self._counter.cuts
            await self._seen("before bytes to the agent")
            if self._counter.cuts == cuts or not isinstance(data, bytes):
                return data

    async def write(self, data: Data) -> None:
        """Hand it over."""
        await self._seen("before bytes to the terminal")
        await self._inner.write(data)
        await self._seen("after bytes to the terminal")

    async def aclose(self) -> None:
        """Close it."""
        await self._inner.aclose()

    async def _seen(self, what: str) -> None:
        if not self._dead():
            self._effect(what)
        if self._dead():
            await asyncio.get_running_loop().create_future()
