"""The cardholder and the cable at the keyboard: one key, one act."""

from __future__ import annotations

import asyncio
import os
import sys
import termios
import tty
from collections.abc import Callable

from simulator.cardholder import Act, ActKind
from simulator.cards import CARDS
from simulator.declared import SettingError
from simulator.wire.station import Screen, Station
from simulator.zvt.effects import Acted, PowerCut

LEGEND = (
    "i insert  t tap  s swipe  k keyed   p right PIN  w wrong PIN  x stop key  o ok key  r remove\n"
    "n next card  c cut cable  m mute cable  u power cut  b restore all  q quit"
)
_PRESENT: dict[str, ActKind] = {"i": "insert", "t": "tap", "s": "swipe", "k": "keyed"}
_ACTS: dict[str, Act] = {
    "p": Act("pin", value="right"),
    "w": Act("pin", value="wrong"),
    "x": Act("key", value="stop"),
    "o": Act("key", value="ok"),
    "r": Act("remove"),
}


class Keys:
    """Reads single keys from standard input while the loop runs. `on_quit` is called for q and at the end."""

    def __init__(self, station: Station, screen: Screen, on_quit: Callable[[], None]) -> None:
        self._station, self._screen, self._on_quit = station, screen, on_quit
        self._cards = list(CARDS)
        self._card = 0
        self._before: list[int | list[bytes | int]] | None = None

    def start(self) -> None:
        """Take the keyboard. Raises SettingError where there is none."""
        fd = sys.stdin.fileno()
        if sys.stdin.isatty():
            self._before = termios.tcgetattr(fd)
            tty.setcbreak(fd)
        try:
            asyncio.get_running_loop().add_reader(fd, self._readable)
        except PermissionError:
            raise SettingError("--keys: standard input is a file; a keyboard or a pipe is wanted") from None
        self._tell_card()

    def stop(self) -> None:
        """Give the keyboard back as it was."""
        fd = sys.stdin.fileno()
        asyncio.get_running_loop().remove_reader(fd)
        if self._before is not None:
            termios.tcsetattr(fd, termios.TCSADRAIN, self._before)

    def press(self, key: str) -> None:
        """Do what a key says; unknown ones do nothing."""
        if key in _PRESENT:
            self._station.cause(Acted(Act(_PRESENT[key], CARDS[self._cards[self._card]])))
        elif key in _ACTS:
            self._station.cause(Acted(_ACTS[key]))
        elif key == "n":
            self._card = (self._card + 1) % len(self._cards)
            self._tell_card()
        else:
            self._cable(key)

    def _tell_card(self) -> None:
        self._screen.note(f"card in hand: {self._cards[self._card]}")

    def _cable(self, key: str) -> None:
        match key:
            case "c":
                self._station.cut("cut", 0.0)
            case "m":
                self._station.cut("mute", 0.0)
            case "u":
                self._station.cause(PowerCut())
            case "b":
                self._station.restore()
            case "q":
                self._on_quit()

    def _readable(self) -> None:
        typed = os.read(sys.stdin.fileno(), 64)
        if not typed:
            self._on_quit()
        for key in typed.decode("ascii", "ignore"):
            self.press(key)
