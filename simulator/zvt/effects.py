"""What goes into the simulated terminal and what comes out of it. Nothing here performs anything."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.cardholder import Act
from simulator.faults import Fault

# --- causes -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LinkUp:
    """An ECR is connected (TCP), or the serial line is there."""


@dataclass(frozen=True, slots=True)
class LinkDown:
    """The ECR's socket is closed. A serial terminal never learns of this."""


@dataclass(frozen=True, slots=True)
class ApduIn:
    """One whole APDU from the ECR."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Delivered:
    """The ECR has acknowledged the frame of our last message (serial); from now on T3 runs."""


@dataclass(frozen=True, slots=True)
class SendFailed:
    """The frame of our last message was sent three times in vain (serial)."""


@dataclass(frozen=True, slots=True)
class Trickled:
    """A message of the ECR did not become complete within T3 (TCP)."""


@dataclass(frozen=True, slots=True)
class Acted:
    """The cardholder did something by hand."""

    act: Act


@dataclass(frozen=True, slots=True)
class PlanFault:
    """The control channel plans a fault."""

    fault: Fault


@dataclass(frozen=True, slots=True)
class PowerCut:
    """The plug is pulled; 0 seconds: until PowerOn."""

    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class PowerOn:
    """The plug is back."""


@dataclass(frozen=True, slots=True)
class Wake:
    """The time of `next_deadline()` has come."""


Heard = LinkUp | LinkDown | ApduIn | Delivered | SendFailed | Trickled
Cause = Heard | Acted | PlanFault | PowerCut | PowerOn | Wake

# --- effects ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SendApdu:
    """Send this APDU. `last` is False for messages that will be answered. Shows its command only."""

    data: bytes
    is_answer: bool = False

    def __repr__(self) -> str:
        return f"SendApdu({self.data[:2].hex()}, {len(self.data)} bytes)"


@dataclass(frozen=True, slots=True)
class Hangup:
    """Close the connection: T3 ran out on TCP, or the power went."""

    why: str


@dataclass(frozen=True, slots=True)
class Cable:
    """Something happens to the cable: cut, mute; `seconds` 0: until restored by hand."""

    what: str
    seconds: float


@dataclass(frozen=True, slots=True)
class LineTrouble:
    """The next frame or write goes wrong: nak, lose_ack, bad_crc, twice, split."""

    what: str


@dataclass(frozen=True, slots=True)
class Show:
    """The terminal's display changes. `code` is the intermediate status (chapter 9 of its table) or -1."""

    lines: tuple[str, ...]
    code: int = -1


@dataclass(frozen=True, slots=True)
class Paper:
    """The terminal's own printer prints."""

    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Note:
    """Something for the technician's screen: a command taken, a booking, a fault struck."""

    text: str


Effect = SendApdu | Hangup | Cable | LineTrouble | Show | Paper | Note
