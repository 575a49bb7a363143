"""The link layer under ZVT (PA00P016 rev 04): what is sent arrives once, or a failure is told.

Pure: time is an argument, what is to be done comes back as outputs, in order. Both links look the same.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from itertools import islice

from protocols.core.deadlines import soonest
from protocols.core.framing import Control, Finding, Frame, Garbled, Noise
from protocols.zvt.framing import ACK, NAK, SerialFramer, TcpFramer, serial_frame

_ANSWER_BYTES = frozenset((b"\x80", b"\x84"))


@dataclass(frozen=True, slots=True)
class Write:
    """Write these bytes, whole."""

    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Arrived:
    """An APDU came in, for the first time."""

    apdu: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Delivered:
    """This APDU is with the peer."""

    apdu: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Lapsed:
    """Whether the peer has our answer is unknown, and its time (T3) is over. It is not sent again unless the
    peer repeats what it answers: without it, the peer would take it for the answer to what it says next."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The link is not to be trusted any more: not_acknowledged, refused (NAK each time), truncated (an APDU
    on TCP that never became complete). What was queued is dropped; whether the peer has it is unknown."""

    code: str


@dataclass(frozen=True, slots=True)
class Heard:
    """Something that was not an APDU, `n` times: noise (bytes), stray_ack, stray_nak, repeated (a frame we
    had already), or why a frame was lost."""

    code: str
    n: int = 1


LinkOutput = Write | Arrived | Delivered | Lapsed | Failed | Heard


@dataclass(slots=True)
class _Waiting:
    """An APDU that waits to be written, or for its acknowledgement; `until` a time, if it is an answer."""

    apdu: bytes = field(repr=False)
    until: float | None


class SerialLink:
    """Stop-and-wait: each frame is acknowledged by one byte, or sent again, `sends` times in all.

    T1 (0.2 s) is the longest silence inside a frame, T2 (5 s) the longest wait for the acknowledgement. T3
    (5 s) is how long the peer waits for an answer: later than that none is written any more.
    """

    def __init__(self, t1_s: float = 0.2, t2_s: float = 5.0, t3_s: float = 5.0, sends: int = 3) -> None:
        self._t1_s, self._t2_s, self._t3_s, self._sends = t1_s, t2_s, t3_s, sends
        self._framer = SerialFramer()
        self._queue: deque[_Waiting] = deque()  # the first one is on the wire while `_sent` > 0
        self._sent = 0
        self._ack_by: float | None = None
        self._byte_by: float | None = None
        self._last: bytes | None = None  # the last APDU in, until something sent after it is acknowledged
        self._before = 0  # how many frames in the queue are older than that
        self._lapsed: bytes | None = None  # the answer to it, if its time is over

    def send(self, apdu: bytes, now: float) -> tuple[LinkOutput, ...]:
        """Send an APDU as soon as those before it are acknowledged."""
        self._queue.append(_Waiting(apdu, now + self._t3_s if _is_answer(apdu) else None))
        return self._next(now) if self._sent == 0 else ()

    def holds(self, apdu: bytes) -> bool:
        """Whether it has not been written yet: what went before it is not acknowledged."""
        return any(one.apdu == apdu for one in list(self._queue)[1 if self._sent else 0 :])

    def feed(self, data: bytes, now: float) -> tuple[LinkOutput, ...]:
        """Bytes from the wire."""
        outputs: list[LinkOutput] = []
        for finding in self._framer.feed(data):
            outputs += self._take(finding, now)
        self._byte_by = now + self._t1_s if self._framer.midframe else None
        return tuple(outputs)

    def wake(self, now: float) -> tuple[LinkOutput, ...]:
        """Let T1 and T2 run out."""
        outputs: list[LinkOutput] = []
        if self._byte_by is not None and now >= self._byte_by:
            self._byte_by = None
            for finding in self._framer.gap():
                outputs += self._take(finding, now)
        if self._ack_by is not None and now >= self._ack_by:
            outputs += self._again("not_acknowledged", now)
        return tuple(outputs)

    def next_deadline(self) -> float | None:
        """When `wake` is due."""
        return soonest(self._byte_by, self._ack_by)

    def _take(self, finding: Finding, now: float) -> tuple[LinkOutput, ...]:
        if isinstance(finding, Frame):
            return self._frame(finding.body, now)
        if isinstance(finding, Control):
            return self._control(finding, now)
        if isinstance(finding, Noise):
            return (Heard("noise", finding.size),)
        heard = Heard(finding.reason)
        return (heard,) if finding.reason == "restarted" else (Write(NAK), heard)

    def _frame(self, apdu: bytes, now: float) -> tuple[LinkOutput, ...]:
        # Our acknowledgement may have been lost: the same bytes again, before anything that we sent in reply
        # has reached the peer, are the same frame. It is acknowledged again and not executed twice.
        if apdu == self._last:
            return (Write(ACK), Heard("repeated"), *self._answer_anew(now))
        # An answer proves that our command arrived, and the next command that our answer did: its lost
        # acknowledgement must not let it be sent again, to be taken for the answer to what came since.
        proves = self._sent > 0 and (self._queue[0].until is None) is _is_answer(apdu)
        implied = self._acknowledged(now) if proves else ()
        self._last, self._before, self._lapsed = apdu, len(self._queue), None
        return (Write(ACK), *implied, Arrived(apdu))

    def _answer_anew(self, now: float) -> tuple[LinkOutput, ...]:
        """The peer had missed our acknowledgement: only now does its time for our answer begin."""
        for waiting in islice(self._queue, self._before, None):
            if waiting.until is not None:
                waiting.until = now + self._t3_s
        lapsed, self._lapsed = self._lapsed, None
        return self.send(lapsed, now) if lapsed is not None else ()

    def _control(self, control: Control, now: float) -> tuple[LinkOutput, ...]:
        if self._sent == 0:
            return (Heard(f"stray_{control.kind}"),)
        return self._acknowledged(now) if control.kind == "ack" else self._again("refused", now)

    def _acknowledged(self, now: float) -> tuple[LinkOutput, ...]:
        if self._before == 0:
            self._last = self._lapsed = None
        delivered = Delivered(self._queue[0].apdu)
        return (delivered, *self._done(now))

    def _done(self, now: float) -> tuple[LinkOutput, ...]:
        """The first one is done with; the next one is written."""
        self._queue.popleft()
        self._sent, self._ack_by = 0, None
        self._before = max(self._before - 1, 0)
        return self._next(now)

    def _again(self, why: str, now: float) -> tuple[LinkOutput, ...]:
        if self._sent < self._sends or self._is_late(now):
            return self._write(now)
        self._queue.clear()
        self._sent, self._ack_by, self._before = 0, None, 0
        return (Failed(why),)

    def _next(self, now: float) -> tuple[LinkOutput, ...]:
        return self._write(now) if self._queue else ()

    def _is_late(self, now: float) -> bool:
        until = self._queue[0].until
        return until is not None and now >= until

    def _write(self, now: float) -> tuple[LinkOutput, ...]:
        apdu = self._queue[0].apdu
        if self._is_late(now):
            self._lapsed = apdu if self._before == 0 else None
            return (Lapsed(), *self._done(now))
        self._sent += 1
        self._ack_by = now + self._t2_s
        return (Write(serial_frame(apdu)),)


class TcpLink:
    """The stream delivers or breaks by itself; what is left is to notice an APDU that never ends.

    T3 (5 s) is how long one may trickle in; then the side that waits closes the socket.
    """

    def __init__(self, t3_s: float = 5.0) -> None:
        self._t3_s = t3_s
        self._framer = TcpFramer()
        self._rest_by: float | None = None

    def holds(self, apdu: bytes) -> bool:  # noqa: ARG002  # both links look the same
        """Never: the stream takes all at once."""
        return False

    def send(self, apdu: bytes, now: float) -> tuple[LinkOutput, ...]:  # noqa: ARG002  # both links look the same
        """Send an APDU."""
        return (Write(apdu), Delivered(apdu))

    def feed(self, data: bytes, now: float) -> tuple[LinkOutput, ...]:
        """Bytes from the socket."""
        findings = self._framer.feed(data)
        if not self._framer.midframe:
            self._rest_by = None
        elif self._rest_by is None or any(isinstance(finding, Frame) for finding in findings):
            self._rest_by = now + self._t3_s
        return tuple(map(_told, findings))

    def wake(self, now: float) -> tuple[LinkOutput, ...]:
        """Let T3 run out."""
        if self._rest_by is None or now < self._rest_by:
            return ()
        self._rest_by = None
        return tuple(map(_told, self._framer.gap()))

    def next_deadline(self) -> float | None:
        """When `wake` is due."""
        return self._rest_by


def _is_answer(apdu: bytes) -> bool:
    return apdu[:1] in _ANSWER_BYTES


def _told(finding: Finding) -> LinkOutput:
    """What a finding on a stream, which has no control bytes and no checksums, means."""
    if isinstance(finding, Frame):
        return Arrived(finding.body)
    if isinstance(finding, Noise):
        return Heard("noise", finding.size)
    return Failed("truncated") if isinstance(finding, Garbled) else Heard(f"stray_{finding.kind}")
