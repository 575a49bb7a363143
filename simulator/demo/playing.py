"""After the story everything stays up, and single keys do something where there is a keyboard."""

from __future__ import annotations

import asyncio
import os
import sys
import termios
import tty
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

from simulator.clinic.cancelling import end
from simulator.clinic.desk import DeskError, Pending
from simulator.demo import phrases
from simulator.demo.bench import Bench
from simulator.demo.child import Child, ChildError
from simulator.demo.remote import RemoteError
from simulator.demo.story import DECLINED_MINOR
from simulator.demo.transcript import Phrase, Transcript, both, money
from simulator.demo.watching import Watcher

_SALE_MINOR = 2345
_CARD, _KEYED_CARD, _CODE = "visa", "mastercard", "123"


class Play:
    """Does what keys say, each beside the others. `on_quit` is called for q."""

    def __init__(
        self, bench: Bench, watcher: Watcher, transcript: Transcript, on_quit: Callable[[], None]
    ) -> None:
        self._bench = bench
        self._watcher = watcher
        self._transcript = transcript
        self._on_quit = on_quit
        self._last: Pending | None = None
        self._cable_out = self._reader_out = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._keys: dict[str, Callable[[], Coroutine[Any, Any, None]]] = {
            "v": lambda: self._pay(_SALE_MINOR),
            "d": lambda: self._pay(DECLINED_MINOR),
            "e": self._keep_card,
            "r": self._repeat,
            "a": self._stop,
            "c": self._cable,
            "g": self._swipe,
            "n": self._key_in,
            "p": self._present,
            "u": self._reader,
            "k": lambda: self._kill(bench.agent),
            "b": lambda: self._kill(bench.clinic),
            "l": self._show_ledgers,
        }

    def press(self, key: str) -> None:
        """Do what a key says; unknown ones do nothing."""
        if key == "q":
            self._on_quit()
        elif key in self._keys:
            task = asyncio.get_running_loop().create_task(self._done(self._keys[key]()))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Stop waiting for what is under way; the agent goes on with it."""
        await end(self._tasks)

    async def _done(self, work: Awaitable[None]) -> None:
        try:
            await work
        except (DeskError, RemoteError, ChildError, TimeoutError) as error:
            self._transcript.says("demo", phrases.NOT_NOW.format(why=error))

    async def _pay(self, amount_minor: int) -> None:
        self._transcript.says("clinic", phrases.PAY_ASKS.format(amount=money(amount_minor)))
        self._last = await self._bench.desk.start_payment(amount_minor)

    async def _keep_card(self) -> None:
        self._transcript.says("clinic", phrases.KEEP_ASKS)
        self._last = await self._bench.desk.start_keeping("patient-43", "recognition")

    async def _repeat(self) -> None:
        await self._with_last(phrases.REPEAT_LAST, self._bench.desk.repeat)

    async def _stop(self) -> None:
        await self._with_last(phrases.STOP_PRESSED, self._bench.desk.stop)

    async def _with_last(self, phrase: Phrase, work: Callable[[Pending], Awaitable[object]]) -> None:
        if self._last is None:
            self._transcript.says("demo", phrases.NOTHING_YET)
            return
        self._transcript.says("clinic", phrase)
        await work(self._last)

    async def _cable(self) -> None:
        self._cable_out = not self._cable_out
        await (self._bench.remote.cut() if self._cable_out else self._bench.remote.restore())

    async def _swipe(self) -> None:
        self._transcript.says("reader", phrases.SWIPED.format(card=both(_CARD)))
        await self._bench.hands.ask("swipe", card=_CARD)

    async def _key_in(self) -> None:
        self._transcript.says("reader", phrases.KEYED.format(card=both(_KEYED_CARD)))
        await self._bench.hands.ask("key", card=_KEYED_CARD, code=_CODE)

    async def _present(self) -> None:
        self._transcript.says("demo", phrases.PRESENTED.format(card=both(_CARD)))
        await self._bench.remote.ask("act", act="insert", card=_CARD)

    async def _reader(self) -> None:
        self._reader_out = not self._reader_out
        self._transcript.says("cable", phrases.READER_OUT if self._reader_out else phrases.READER_IN)
        await self._bench.hands.ask("unplug" if self._reader_out else "plug")

    async def _kill(self, child: Child) -> None:
        self._transcript.says("demo", phrases.KILLED.format(name=both(child.name)))
        await self._bench.kill(child)
        self._transcript.says("demo", phrases.REVIVED.format(name=both(child.name), pid=child.pid))
        if child is self._bench.agent:
            self._reader_out = False  # its reader was in its process, and comes back with it

    async def _show_ledgers(self) -> None:
        if not self._watcher.lines() and not self._watcher.lines("vault"):
            self._transcript.says("ledger", phrases.EMPTY_LEDGER)
        self._watcher.show_ledgers(whole=True)


@contextmanager
def keyboard(press: Callable[[str], None]) -> Iterator[bool]:
    """Single keys from the terminal, given back as it was; False where there is none."""
    fd = sys.stdin.fileno() if sys.stdin is not None and sys.stdin.isatty() else -1
    if fd < 0:
        yield False
        return
    before = termios.tcgetattr(fd)
    loop = asyncio.get_running_loop()

    def readable() -> None:
        typed = os.read(fd, 64)
        if not typed:
            loop.remove_reader(fd)
        for key in typed.decode("ascii", "ignore"):
            press(key)

    tty.setcbreak(fd)
    loop.add_reader(fd, readable)
    try:
        yield True
    finally:
        loop.remove_reader(fd)
        termios.tcsetattr(fd, termios.TCSADRAIN, before)
