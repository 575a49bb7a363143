"""A point of service with a reader and a vault: the real agent over MQTT, real libusb on a mocked bus, and
the simulated vault over HTTPS.
"""

from __future__ import annotations

import asyncio
import os
import ssl
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from protocols.contract.commands import TerminalCommand
from protocols.contract.operation import OperationView
from protocols.core.card import EntryMode
from simulator.acquirer.ledger import MemoryLedger
from simulator.acquirer.lines import Line
from simulator.cards import CARDS
from simulator.reader.device import VirtualReader
from simulator.reader.opening import open_frame
from simulator.reader.settings import ReaderSettings
from simulator.vault.certificate import make
from simulator.vault.desk import VaultDesk
from simulator.vault.server import VaultServer
from simulator.vault.settings import VaultSettings
from simulator.wire.usb_mocked import MockedUsb
from terminal_agent.client import Consent, Pending, StoreCard
from tests.support.agent_process import Desk
from tests.support.broker import Broker
from tests.support.house import House, a_house
from tests.support.programs import ROOT
from tests.support.station import Scalar
from tests.support.waiting import LIMIT_S, eventually

READER = "front-reader"
SCOPE = "merchant-1"
CONSENT = Consent(text_id="no-show", version="3", language="fr", given="on_paper")


class Vault:
    """The vault, served by this process on `port`, once it has one. `later` moves its clock."""

    def __init__(self, folder: Path, settings: VaultSettings | None = None) -> None:
        self.ledger = MemoryLedger()
        settings = settings or VaultSettings(penny=False)
        self.desk = VaultDesk(ledger=self.ledger, opens=open_frame, settings=settings)
        self.ca, certificate, key = make(folder, "localhost")
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate, key)
        self.later = timedelta()
        self.server = VaultServer(self.desk, lambda: datetime.now(UTC) + self.later, tls)
        self.port = 0

    def kinds(self, order: str) -> list[str]:
        """What is booked of an order."""
        return [line.kind for line in self.lines() if line.order == order]

    def lines(self) -> tuple[Line, ...]:
        """The whole ledger."""
        return self.ledger.lines()


class Counter:
    """The house with its reader and its vault."""

    def __init__(self, house: House, vault: Vault) -> None:
        self.house, self.vault = house, vault
        self.reader = VirtualReader(ReaderSettings())
        self.bus: MockedUsb | None = None
        self.plugged: int | None = None

    async def start(self) -> None:
        """The agent (again), on a fresh bus with the reader plugged in; ready."""
        await self.launch()
        await self.house.agent_ready()
        await self.ready()

    async def launch(self) -> None:
        """The agent (again), on a fresh bus with the reader plugged in; not waited for."""
        self.bus = bus = MockedUsb()
        self.plugged = bus.plug(self.reader, 1)
        under, self.house.agent.given = bus.under()
        self.house.agent.under = list(under)
        self.house.start_agent()
        await bus.serve()

    async def kill(self) -> None:
        """The agent at once, and with it the bus that it saw."""
        self.house.agent.kill()
        if self.bus is not None:
            await self.bus.stop()
            self.bus = None

    async def command(self, *arguments: str) -> str:
        """What `terminal-agent` says to these arguments, on a bus of its own with the reader plugged in. It
        must end well; the agent is not running."""
        bus = MockedUsb()
        bus.plug(self.reader, 1)
        process = await bus.start(
            [sys.executable, "-m", "terminal_agent", *arguments],
            cwd=self.house.folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        async with asyncio.timeout(LIMIT_S):
            said, _ = await process.communicate()
        await bus.stop()
        assert process.returncode == 0, said.decode()
        return said.decode()

    async def ready(self, state: str = "ready") -> None:
        """Wait until the agent tells this state of the reader's terminal."""
        await self.house.ready(state, READER)

    def unplug(self) -> None:
        """Pull the reader out."""
        assert self.bus is not None
        assert self.plugged is not None
        self.bus.unplug(self.plugged)
        self.plugged = None

    def plug(self, socket_number: int) -> None:
        """Plug it in."""
        assert self.bus is not None
        self.plugged = self.bus.plug(self.reader, socket_number)

    async def asked(self, pending: Pending) -> None:
        """Wait until a card is asked for."""
        await eventually(
            lambda: any(
                body["state"] == "awaiting_card" for body in self.house.traffic.progress(pending.operation_id)
            ),
            "a card is asked for",
        )

    async def give(
        self, command: TerminalCommand, card: str = "visa", cvv: str | None = None
    ) -> OperationView:
        """Send what needs a card, swipe it or (with a security code) key it, and return the outcome."""
        pending = await self.house.start(command, READER)
        await self.asked(pending)
        self.present(card, cvv)
        return await pending.outcome(LIMIT_S)

    def storing(self, mode: EntryMode = "swipe") -> StoreCard:
        """A card to be kept for what a patient misses."""
        stamp = self.house.stamp()
        return StoreCard(**stamp, customer="p-1", purpose="no_show", consent=CONSENT, entry_modes=(mode,))

    def present(self, card: str = "visa", cvv: str | None = None) -> None:
        """Swipe a card or (with a security code) key it."""
        if cvv is None:
            self.reader.swipe(CARDS[card])
        else:
            self.reader.key_in(CARDS[card], cvv)

    async def run(self, command: TerminalCommand) -> OperationView:
        """Send what needs no card."""
        return await self.house.run(command, READER)


def of(kept: OperationView) -> Mapping[str, Any]:
    """How a stored card is named in a command that charges or verifies it."""
    assert kept.token is not None
    return {
        "token": kept.token.value,
        "scope": SCOPE,
        "network_transaction_id": kept.network_transaction_id,
    }


@asynccontextmanager
async def a_counter(broker: Broker, folder: Path, **options: Scalar) -> AsyncIterator[Counter]:
    """Everything is up and ready. `options` are further ones of the terminal in the settings."""
    vault = Vault(folder / "vault")
    vault.port = await vault.server.start("localhost")
    desk = reader_desk(vault, folder, options)
    async with a_house(broker, folder, more_desks=[desk], started=False) as house:
        counter = Counter(house, vault)
        try:
            await counter.start()
            yield counter
        finally:
            await counter.kill()
            await vault.server.stop()


def reader_desk(vault: Vault, folder: Path, options: Mapping[str, Scalar]) -> Desk:
    """The reader and its vault in the agent's settings."""
    for name, text in (("store_id", "store5"), ("api_token", "yesguy")):
        file = folder / name
        file.write_text(text, encoding="utf-8")
        file.chmod(0o600)
    return Desk(
        id=READER,
        protocol="idtech_moneris",
        keys={"identity": ReaderSettings().serial},
        usb={"vid": f"{ReaderSettings().vid:04x}"},
        gateway={"host": "localhost", "port": vault.port},
        tls={"ca": str(vault.ca)},
        token={"kind": "chargeable", "scope": SCOPE},
        options={
            "store_id_file": str(folder / "store_id"),
            "api_token_file": str(folder / "api_token"),
            "reader_modes": "swipe_and_keyed",
            **options,
        },
    )
