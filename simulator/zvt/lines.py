"""The terminal's own link layer (PA00P016 rev 04): stop-and-wait frames on a serial line, bare APDUs on TCP.

Written apart from the ECR's: each side must find the other's mistakes. Time is an argument; bytes to be
written are taken with `take`, one item for each write.
"""

from __future__ import annotations

from collections import deque
from typing import Protocol

from protocols.core.deadlines import soonest
from protocols.core.framing import Control, Finding, Frame, Garbled
from protocols.zvt.framing import ACK, NAK, SerialFramer, TcpFramer, serial_frame
from simulator.zvt.effects import ApduIn, Delivered, SendFailed, Trickled

LineEvent = ApduIn | Delivered | SendFailed | Trickled

SENDS = 3  # the first and two repeats
_LATE_REPEAT_S = 0.5
_ANSWERS = (b"\x80", b"\x84")


class Line(Protocol):
    """Between bytes and APDUs."""

    def send(self, apdu: bytes, now: float, *, is_answer: bool = False) -> None:
        """Send an APDU when the line is free."""
        ...

    def feed(self, data: bytes, now: float) -> tuple[LineEvent, ...]:
        """Bytes from the ECR."""
        ...

    def wake(self, now: float) -> tuple[LineEvent, ...]:
        """Let timers run out."""
        ...

    def next_deadline(self) -> float | None:
        """When `wake` is due."""
        ...

    def take(self) -> tuple[bytes, ...]:
        """What is to be written now."""
        ...

    def trouble(self, what: str) -> None:
        """Plan a fault of the next frame: nak, lose_ack, bad_crc, twice, split."""
        ...

    def reset(self) -> None:
        """The power was cut: forget everything under way."""
        ...


class _Writer:
    """The bytes that wait to be written, and the faults that wait for the next frame."""

    def __init__(self) -> None:
        self._out: list[bytes] = []
        self._troubles: list[str] = []

    def take(self) -> tuple[bytes, ...]:
        """What is to be written now."""
        out, self._out = tuple(self._out), []
        return out

    def trouble(self, what: str) -> None:
        """Plan a fault of the next frame."""
        self._troubles.append(what)

    def _strikes(self, what: str) -> bool:
        if what not in self._troubles:
            return False
        self._troubles.remove(what)
        return True

    def _put(self, data: bytes) -> None:
        if self._strikes("split"):
            self._out += [data[at : at + 1] for at in range(len(data))]
        else:
            self._out.append(data)


class SerialLine(_Writer):
    """T1 (0.2 s) between the bytes of a frame, T2 (5 s) until its ACK or NAK, three sends in all."""

    def __init__(self, t1_s: float = 0.2, t2_s: float = 5.0) -> None:
        super().__init__()
        self._t1_s, self._t2_s = t1_s, t2_s
        self.reset()

    def reset(self) -> None:
        """Forget everything under way."""
        self._framer = SerialFramer()
        self._waiting: deque[tuple[bytes, bool]] = deque()
        self._tries = 0
        self._ack_by: float | None = None
        self._gap_by: float | None = None
        self._last_in: bytes | None = None
        self._repeat_until = 0.0
        self._out.clear()

    def send(self, apdu: bytes, now: float, *, is_answer: bool = False) -> None:
        """Send an APDU when those before it are acknowledged."""
        self._waiting.append((apdu, is_answer))
        if self._ack_by is None:
            self._transmit(now)

    def feed(self, data: bytes, now: float) -> tuple[LineEvent, ...]:
        """Bytes from the ECR."""
        events = [event for finding in self._framer.feed(data) for event in self._found(finding, now)]
        self._gap_by = now + self._t1_s if self._framer.midframe else None
        return tuple(events)

    def wake(self, now: float) -> tuple[LineEvent, ...]:
        """T1: the half frame is refused. T2: our frame goes out again, or is given up."""
        events: list[LineEvent] = []
        if self._gap_by is not None and now >= self._gap_by:
            self._gap_by = None
            events += [event for finding in self._framer.gap() for event in self._found(finding, now)]
        if self._ack_by is not None and now >= self._ack_by:
            events += self._again(now)
        return tuple(events)

    def next_deadline(self) -> float | None:
        """When T1 or T2 runs out."""
        return soonest(self._gap_by, self._ack_by)

    def _found(self, finding: Finding, now: float) -> tuple[LineEvent, ...]:
        if isinstance(finding, Frame):
            return self._frame(finding.body, now)
        if isinstance(finding, Control):
            return self._control(finding.kind == "ack", now)
        if isinstance(finding, Garbled) and finding.reason != "restarted":
            self._out.append(NAK)
        return ()

    def _frame(self, apdu: bytes, now: float) -> tuple[LineEvent, ...]:
        if self._strikes("nak"):
            self._out.append(NAK)
            return ()
        if not self._strikes("lose_ack"):
            self._out.append(ACK)
        # The same bytes again, one or two T2 later, while nothing of ours has reached the ECR: it missed our
        # ACK and repeats. Later than that it is asking anew.
        if apdu == self._last_in and now < self._repeat_until:
            return ()
        events = self._implied(apdu[:1] in _ANSWERS, now)
        self._last_in, self._repeat_until = apdu, now + (SENDS - 1) * self._t2_s + _LATE_REPEAT_S
        return (*events, ApduIn(apdu))

    def _implied(self, is_answer: bool, now: float) -> tuple[LineEvent, ...]:
        """An answer proves that our command arrived, a new command that our answer did: their lost ACK must
        not make us repeat the frame, for the ECR would take it for a new one."""
        if self._ack_by is None or self._waiting[0][1] is is_answer:
            return ()
        return self._control(True, now)

    def _control(self, acknowledged: bool, now: float) -> tuple[LineEvent, ...]:
        if self._ack_by is None:
            return ()
        if not acknowledged:
            return self._again(now)
        _, is_answer = self._waiting.popleft()
        self._next(now)
        self._last_in = None
        return () if is_answer else (Delivered(),)

    def _again(self, now: float) -> tuple[LineEvent, ...]:
        if self._tries < SENDS:
            self._transmit(now)
            return ()
        _, is_answer = self._waiting.popleft()
        self._next(now)
        self._last_in = None  # it is over: the same bytes are asked anew
        return () if is_answer else (SendFailed(),)

    def _next(self, now: float) -> None:
        self._tries, self._ack_by = 0, None
        if self._waiting:
            self._transmit(now)

    def _transmit(self, now: float) -> None:
        frame = serial_frame(self._waiting[0][0])
        self._tries += 1
        self._ack_by = now + self._t2_s
        if self._strikes("bad_crc"):
            frame = frame[:-1] + bytes([frame[-1] ^ 0xFF])
        self._put(frame * 2 if self._strikes("twice") else frame)


class StreamLine(_Writer):
    """APDUs bare on a stream. One that does not become complete within T3 (5 s) is dropped, and told of: the
    side that waits closes the socket (PA00P016)."""

    def __init__(self, t3_s: float = 5.0) -> None:
        super().__init__()
        self._t3_s = t3_s
        self.reset()

    def reset(self) -> None:
        """A new connection begins with nothing."""
        self._framer = TcpFramer()
        self._rest_by: float | None = None
        self._out.clear()

    def send(self, apdu: bytes, now: float, *, is_answer: bool = False) -> None:  # noqa: ARG002  # as on serial
        """Write an APDU."""
        self._put(apdu * 2 if self._strikes("twice") and not is_answer else apdu)

    def feed(self, data: bytes, now: float) -> tuple[LineEvent, ...]:
        """Bytes from the ECR."""
        found = self._framer.feed(data)
        if not self._framer.midframe:
            self._rest_by = None
        elif self._rest_by is None or found:
            self._rest_by = now + self._t3_s
        return tuple(ApduIn(item.body) for item in found if isinstance(item, Frame))

    def wake(self, now: float) -> tuple[LineEvent, ...]:
        """The rest of an APDU never came."""
        if self._rest_by is not None and now >= self._rest_by:
            self._rest_by = None
            self._framer.gap()
            return (Trickled(),)
        return ()

    def next_deadline(self) -> float | None:
        """When a half APDU is given up."""
        return self._rest_by
