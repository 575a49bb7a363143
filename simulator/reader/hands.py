"""What hands do with a virtual reader, as requests of the control socket and as words that are typed.

    {"do": "swipe", "card": "visa"}                          swipe visa
    {"do": "key", "card": "visa", "code": "123"}             key visa 123    (the code may be left out)
    {"do": "unplug"}                                         unplug
    {"do": "plug", "socket": 2}                              plug 2          (the socket may be left out)
    {"do": "fault", "what": "bad_lrc", "times": 1}           fault bad_lrc 1 (keys of simulator.reader.faults)
    {"do": "status"}                                         status          plugged, socket, serial, opened
    {"do": "stop"}                                           stop            ends the program and the reader

Cards are the test cards of simulator.cards, by name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol

from simulator.cards import CARDS, TestCard, Way
from simulator.control_socket import Answer, Request, Verb
from simulator.declared import SettingError, one_of
from simulator.dukpt import KeySerialError
from simulator.reader.device import VirtualReader
from simulator.reader.hid import HidDevice
from simulator.reader.plan import read_fault

WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "swipe": ("card",),
    "key": ("card", "code"),
    "unplug": (),
    "plug": ("socket",),
    "fault": ("what", "times"),
    "status": (),
    "stop": (),
}
"""Each verb, with what may follow it when it is typed."""
_NUMBERS = ("socket", "times")
_SOCKETS = range(1, 16)


class Bus(Protocol):
    """Where the reader is plugged in: simulator.wire.usb_mocked.MockedUsb."""

    @property
    def kernel_driver(self) -> Mapping[int, bool]: ...
    def plug(self, device: HidDevice, socket_number: int = 1) -> int: ...
    def unplug(self, key: int) -> None: ...


class Hands:
    """One reader on one bus. `on_stop` ends it all."""

    def __init__(self, bus: Bus, reader: VirtualReader, on_stop: Callable[[], None]) -> None:
        self._bus, self._reader, self._on_stop = bus, reader, on_stop
        self._key: int | None = None
        self._socket = 1
        self.verbs: dict[str, Verb] = {
            "swipe": self._swipe,
            "key": self._key_in,
            "unplug": self._unplug,
            "plug": self._plug,
            "fault": self._fault,
            "status": self._status,
            "stop": self._stop,
        }

    def _swipe(self, request: Request) -> Answer:
        card = held("swipe", request.get("card"))
        return self._read(lambda: self._reader.swipe(card))

    def _key_in(self, request: Request) -> Answer:
        card, code = held("keyed", request.get("card")), security_code(request.get("code", ""))
        return self._read(lambda: self._reader.key_in(card, code))

    def _read(self, act: Callable[[], None]) -> Answer:
        if self._key is None:
            raise SettingError("the reader is not plugged in and has no power; plug it in first")
        try:
            act()
        except KeySerialError as error:
            raise SettingError(f"the reader's keys are used up: {error}; begin with another ksn") from None
        return {}

    def _unplug(self, _request: Request) -> Answer:
        if self._key is None:
            raise SettingError("the reader is not plugged in")
        self._bus.unplug(self._key)
        self._key = None
        return {}

    def _plug(self, request: Request) -> Answer:
        if self._key is not None:
            raise SettingError("the reader is plugged in already; unplug it first")
        socket = request.get("socket", self._socket)
        if type(socket) is not int or socket not in _SOCKETS:
            raise SettingError(f"socket: is {socket!r}; allowed: {_SOCKETS[0]} to {_SOCKETS[-1]}")
        self._socket, self._key = socket, self._bus.plug(self._reader, socket)
        return {}

    def _fault(self, request: Request) -> Answer:
        table = {name: value for name, value in request.items() if name != "do"}
        self._reader.plan(read_fault(table, "fault"))
        return {}

    def _status(self, _request: Request) -> Answer:
        opened = self._key is not None and not self._bus.kernel_driver.get(self._key, True)
        return {
            "plugged": self._key is not None,
            "socket": self._socket,
            "serial": self._reader.serial,
            "opened": opened,
        }

    def _stop(self, _request: Request) -> Answer:
        self._on_stop()
        return {}


def held(way: Way, name: object) -> TestCard:
    """The test card of that name, where it can be used that way. Raises SettingError."""
    return CARDS[str(one_of(name, usable(way), "card"))]


def usable(way: Way) -> tuple[str, ...]:
    """The names of the test cards that can be used that way."""
    return tuple(name for name, card in CARDS.items() if way in card.ways)


def security_code(code: object) -> str:
    """As it is keyed, or "". Raises SettingError, which does not show it."""
    if code == "" or (isinstance(code, str) and re.fullmatch("[0-9]{3,4}", code)):
        return code
    raise SettingError("code: is none; allowed: 3 or 4 digits, or nothing")


def request_of(words: Sequence[str]) -> Request:
    """The request that was typed. Raises SettingError."""
    do = str(one_of(words[0] if words else "", tuple(WORDS), "the first word"))
    names, given = WORDS[do], words[1:]
    if len(given) > len(names):
        may_follow = " ".join(names) or "nothing"
        raise SettingError(f"{do} is followed by {len(given)} words; allowed: {may_follow}")
    numbered = {
        name: int(text) if name in _NUMBERS and text.isdecimal() else text
        for name, text in zip(names, given, strict=False)
    }
    return {"do": do, **numbered}
