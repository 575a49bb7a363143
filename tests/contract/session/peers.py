"""What the other end of each protocol may say: whole answers, in its own framing, from which a session may be
led into any of its states. A protocol of the registry without an entry here fails the suite.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Literal

from protocols.core.card import Sealed
from protocols.core.operations import ChargeCard, Request
from protocols.core.session import Data, Report, Session
from protocols.core.values import Money
from protocols.registry import PROTOCOLS, Options
from protocols.zvt.framing import serial_frame
from tests.contract.session.rig import sale
from tests.support.idtech_frames import ENHANCED, ORIGINAL, binary, reported
from tests.support.vault_paper import APPROVED, http, receipt
from tests.support.zvt_script import OK, READY, REGISTERED, status


@dataclass(frozen=True, slots=True)
class Saying:
    """Something sound that a peer says over the link of that name."""

    data: bytes
    to: str = "terminal"
    kind: Literal["input", "stalled"] | None = None  # of a HID report

    def fresh(self) -> Data:
        """Once more; what a reader says is wiped by whoever hears it."""
        return self.data if self.kind is None else Report(self.kind, 0, Sealed(self.data))


@dataclass(frozen=True, slots=True)
class Dialect:
    """One way to speak a protocol. `sayings` are sound messages; `greeting` and `answers` are what peers that
    mean well say, in order, to new lines and then to an `order`."""

    protocol: str
    options: Options
    sayings: tuple[Saying, ...]
    greeting: tuple[Saying, ...]
    answers: tuple[Saying, ...]
    order: Callable[[str], Request] = sale
    beside: bool = False  # the second lane of the terminal

    def session(self) -> Session:
        """A session that speaks it."""
        protocol = PROTOCOLS[self.protocol]
        lane = protocol.beside if self.beside else protocol
        assert lane is not None
        return lane.build(self.options, Random(1).randbytes)


_ZVT_GREETING = (OK, REGISTERED)
_ZVT_SALE = (OK, READY, OK, status("00", "0041"), "060F00", OK, "04FF010A", status("00", "0042"), "060F00")
_ZVT_SAYINGS = (
    OK,
    READY,
    REGISTERED,
    "060F00",
    "060F019C",
    "061E016C",
    "061E0105",
    "061E00",
    "848300",
    "849C00",
    "841E036F0978",
    "04FF010A",
    "04FF020105",
    "06D1060041424344",
    status("00", "0042"),
    status("00", "0041"),
    status("05", "0000"),
    status("B4", "0042"),
    status("00", "0042", amount=777),
    "060F052952111111",
    "0401",
    "FF0000",
)


def _tcp(apdus: tuple[str, ...]) -> tuple[Saying, ...]:
    return tuple(Saying(bytes.fromhex(apdu)) for apdu in apdus)


def _serial(apdus: tuple[str, ...]) -> tuple[Saying, ...]:
    """Each of our frames is acknowledged before its answer comes."""
    return tuple(Saying(b"\x06" + serial_frame(bytes.fromhex(apdu))) for apdu in apdus)


def _charge(name: str) -> Request:
    return ChargeCard(operation_id=name, token="a-token", amount=Money(1_250), use="merchant")


def _reply(**changes: str) -> Saying:
    """The gateway's whole reply about the first order."""
    return Saying(http(receipt(**{**APPROVED, "ReceiptId": "op-1", **changes})), "gateway")


def _in_two(saying: Saying) -> tuple[Saying, Saying]:
    middle = len(saying.data) // 2
    return Saying(saying.data[:middle], saying.to), Saying(saying.data[middle:], saying.to)


_ANSWERS_NO_COMMAND = Saying(b"", "reader", "stalled")
_SWIPE = Saying(reported(binary(ENHANCED)), "reader", "input")
_REPLIES = (
    _reply(),
    _reply(TransType="06", TransAmount="0.00"),
    _reply(ResponseCode="476", ISO="05", Message="DECLINED"),
    _reply(ResponseCode="null", Complete="false", Message="Global Error Receipt", TimedOut="true"),
    _reply(ResponseCode="null", Complete="false", status_code="999", status_message="not found"),
    _reply(DataKey="a-token", ResponseCode="001"),
    Saying(http(b"<html>"), "gateway"),
    Saying(http(b"", "503 Service Unavailable"), "gateway"),
)
_AT_THE_READER = (
    _SWIPE,
    Saying(reported(binary(ORIGINAL)), "reader", "input"),
    Saying(reported(binary(ENHANCED))[:200], "reader", "input"),
    _ANSWERS_NO_COMMAND,
)
_ACCOUNT: Options = {"store_id": "store5", "api_token": "yesguy"}

DIALECTS: Mapping[str, Dialect] = {
    "zvt tcp": Dialect("zvt", {"transport": "tcp"}, _tcp(_ZVT_SAYINGS), _tcp(_ZVT_GREETING), _tcp(_ZVT_SALE)),
    "zvt serial": Dialect(
        "zvt",
        {"transport": "serial"},
        (*_serial(_ZVT_SAYINGS), *map(Saying, (b"\x06", b"\x15", b"\x10\x02"))),
        _serial(_ZVT_GREETING),
        _serial(_ZVT_SALE),
    ),
    "reader and vault": Dialect(
        "idtech_moneris",
        _ACCOUNT,
        (*_AT_THE_READER, *_REPLIES),
        (_ANSWERS_NO_COMMAND,) * 3,
        (_SWIPE, *_in_two(_reply())),
    ),
    "vault alone": Dialect(
        "idtech_moneris", _ACCOUNT, _REPLIES, (), _in_two(_reply()), order=_charge, beside=True
    ),
}
