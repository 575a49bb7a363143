"""The live transcript: one short line per thing that happens, in French, in English, or in both.

`LANG` (or LC_ALL, LC_MESSAGES) beginning with fr or en chooses one language; anything else shows French with
the English underneath. Colours only where the output is a terminal and NO_COLOR is not set.
"""

from __future__ import annotations

import io
import shutil
import sys
import textwrap
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TextIO

Languages = tuple[Literal["fr", "en"], ...]
Who = Literal["clinic", "desk", "screen", "reader", "ledger", "vault", "cable", "demo"]

_LABELS: Mapping[Who, Mapping[str, str]] = {
    "clinic": {"fr": "clinique", "en": "clinic"},
    "desk": {"fr": "accueil", "en": "desk"},
    "screen": {"fr": "écran", "en": "screen"},
    "reader": {"fr": "lecteur", "en": "reader"},
    "ledger": {"fr": "registre", "en": "ledger"},
    "vault": {"fr": "coffre", "en": "vault"},
    "cable": {"fr": "câble", "en": "cable"},
    "demo": {"fr": "démo", "en": "demo"},
}
_COLOURS: Mapping[str, str] = {
    "clinic": "35", "desk": "36", "screen": "33", "reader": "33", "ledger": "32", "vault": "32",
    "cable": "31", "demo": "1", "title": "1", "dim": "2", "good": "32", "bad": "1;31",
}  # fmt: skip
_STEADY = ("desk", "screen")
_MARGIN = 20
_WIDEST = 100


@dataclass(frozen=True, slots=True)
class Phrase:
    """One sentence in both languages."""

    fr: str
    en: str

    def format(self, **values: object) -> Phrase:
        """The sentence with its blanks filled in; a phrase among the values in its own language."""
        fr = {name: value.fr if isinstance(value, Phrase) else value for name, value in values.items()}
        en = {name: value.en if isinstance(value, Phrase) else value for name, value in values.items()}
        return Phrase(self.fr.format(**fr), self.en.format(**en))


def both(words: str) -> Phrase:
    """Words that need no translation: names, amounts, paths."""
    return Phrase(words, words)


def languages(environment: Mapping[str, str]) -> Languages:
    """Which languages the environment asks for."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if wish := environment.get(name, ""):
            return ("fr",) if wish.startswith("fr") else ("en",) if wish.startswith("en") else ("fr", "en")
    return ("fr", "en")


class Transcript:
    """Writes to `out`, flushed line by line: as good in a log as in a window."""

    def __init__(self, speaks: Languages, out: TextIO | None = None, *, colours: bool = False) -> None:
        self.speaks = speaks
        self._out = out or sys.stdout
        self._colours = colours
        self._last: dict[Who, Phrase] = {}
        self._act = 0
        width = min(_WIDEST, max(shutil.get_terminal_size((_WIDEST, 25)).columns, 2 * _MARGIN + 1))
        self._wrap = textwrap.TextWrapper(width - _MARGIN, break_long_words=False, break_on_hyphens=False)

    def title(self, phrase: Phrase) -> None:
        """The headline of the whole."""
        self._line("")
        for language in self.speaks:
            self._line(self._in(self._pick(phrase, language), "title"))
        self._line("")

    def act(self, phrase: Phrase) -> None:
        """The headline of one numbered part."""
        self._act += 1
        self._last.clear()
        self._line("")
        for place, language in enumerate(self.speaks):
            number = f"{self._act}." if place == 0 else "  "
            self._line(self._in(f"{number} {self._pick(phrase, language)}", "title" if place == 0 else "dim"))

    def says(self, who: Who, phrase: Phrase) -> None:
        """One thing that happened now; the desk and the screen do not say the same twice in a row."""
        if who in _STEADY and self._last.get(who) == phrase:
            return
        self._last[who] = phrase
        self._paragraph(f"{time.strftime('%H:%M:%S')}  {_LABELS[who][self.speaks[0]]}", who, phrase)

    def started(self, phrase: Phrase, seconds: float) -> None:
        """A part of the demo is up, so many seconds after the start."""
        self._paragraph(f"· {seconds:6.1f} s", "good", phrase)

    def note(self, phrase: Phrase) -> None:
        """A remark of the demo itself."""
        self._paragraph("", "", phrase)

    def step(self, number: int, phrase: Phrase) -> None:
        """One of several things to do, with its number in the margin."""
        self._paragraph(f"{number:>16}.", "", phrase)

    def check(self, good: bool, phrase: Phrase) -> None:
        """What was expected, and whether it came so."""
        self._last.clear()
        self._paragraph(f"{'✓' if good else '✗':>17}", "good" if good else "bad", phrase)

    def plain(self, text: str = "") -> None:
        """A line as it is, to be copied: never broken."""
        self._line(f"{'':{_MARGIN}}{text}")

    def _paragraph(self, head: str, shade: str, phrase: Phrase) -> None:
        """The phrase in each language, beside one head."""
        texts = list(dict.fromkeys(self._pick(phrase, language) for language in self.speaks))
        for place, text in enumerate(texts):
            for line in self._wrap.wrap(text):
                left = self._in(head, shade) + " " * (_MARGIN - len(head))
                self._line(left + self._in(line, "dim" if place else ""))
                head = ""

    @staticmethod
    def _pick(phrase: Phrase, language: str) -> str:
        return phrase.fr if language == "fr" else phrase.en

    def _in(self, text: str, shade: str) -> str:
        return f"\x1b[{_COLOURS[shade]}m{text}\x1b[0m" if self._colours and shade and text else text

    def _line(self, text: str) -> None:
        print(text.rstrip(), file=self._out, flush=True)


def to_stdout(environment: Mapping[str, str]) -> Transcript:
    """The transcript on standard output, in the languages and colours that fit it."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a console without our typographic marks shows "?"
    colours = sys.stdout.isatty() and "NO_COLOR" not in environment
    return Transcript(languages(environment), colours=colours)


def money(amount_minor: int, currency: str = "CAD") -> Phrase:
    """An amount as people write it: 47,50 $ and $47.50 in Canada."""
    whole, cents = divmod(abs(amount_minor), 100)
    sign = "-" if amount_minor < 0 else ""
    if currency == "CAD":
        return Phrase(f"{sign}{whole},{cents:02d} $", f"{sign}${whole}.{cents:02d}")
    return Phrase(f"{sign}{whole},{cents:02d} {currency}", f"{sign}{whole}.{cents:02d} {currency}")
