"""The demo's programs: broker, vault, clinic, terminal and agent as real processes; recorder and desk here.

They start in an order in which nothing is missed, and stop in the reverse one: the agent first, so that what
it still has to say is recorded.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Self

from protocols.contract.fields import Locale
from protocols.contract.topics import DEFAULT_ROOT
from simulator.clinic.desk import FrontDesk, Reading
from simulator.demo import broker, phrases, settings
from simulator.demo.child import Child, ChildError
from simulator.demo.pages import Pages
from simulator.demo.places import Places, shown
from simulator.demo.recorder import Recorder
from simulator.demo.remote import Remote
from simulator.demo.settings import AGENT, CLINIC, HOST, READER, TERMINAL, Ports
from simulator.demo.transcript import Phrase

_UP_WITHIN_S = 30.0
_TRIES = 3
_KNOWN_PORTS = (8443, 8080)  # where people look for such a service: the vault's, and the pages'


class Bench:
    """Use as an async context manager; all is up inside, all is gone after it.

    `on_started` gets a phrase and the seconds since the start for each part that is up; `on_screen` each line
    that the simulated terminal prints; `on_reading` what staff read.
    """

    def __init__(
        self,
        places: Places,
        *,
        locale: Locale,
        on_started: Callable[[Phrase, float], None],
        on_screen: Callable[[str], None],
        on_reading: Callable[[Reading], None],
    ) -> None:
        self._places = places
        self._locale: Locale = locale
        self._on_started = on_started
        self._on_screen = on_screen
        self._on_reading = on_reading
        self._stack = AsyncExitStack()
        self._began = time.monotonic()
        self.remote = Remote(places.control)
        self.hands = Remote(places.hands)
        self.agent = Child(
            "agent", places.log("agent"), "simulator.demo.plugged", str(places.hands),
            "terminal_agent", "run", "--config", str(places.agent_settings),
        )  # fmt: skip
        self.clinic = self._child(
            "clinic", "clinic", "--settings", places.clinic_settings, announces="the clinic is at"
        )

    async def __aenter__(self) -> Self:
        """Start everything. Raises ChildError, RecorderError, DeskError, TimeoutError; then all is gone."""
        try:
            await self._start()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop everything, the agent first."""
        await self._stack.aclose()

    async def finish(self) -> None:
        """Stop the agent in order and see that the record is whole. Raises RecorderError."""
        await self.agent.stop()
        await self._recorder.finish()

    async def kill(self, child: Child) -> None:
        """As a power cut would: kill -9, then start it anew."""
        await child.stop(at_once=True)
        await child.start()

    def commands(self) -> tuple[str, ...]:
        """What can be typed in another window while it runs."""
        places = self._places
        programs = shown(Path(sys.executable).parent)
        device = f"{programs}/terminal-simulator tell {places.control}"
        return (
            f"① {programs}/terminal-simulator reader tell {places.hands} swipe visa",
            f'② {device} \'{{"do": "act", "act": "insert"}}\'',
            f'③ {device} \'{{"do": "cut", "seconds": 10}}\'',
            f"{programs}/terminal-agent journal operations --config {shown(places.agent_settings)}",
            f"{programs}/terminal-simulator ledger {shown(places.ledger)}",
            f"{programs}/terminal-simulator tokens {shown(places.vault_ledger)}",
            f"tail -f {shown(places.traffic)}",
            f"MQTT 5: {HOST}:{self.ports.broker}, {DEFAULT_ROOT}/{CLINIC}/#",
        )

    # --- inside -----------------------------------------------------------------------------------------

    async def _start(self) -> None:
        port = await self._start_broker()
        self._recorder = await self._stack.enter_async_context(Recorder(HOST, port, self._places.traffic))
        terminal = await self._start_pages(port)
        await terminal.until(self.remote.is_up, _UP_WITHIN_S)
        self._tell("terminal", self._places.cable)
        self._tell("vault", f"https://{HOST}:{self.ports.vault}")
        self._tell("clinic", self.ports.address)
        self.desk = await self._stack.enter_async_context(self._make_desk())
        self._stack.push_async_callback(self.agent.stop)
        await self.agent.start()
        await self._open_desk()
        self._tell("agent", self.agent.pid)

    async def _start_broker(self) -> int:
        """Its port. One that was free may be taken a moment later by somebody else: then another one."""
        for left in reversed(range(_TRIES)):
            port = broker.free_port()
            broker.write_config(self._places.broker_settings, port)
            config = str(self._places.broker_settings)
            child = Child("broker", self._places.log("broker"), "simulator.demo.broker", config)
            # It keeps nothing that outlives the demo, and takes its time to say goodbye.
            self._stack.push_async_callback(child.stop, at_once=True)
            await child.start()
            try:
                await child.until(lambda: broker.listens(port), _UP_WITHIN_S)  # noqa: B023  # waited for here
                child.check()
            except ChildError:
                if not left:
                    raise
                continue
            break
        self._tell("broker", f"{HOST}:{port}")
        return port

    async def _start_pages(self, broker_port: int) -> Child:
        """The vault, the clinic and the terminal, all at once; the last is not waited for. A port that is
        taken meanwhile is answered with others."""
        terminal = self._terminal()
        for done in range(_TRIES):
            vault_port, pages_port = (broker.first_free(port + done) for port in _KNOWN_PORTS)
            self.ports = Ports(broker_port, vault_port, pages_port)
            settings.write(self._places, self.ports, self._locale)
            vault = self._vault(self.ports.vault)
            try:
                for child in (vault, self.clinic, terminal):
                    if child.pid is None:
                        await child.start()
                        self._stack.push_async_callback(child.stop)
                await vault.up(_UP_WITHIN_S)
                await self.clinic.up(_UP_WITHIN_S)
            except ChildError:
                if done == _TRIES - 1:
                    raise
                await vault.stop(at_once=True)
                await self.clinic.stop(at_once=True)
                continue
            break
        self.pages = Pages(HOST, self.ports.pages)
        return terminal

    def _vault(self, port: int) -> Child:
        places = self._places
        files = ("--ledger", places.vault_ledger, "--certificates", places.certificates)
        where = ("--https", f"{HOST}:{port}", "--faults", places.vault_settings)
        return self._child("vault", "vault", *where, *files, announces="ready:")

    def _terminal(self) -> Child:
        places = self._places
        files = ("--ledger", places.ledger, "--state", places.terminal_memory, "--control", places.control)
        wire = ("--serial", places.cable, "--scenario", places.scenario)
        return self._child("terminal", "zvt", *wire, *files, on_line=self._on_screen)

    def _child(
        self, name: str, *words: object, announces: str = "", on_line: Callable[[str], None] | None = None
    ) -> Child:
        """A program of the simulator's."""
        program = ("simulator.cli", *(str(word) for word in words))
        return Child(name, self._places.log(name), *program, announces=announces, on_line=on_line)

    def _make_desk(self) -> FrontDesk:
        return FrontDesk(
            HOST,
            self.ports.broker,
            clinic=CLINIC,
            agent=AGENT,
            terminal=TERMINAL,
            on_reading=self._on_reading,
            locale=self._locale,
        )

    async def _open_desk(self) -> None:
        """Wait for the agent and its terminals; an agent that ends meanwhile says why."""
        try:
            await self.desk.opened(READER, timeout_s=_UP_WITHIN_S)
        except TimeoutError:
            self.agent.check()
            raise ChildError(
                f"the agent took no money within {_UP_WITHIN_S:g} s; look into {self._places.log('agent')}"
            ) from None

    def _tell(self, part: str, where: object) -> None:
        self._on_started(phrases.STARTED[part].format(where=where), time.monotonic() - self._began)
