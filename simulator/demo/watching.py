"""What goes into the transcript as it happens: the terminal's screen, what the desk reads, the ledgers."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Literal

from protocols.contract.operation import OperationView
from protocols.contract.words import is_final
from simulator.acquirer.ledger import read
from simulator.acquirer.lines import Line
from simulator.clinic.desk import Reading
from simulator.demo import phrases
from simulator.demo.agreement import KINDS
from simulator.demo.places import Places
from simulator.demo.transcript import Phrase, Transcript, money

Book = Literal["ledger", "vault"]
_LOOK_EVERY_S = 0.05
# What simulator.screen.PlainScreen prints: a time, a word, what is shown.
_PRINTED = re.compile(r"[0-9:]{8} (display|note) +(.*)")
_CABLE = "cable: "
# Steps between two others that people notice, and states of the terminal that an operation's own words tell.
_NOT_TOLD = {("operation", "committed"), ("operation", "result_seen")}
_NOT_TOLD |= {("terminal", state) for state in ("ready", "busy", "in_doubt", "connecting")}


class Watcher:
    """Listens to everybody and tells the transcript. `quiet` until the story begins."""

    def __init__(self, transcript: Transcript, places: Places) -> None:
        self._transcript = transcript
        self._ledgers: dict[Book, Path] = {"ledger": places.ledger, "vault": places.vault_ledger}
        self._cable = places.cable
        self._shown_lines: dict[Book, int] = {"ledger": 0, "vault": 0}
        self._shown_display = ""
        self._heard: list[Reading] = []
        self._news = asyncio.Event()
        self.quiet = True

    def screen(self, printed: str) -> None:
        """A line that the simulated terminal printed."""
        found = _PRINTED.fullmatch(printed)
        if found is None:
            return
        kind, text = found.groups()
        if kind == "display" and text != self._shown_display:
            self._shown_display = text
            self._say_screen(text)
        elif kind == "note" and text.startswith(_CABLE):
            self.show_ledgers()  # what was booked before the cable went is told before it
            self._transcript.says("cable", phrases.CABLE_OUT)

    def reading(self, reading: Reading) -> None:
        """Something that staff read."""
        self._heard.append(reading)
        self._news.set()
        if not self.quiet and (reading.about, reading.state) not in _NOT_TOLD:
            self._transcript.says("desk", Phrase(reading.text.fr, reading.text.en))

    def forget(self) -> None:
        """A new part begins."""
        self._heard.clear()

    def heard(self, state: str) -> bool:
        """Whether staff have read since then that something stands so."""
        return any(reading.state == state for reading in self._heard)

    async def until_heard(self, state: str) -> None:
        """Return once staff have read it."""
        while not self.heard(state):
            self._news.clear()
            await self._news.wait()

    async def ended(self, op: str) -> OperationView:
        """The end of the operation of this name that somebody else ordered, once staff have read it."""
        while True:
            for reading in self._heard:
                view = reading.view
                if view is not None and view.op == op and is_final(view.state):
                    return view
            self._news.clear()
            await self._news.wait()

    def lines(self, book: Book = "ledger") -> tuple[Line, ...]:
        """A ledger as it is now."""
        path = self._ledgers[book]
        return read(path) if path.exists() else ()

    async def follow(self) -> None:
        """Tell each new line of the ledgers, and when the cable is back, until cancelled."""
        plugged = True
        while True:
            self.show_ledgers()
            was, plugged = plugged, self._cable.is_symlink()
            if plugged and not was:
                self._transcript.says("cable", phrases.CABLE_IN)
            await asyncio.sleep(_LOOK_EVERY_S)

    def show_ledgers(self, *, whole: bool = False) -> None:
        """Tell the lines that are new, or all of them."""
        for book in self._ledgers:
            lines = self.lines(book)
            for number, line in enumerate(lines, 1):
                if whole or number > self._shown_lines[book]:
                    self._transcript.says(book, ledger_phrase(number, line))
            self._shown_lines[book] = len(lines)

    def _say_screen(self, text: str) -> None:
        if not self.quiet:
            self._transcript.says("screen", phrases.SCREEN_SAYS.format(text=text))


def ledger_phrase(number: int, line: Line) -> Phrase:
    """One line of a ledger in words."""
    phrase = phrases.LEDGER_LINE if line.amount_minor else phrases.CARD_LINE
    if not line.card:
        phrase = phrases.CLOSING_LINE
    amount = money(line.amount_minor, line.currency)
    return phrase.format(n=number, kind=KINDS[line.kind], amount=amount, four=line.card[-4:])
