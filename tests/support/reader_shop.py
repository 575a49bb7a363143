"""One point of service with a reader and its vault, in virtual time: what outlives processes, and the one
process after the other that works there (tests.support.shop has the process).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from random import Random
from typing import Literal

from drivers.transport import Endpoint
from protocols.core.session import Progress, Session
from protocols.registry import PROTOCOLS, Options
from simulator.acquirer.ledger import MemoryLedger
from simulator.acquirer.lines import Line
from simulator.cards import CARDS
from simulator.reader.device import VirtualReader
from simulator.reader.opening import open_frame
from simulator.vault.desk import VaultDesk
from simulator.vault.settings import VaultSettings
from tests.support.doom import DoomHerald
from tests.support.memory_journal import MemoryJournal
from tests.support.shop import Process
from tests.support.virtual_counter import VirtualUsb, VirtualVault
from tests.support.virtual_terminal import LoopClock

Harm = Literal["kill", "cut", "unplug"]
ACCOUNT: Options = {"store_id": "store5", "api_token": "yesguy", "token_scope": "m-1"}
# Seconds from the prompt to the card, and from an unplug to the next plug.
_CARD_COMES_S = 1.0
_REPLUGGED_S = 3.0


@dataclass
class Remains:
    """What outlives processes: the agent's journal, the vault with its ledger, the reader with its keys."""

    journal: MemoryJournal | None = None
    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    desk: VaultDesk = field(init=False)
    device: VirtualReader = field(default_factory=VirtualReader)

    def __post_init__(self) -> None:
        self.desk = VaultDesk(ledger=self.ledger, opens=open_frame, settings=VaultSettings(penny=False))

    def copy(self) -> Remains:
        """The same once more, for another future."""
        self.device.listen(lambda: None)  # whoever listened is gone
        again = deepcopy(self, {id(self.journal): None})
        again.journal = self.journal.reborn() if self.journal is not None else None
        return again


@dataclass
class Cardholder:
    """Who stands at the reader: with which card, swiped or keyed. `comes` False: nobody."""

    card: str = "visa"
    keyed: bool = False
    cvv: str = "123"
    comes: bool = True


class ReaderShop:
    """The reader at its plug and the vault at its address. `beside`: the lane that needs the vault alone."""

    def __init__(
        self, remains: Remains, cardholder: Cardholder, harm: Harm, *, beside: bool, **options: str | float
    ) -> None:
        self.remains = remains
        self.cardholder = cardholder
        self.usb = VirtualUsb(remains.device)
        self.vault = VirtualVault(remains.desk)
        self._harm: Harm = harm
        self._beside = beside
        self._options: Options = {**ACCOUNT, "reader_modes": "swipe_and_keyed", **options}
        self.booked_before = len(remains.ledger.lines())

    def process(self, *, doom_at: int | None = None, dies: bool = True) -> Process:
        """The next process, on what the last one left."""
        journal = self.remains.journal
        held = MemoryJournal(LoopClock(), Random(5).randbytes) if journal is None else journal.reborn()
        self.remains.journal = held
        return Process(self, held, doom_at=doom_at, dies=dies)

    @property
    def booked(self) -> tuple[Line, ...]:
        """What the vault has booked since the shop opened."""
        return self.remains.ledger.lines()[self.booked_before :]

    # --- what a process finds -----------------------------------------------------------------------

    def session(self) -> Session:
        """A fresh one."""
        protocol = PROTOCOLS["idtech_moneris"]
        lane = protocol.beside if self._beside else protocol
        assert lane is not None
        return lane.build(self._options, Random(3).randbytes)

    def endpoints(self) -> Mapping[str, Callable[[], Endpoint]]:
        """Both links."""
        return {"reader": self.usb.endpoint, "gateway": self.vault.endpoint}

    def herald(self, strike: Callable[[], None], changed: Callable[[], None]) -> DoomHerald:
        """The cardholder hears what is asked for."""
        return _Prompting(strike, changed, self._asked_for)

    def harm(self) -> None:
        """The way to the vault is cut, or the reader is pulled out and plugged in elsewhere."""
        if self._harm == "cut":
            self.vault.cut()
        else:
            self.usb.unplug()
            asyncio.get_running_loop().call_later(_REPLUGGED_S, self.usb.plug)

    def _asked_for(self) -> None:
        if self.cardholder.comes:
            asyncio.get_running_loop().call_later(_CARD_COMES_S, self._present)

    def _present(self) -> None:
        who = self.cardholder
        if self.usb.where is None:
            return
        if who.keyed:
            self.usb.device.key_in(CARDS[who.card], who.cvv)
        else:
            self.usb.device.swipe(CARDS[who.card])


class _Prompting(DoomHerald):
    """Tells somebody when a card is awaited."""

    def __init__(
        self, strike: Callable[[], None], changed: Callable[[], None], asked: Callable[[], None]
    ) -> None:
        super().__init__(strike, changed)
        self._asked = asked

    def progress(self, terminal: str, notice: Progress) -> None:
        """See DoomHerald."""
        super().progress(terminal, notice)
        if notice.state == "awaiting_card":
            self._asked()
