"""A virtual encrypting card reader: cards are swiped or keyed, reports come out, settings are answered.

It encrypts under the public demonstration key, as the readers in the vendors' own samples do.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace

from protocols.core.errors import FramingError
from protocols.idtech.codec import encode
from protocols.idtech.messages import EncodeType, Read, Swipe, Track
from protocols.idtech.reports import ReportHead, wrap
from protocols.idtech.settings import (
    Answer,
    Command,
    Get,
    NotTaken,
    Setting,
    Taken,
    Value,
    build_answer,
    parse_command,
)
from simulator import dukpt
from simulator.cards import TestCard
from simulator.reader import sealing
from simulator.reader.faults import ReadFault, ReadFaults, ReadTrouble
from simulator.reader.hid import Descriptors, Stalled
from simulator.reader.settings import ReaderSettings, descriptors
from simulator.reader.tracks import Look, licence, track1, track2

_SWITCH = frozenset(b"01")
# What may be written to a setting: one byte of these. A digit is ASCII, or the number itself.
_CHANGEABLE: Mapping[int, Collection[int]] = {
    Setting.OUTPUT_FORMAT: _SWITCH,
    Setting.PAN_DIGITS_BEFORE: frozenset(b"0123456") | frozenset(range(7)),
    Setting.PAN_DIGITS_AFTER: frozenset(b"01234") | frozenset(range(5)),
    Setting.MASK_CHARACTER: range(0x20, 0x7F),
    Setting.SHOW_EXPIRY: _SWITCH,
    Setting.SEND_TRACK_LRC: _SWITCH,
    Setting.FORCE_ENCRYPTION: range(0x20),
}
_OTHER_SERIAL = "T999999999"
_OTHER_MASK = "%*5555********0000^OTHER/CARD^*?*"


class VirtualReader:
    """A HidDevice. `swipe` and `key_in` are its cardholder's side."""

    def __init__(self, settings: ReaderSettings | None = None, faults: ReadFaults | None = None) -> None:
        self.settings = settings or ReaderSettings()
        self.faults = faults or ReadFaults()
        self._base_key = bytes.fromhex(self.settings.base_key)
        self._ksn = bytes.fromhex(self.settings.ksn)
        self._used: deque[bytes] = deque(maxlen=2)  # the KSNs of the last two reads
        self._reports: deque[bytes] = deque()
        self._answer = b""
        self._heard: Callable[[], None] = lambda: None
        self._values: dict[int, bytes] = {
            Setting.OUTPUT_FORMAT: b"1" if self.settings.output == "enhanced" else b"0",
            Setting.PAN_DIGITS_BEFORE: b"4",
            Setting.PAN_DIGITS_AFTER: b"4",
            Setting.MASK_CHARACTER: b"*",
            Setting.SHOW_EXPIRY: b"0",
            Setting.SEND_TRACK_LRC: b"1",
            Setting.FORCE_ENCRYPTION: b"\x00",
        }

    # --- what the host sees -------------------------------------------------------------------------

    @property
    def vid(self) -> int:
        """Vendor id."""
        return self.settings.vid

    @property
    def pid(self) -> int:
        """Product id."""
        return self.settings.pid

    @property
    def serial(self) -> str | None:
        """The serial string of the descriptor."""
        return self.settings.usb_serial or None

    @property
    def descriptors(self) -> Descriptors:
        """All descriptors."""
        return descriptors(self.settings)

    def output_report(self, report_id: int, data: bytes) -> None:
        """It has no output report."""
        raise Stalled(f"output report {report_id} of {len(data)} bytes: the reader has none")

    def feature_set(self, report_id: int, data: bytes) -> None:
        """A command for its settings."""
        if report_id or self.settings.commands == "stalled":
            raise Stalled(f"feature report {report_id}")
        if self.settings.commands == "answered":
            try:
                self._answer = build_answer(self._answered(parse_command(data)))
            except FramingError:
                self._answer = build_answer(NotTaken())

    def feature_get(self, report_id: int) -> bytes:
        """The answer, as much as one report holds; zeros when there is none."""
        if report_id or self.settings.commands == "stalled":
            raise Stalled(f"feature report {report_id}")
        size = self.settings.feature_size
        part, self._answer = self._answer[:size], self._answer[size:]
        return part.ljust(size, b"\0")

    def take_input(self) -> bytes | None:
        """The oldest waiting report, once."""
        return self._reports.popleft() if self._reports else None

    def listen(self, heard: Callable[[], None]) -> None:
        """See HidDevice."""
        self._heard = heard

    # --- what the cardholder and the scenario do ----------------------------------------------------

    def swipe(self, card: TestCard) -> None:
        """A card is pulled through. Raises KeySerialError once the keys are used up."""
        troubles = self.faults.take()
        tracks = (*licence(), "") if troubles & {"licence"} else (track1(card), track2(card), "")
        frames = [self._frame(self._swiped(tracks, troubles), troubles)]
        if "two_in_one" in troubles:
            frames.append(self._frame(self._swiped(tracks, frozenset()), frozenset()))
        self._send(b"".join(frames), troubles)

    def key_in(self, card: TestCard, cvv: str = "", *, postal_code: str | None = None) -> None:
        """A number is keyed on its keypad, with expiry and, if `cvv` is given, the security code. Without a
        key the keypad sends nothing."""
        if self.settings.level < 3:
            return
        troubles = self.faults.take()
        read = sealing.keyed(
            card.number,
            card.expiry_yymm,
            cvv,
            self._next_ksn(troubles),
            self._base_key,
            postal_code=postal_code,
        )
        if "no_ksn" in troubles:
            read = replace(read, ksn=None)
        self._send(self._frame(read, troubles), troubles)

    def lose_power(self) -> None:
        """See HidDevice: reports and answers are lost, the counter of the keys is not."""
        self._reports.clear()
        self._answer = b""

    def plan(self, fault: ReadFault) -> None:
        """Have something go wrong with a read to come."""
        self.faults.add(fault)

    def _swiped(self, tracks: tuple[str, str, str], troubles: frozenset[ReadTrouble]) -> Read:
        if self.settings.level < 3 or "clear_tracks" in troubles:
            return sealing.in_clear(tracks)
        look = self._look()
        tracks = (look.sent(tracks[0]), look.sent(tracks[1]), look.sent(tracks[2]))
        if self._values[Setting.OUTPUT_FORMAT] == b"0" or "original_format" in troubles:
            with_third = (*tracks[:2], tracks[1])
            return sealing.original(with_third, self._next_ksn(troubles), self._base_key, look)
        if "decode_error" in troubles:
            tracks = (tracks[0], "", "")
        encode_type = EncodeType.AAMVA if "licence" in troubles else EncodeType.ABA
        serial = _OTHER_SERIAL if "other_serial" in troubles else self.settings.serial
        read = sealing.enhanced(
            tracks,
            self._next_ksn(troubles),
            self._base_key,
            serial=serial if self.settings.frame_serial else None,
            encode=encode_type,
            look=look,
        )
        return _altered(read, tracks, troubles)

    def _look(self) -> Look:
        held = self._values
        return Look(
            before=held[Setting.PAN_DIGITS_BEFORE][0] & 0x0F,
            after=held[Setting.PAN_DIGITS_AFTER][0] & 0x0F,
            star=held[Setting.MASK_CHARACTER].decode("ascii"),
            expiry=held[Setting.SHOW_EXPIRY] == b"1",
            lrc=held[Setting.SEND_TRACK_LRC] == b"1",
        )

    def _next_ksn(self, troubles: frozenset[ReadTrouble]) -> bytes:
        if self._used and "repeat_ksn" in troubles:
            return self._used[-1]
        if len(self._used) > 1 and "ksn_back" in troubles:
            return self._used[0]
        self._ksn = dukpt.following(self._ksn)
        self._used.append(self._ksn)
        return self._ksn

    def _frame(self, read: Read, troubles: frozenset[ReadTrouble]) -> bytes:
        sealed = encode(read, "binary")
        frame = bytearray(sealed.view())
        sealed.wipe()
        if "bad_lrc" in troubles:
            frame[-3] ^= 0xFF
        if "bad_sum" in troubles:
            frame[-2] ^= 0xFF
        if "bad_length" in troubles:
            frame[1] ^= 0x01
        return bytes(frame[:-5] if "truncated" in troubles else frame)

    def _send(self, output: bytes, troubles: frozenset[ReadTrouble]) -> None:
        if "nothing_read" in troubles:
            output = b""
        lengths = (output[5], output[6], output[7]) if output else (0, 0, 0)
        failed = int(bool(troubles & {"decode_error", "nothing_read"}))
        head = ReportHead((0, failed, 0), lengths, output[3] if output else 0, len(output))
        reports = wrap(head, memoryview(output), self.settings.report_size)
        if "cut_report" in troubles:
            reports = (reports[0][: len(output) // 2],)
        self._reports.extend(reports)
        self._heard()

    def _answered(self, command: Command) -> Answer:
        if isinstance(command, Get):
            value = self._value(command.setting)
            return NotTaken() if value is None else Value(command.setting, value)
        allowed = _CHANGEABLE.get(command.setting, ())
        if len(command.value) != 1 or command.value[0] not in allowed:
            return NotTaken()
        self._values[command.setting] = command.value
        return Taken()

    def _value(self, setting: int) -> bytes | None:
        if setting not in (Setting.SECURITY_LEVEL, Setting.KSN):
            return self._values.get(setting)
        try:
            level, ksn = self.settings.level, dukpt.following(self._ksn)
        except dukpt.KeySerialError:
            level, ksn = 0, self._ksn  # 0: its keys are used up
        return ksn if setting == Setting.KSN else str(level).encode("ascii")


def _altered(read: Swipe, tracks: tuple[str, str, str], troubles: frozenset[ReadTrouble]) -> Swipe:
    """The read of a reader that is wrong in one point."""
    first = read.tracks[0]
    if "decode_error" in troubles:
        return replace(read, status=read.status & ~0x02 | 0x10)
    if "no_ksn" in troubles:
        return replace(read, ksn=None, sealed_flags=read.sealed_flags & ~0x80)
    if "raw" in troubles:
        bare = [replace(track, masked=None) for track in read.tracks]
        return replace(
            read,
            encode_type=EncodeType.RAW,
            clear_flags=read.clear_flags & ~0x07,
            tracks=(bare[0], bare[1], bare[2]),
        )
    if "track_in_clear" in troubles:
        clear = Track(len(tracks[0]), memoryview(tracks[0].encode("ascii")), None, first.digest)
        return replace(read, sealed_flags=read.sealed_flags & ~0x01, tracks=(clear, *read.tracks[1:]))
    if "wrong_mask" in troubles:
        other = _OTHER_MASK[:-3] + "*" * (first.length - len(_OTHER_MASK)) + _OTHER_MASK[-3:]
        wrong = replace(first, masked=memoryview(other.encode("ascii")))
        return replace(read, tracks=(wrong, *read.tracks[1:]))
    return read
