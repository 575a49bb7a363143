"""The demo's programs: broker, terminal and agent as real processes, the recorder and the clinic's desk here.

They start in an order in which nothing is missed, and stop in the reverse one: the agent first, so that what
it still has to say is recorded.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Self

from protocols.contract.fields import Locale
from protocols.contract.topics import DEFAULT_ROOT
from simulator.clinic.desk import FrontDesk, Reading
from simulator.demo import broker, phrases
from simulator.demo.child import Child, ChildError
from simulator.demo.places import AGENT, CLINIC, TERMINAL, Places, shown
from simulator.demo.recorder import Recorder
from simulator.demo.remote import Remote
from simulator.demo.transcript import Phrase

_UP_WITHIN_S = 20.0
_JOURNAL_SETTLES_S = 0.3
_BROKER_TRIES = 3


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
        self.port = 0
        self.remote = Remote(places.control)
        settings = ("--config", str(places.agent_settings))
        self.agent = Child("agent", places.log("agent"), "terminal_agent", "run", *settings)

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

    async def kill_agent(self) -> None:
        """As a power cut would: kill -9, then start it anew."""
        await self.agent.stop(at_once=True)
        await self.agent.start()

    def commands(self) -> tuple[str, ...]:
        """What can be typed in another window while it runs."""
        places = self._places
        programs = shown(Path(sys.executable).parent)
        return (
            f"{programs}/terminal-agent journal operations --config {shown(places.agent_settings)}",
            f"{programs}/terminal-agent check --config {shown(places.agent_settings)}",
            f"{programs}/terminal-simulator ledger {shown(places.ledger)}",
            f"tail -f {shown(places.traffic)}",
            f"MQTT 5: {broker.HOST}:{self.port}, {DEFAULT_ROOT}/{CLINIC}/#",
        )

    # --- inside -----------------------------------------------------------------------------------------

    async def _start(self) -> None:
        await self._start_broker()
        self._recorder = await self._stack.enter_async_context(
            Recorder(broker.HOST, self.port, self._places.traffic)
        )
        self._places.write_settings(self.port, self._locale)
        await self._start_terminal()
        self.desk = await self._stack.enter_async_context(self._make_desk())
        self._stack.push_async_callback(self.agent.stop)
        await self.agent.start()
        self._tell("agent", self.agent.pid)
        await self._open_desk()

    async def _start_broker(self) -> None:
        """A port that was free may be taken a moment later by somebody else: then by another one."""
        for left in reversed(range(_BROKER_TRIES)):
            self.port = broker.free_port()
            broker.write_config(self._places.broker_settings, self.port)
            child = Child(
                "broker",
                self._places.log("broker"),
                "simulator.demo.broker",
                str(self._places.broker_settings),
            )
            # It keeps nothing that outlives the demo, and takes its time to say goodbye.
            self._stack.push_async_callback(child.stop, at_once=True)
            await child.start()
            try:
                await child.until(lambda: broker.listens(self.port), _UP_WITHIN_S)
                child.check()
            except ChildError:
                if not left:
                    raise
                continue
            self._tell("broker", f"{broker.HOST}:{self.port}")
            return

    async def _start_terminal(self) -> None:
        places = self._places
        files = ("--ledger", places.ledger, "--state", places.terminal_memory, "--control", places.control)
        child = Child(
            "terminal",
            places.log("terminal"),
            "simulator.cli",
            "zvt",
            "--serial",
            str(places.cable),
            "--scenario",
            str(places.scenario),
            *(str(word) for word in files),
            on_line=self._on_screen,
        )
        self._stack.push_async_callback(child.stop)
        await child.start()
        await child.until(self.remote.is_up, _UP_WITHIN_S)
        self._tell("terminal", places.cable)

    def _make_desk(self) -> FrontDesk:
        return FrontDesk(
            broker.HOST,
            self.port,
            clinic=CLINIC,
            agent=AGENT,
            terminal=TERMINAL,
            store=self._places.clinic_store,
            on_reading=self._on_reading,
            locale=self._locale,
        )

    async def _open_desk(self) -> None:
        """Wait for the agent and its terminal; an agent that ends meanwhile says why."""
        try:
            await self.desk.opened(_UP_WITHIN_S)
        except TimeoutError:
            self.agent.check()
            raise ChildError(
                f"the agent took no money within {_UP_WITHIN_S:g} s; look into {self._places.log('agent')}"
            ) from None
        # An agent with a new journal refuses, as journal_new, what was asked within 100 ms of its birth.
        await asyncio.sleep(_JOURNAL_SETTLES_S)
        self._tell("clinic", "")

    def _tell(self, part: str, where: object) -> None:
        self._on_started(phrases.STARTED[part].format(where=where), time.monotonic() - self._began)
