"""Saying what a part of the story is about, and whether it went as it must."""

from __future__ import annotations

from simulator.clinic.desk import Ending
from simulator.demo import phrases
from simulator.demo.transcript import Phrase, Transcript
from simulator.demo.watching import Watcher


class Teller:
    """`good` stays True while everything goes as it must."""

    def __init__(self, watcher: Watcher, transcript: Transcript) -> None:
        self.watcher = watcher
        self.transcript = transcript
        self.good = True
        self._before = 0

    def begin(self, title: Phrase, asks: Phrase) -> None:
        """A part begins: what it is about, and what the clinic asks."""
        self.transcript.act(title)
        self.asks(asks)

    def asks(self, asks: Phrase) -> None:
        """The clinic asks something; what follows is held against what was before."""
        self.watcher.forget()
        self._before = len(self.watcher.lines())
        self.transcript.says("clinic", asks)

    def expect(
        self, phrase: Phrase, ending: Ending, state: str, *, lines: int, code: str = "", also: bool = True
    ) -> None:
        """The end is this one, and the terminal's ledger has grown by so many lines."""
        self.watcher.show_ledgers()
        grown = len(self.watcher.lines()) - self._before
        good = ending.state == state and grown == lines and also and code in ("", ending.code)
        wanted = " ".join(filter(None, (state, code, f"+{lines}")))
        self.check(good, phrase, wanted=wanted, found=f"{ending.state} {ending.code} +{grown}")

    def check(self, good: bool, phrase: Phrase, *, wanted: str = "", found: str = "") -> None:
        """Say it, and what was found instead."""
        self.transcript.check(good, phrase)
        self.good = self.good and good
        if not good and found:
            self.transcript.note(phrases.NOT_SO.format(wanted=wanted, found=found))
