"""ZVT on a serial line and on TCP (PA00P016 rev 04).

Serial: `10 02 | APDU, every 10 doubled | 10 03 | CRC low, high`, and single bytes 06 (ACK) and 15 (NAK) in
between. The CRC covers the undoubled APDU and the 03. TCP: APDUs bare, one after the other.
"""

from __future__ import annotations

from enum import IntEnum

from protocols.core.checksums import crc16_kermit
from protocols.core.framing import Control, Finding, Frame, Garbled, NoiseMeter

ACK, NAK = b"\x06", b"\x15"
_STX, _ETX, _ACK, _DLE, _NAK = 0x02, 0x03, 0x06, 0x10, 0x15
_DLE_BYTE = b"\x10"
LONGEST_APDU = 5 + 0xFFFF

# The classes of commands and answers (PA00P015 ch. 2 and 3); on TCP anything else is out of step.
_CLASSES = frozenset((0x04, 0x05, 0x06, 0x08, 0x0F, 0x80, 0x84))


def serial_frame(apdu: bytes) -> bytes:
    """The frame of an APDU."""
    crc = crc16_kermit(apdu + b"\x03")
    return b"\x10\x02" + apdu.replace(_DLE_BYTE, b"\x10\x10") + b"\x10\x03" + crc.to_bytes(2, "little")


class _State(IntEnum):  # whose hash is a number's: it is looked up for each byte of a frame's edges
    OUTSIDE = 0
    OUTSIDE_DLE = 1
    INSIDE = 2
    INSIDE_DLE = 3
    CRC_LOW = 4
    CRC_HIGH = 5
    LOST = 6  # inside a frame that is already known to be bad: only its end is looked for
    LOST_DLE = 7
    LOST_CRC_LOW = 8
    LOST_CRC_HIGH = 9


class SerialFramer:
    """Frames on a serial line. A bad frame is told at its end, so that the NAK does not cross it."""

    def __init__(self, longest: int = LONGEST_APDU) -> None:
        self._longest = longest
        self._state = _State.OUTSIDE
        self._body = bytearray()
        self._crc_low = 0
        self._why = Garbled("bad_escape")
        self._noise = NoiseMeter()
        self._found: list[Finding] = []

    @property
    def midframe(self) -> bool:
        """A frame has begun: T1 runs between its bytes."""
        return self._state not in (_State.OUTSIDE, _State.OUTSIDE_DLE)

    def gap(self) -> tuple[Finding, ...]:
        """T1 has run out inside a frame."""
        if not self.midframe:
            return ()
        self._leave()
        return (Garbled("gap"),)

    def feed(self, data: bytes) -> tuple[Finding, ...]:
        """Take bytes; tell what is complete now."""
        at, end = 0, len(data)
        while at < end:
            if self._state in (_State.INSIDE, _State.LOST):
                at = self._run(data, at)
            else:
                _STEPS[self._state](self, data[at])
                at += 1
        found, self._found = self._found, []
        return tuple(found)

    def _run(self, data: bytes, at: int) -> int:
        """Everything up to the next DLE at once."""
        stop = data.find(_DLE_BYTE, at)
        end = len(data) if stop < 0 else stop
        if self._state is _State.INSIDE:
            self._grow(data[at:end])
        if stop < 0:
            return end
        self._state = _State.INSIDE_DLE if self._state is _State.INSIDE else _State.LOST_DLE
        return stop + 1

    def _grow(self, piece: bytes) -> None:
        if len(self._body) + len(piece) > self._longest:
            self._lose(Garbled("too_long"))
        else:
            self._body += piece

    def _outside(self, byte: int) -> None:
        if byte == _DLE:
            self._state = _State.OUTSIDE_DLE
        elif byte in (_ACK, _NAK):
            self._tell(Control("ack" if byte == _ACK else "nak"))
        else:
            self._noise.add(1, self._found)

    def _outside_dle(self, byte: int) -> None:
        if byte == _STX:
            self._noise.tell(self._found)
            self._begin()
            return
        self._noise.add(1, self._found)  # the DLE
        self._state = _State.OUTSIDE
        self._outside(byte)

    def _inside_dle(self, byte: int) -> None:
        if byte == _DLE:
            self._state = _State.INSIDE
            self._grow(_DLE_BYTE)
        elif byte == _ETX:
            self._state = _State.CRC_LOW
        elif byte == _STX:
            self._restart()
        else:
            self._lose(Garbled("bad_escape"))

    def _first_of_crc(self, byte: int) -> None:
        self._crc_low, self._state = byte, _State.CRC_HIGH

    def _second_of_crc(self, byte: int) -> None:
        body = bytes(self._body)
        good = crc16_kermit(body + b"\x03") == self._crc_low | byte << 8
        self._leave()
        self._tell(Frame(body) if good else Garbled("bad_checksum"))

    def _lost_dle(self, byte: int) -> None:
        if byte == _STX:
            self._restart()
        else:
            self._state = _State.LOST_CRC_LOW if byte == _ETX else _State.LOST

    def _lost_first_of_crc(self, _: int) -> None:
        self._state = _State.LOST_CRC_HIGH

    def _lost_second_of_crc(self, _: int) -> None:
        self._leave()
        self._tell(self._why)

    def _tell(self, finding: Finding) -> None:
        self._noise.tell(self._found)
        self._found.append(finding)

    def _restart(self) -> None:
        self._tell(Garbled("restarted"))
        self._begin()

    def _begin(self) -> None:
        self._body.clear()
        self._state = _State.INSIDE

    def _lose(self, why: Garbled) -> None:
        self._why = why
        self._body.clear()
        self._state = _State.LOST

    def _leave(self) -> None:
        self._body.clear()
        self._state = _State.OUTSIDE


_STEPS = {
    _State.OUTSIDE: SerialFramer._outside,
    _State.OUTSIDE_DLE: SerialFramer._outside_dle,
    _State.INSIDE_DLE: SerialFramer._inside_dle,
    _State.CRC_LOW: SerialFramer._first_of_crc,
    _State.CRC_HIGH: SerialFramer._second_of_crc,
    _State.LOST_DLE: SerialFramer._lost_dle,
    _State.LOST_CRC_LOW: SerialFramer._lost_first_of_crc,
    _State.LOST_CRC_HIGH: SerialFramer._lost_second_of_crc,
}


class TcpFramer:
    """APDUs on a stream: reassembled by their length. Bytes that cannot begin one are skipped as noise."""

    def __init__(self, longest: int = LONGEST_APDU) -> None:
        self._longest = longest
        self._held = bytearray()
        self._noise = NoiseMeter()

    @property
    def midframe(self) -> bool:
        """An APDU has begun and is not complete."""
        return bool(self._held)

    def gap(self) -> tuple[Finding, ...]:
        """The rest of an APDU never came; drop what there is of it."""
        if not self._held:
            return ()
        self._held.clear()
        return (Garbled("gap"),)

    def feed(self, data: bytes) -> tuple[Finding, ...]:
        """Take bytes; tell what is complete now."""
        self._held += data
        found: list[Finding] = []
        at = 0
        while (size := self._apdu_size(at)) is not None:
            if size == 0:
                self._noise.add(1, found)
                at += 1
            else:
                self._noise.tell(found)
                found.append(Frame(bytes(self._held[at : at + size])))
                at += size
        del self._held[:at]
        return tuple(found)

    def _apdu_size(self, at: int) -> int | None:
        """Size of the APDU at `at`: None while more bytes are needed, 0 when none can begin here."""
        left = len(self._held) - at
        if left == 0:
            return None
        if self._held[at] not in _CLASSES:
            return 0
        if left < 3:
            return None
        size = 3 + self._held[at + 2]
        if self._held[at + 2] == 0xFF:
            if left < 5:
                return None
            size = 5 + int.from_bytes(self._held[at + 3 : at + 5], "little")
        if size > self._longest:
            return 0
        return size if left >= size else None
