"""A MagneSafe V5 report to a message and back: fixed places (MagTek 99875475, USB HID usages).

Newer firmware appends fields; they are passed over, and a report is written without them.
"""

from __future__ import annotations

from typing import Final

from protocols.core.card import Sealed
from protocols.core.errors import DecodingError
from protocols.magtek.messages import ENCRYPTING, Part, SwipeReport, Track

REPORT_SIZE: Final = 856
_ROOM: Final = 112  # of each track, and of the MagnePrint data 128
_MAGNEPRINT_ROOM: Final = 128
_DECODE, _ENCRYPTED_LENGTHS, _ENCODE, _ENCRYPTED = 0, 3, 6, 7
_CARD, _MAGNEPRINT_STATUS, _MAGNEPRINT_LENGTH, _MAGNEPRINT = 343, 344, 348, 349
_SERIAL, _ENCRYPTION, _KSN, _MASKED_LENGTHS, _MASKED = 477, 493, 495, 505, 508
_SESSION, _LENGTHS, _MAGNEPRINT_CLEAR = 844, 852, 855
_BLOCK: Final = 8


def decode(report: memoryview) -> SwipeReport:
    """One report. Raises DecodingError `truncated`, `bad_length`, or `not_encrypted`: the reader says that it
    does not encrypt, or a length that is no multiple of a block is that of a track in clear. Texts of errors
    hold nothing of the report."""
    if len(report) < REPORT_SIZE:
        raise DecodingError("truncated", f"a report has {REPORT_SIZE} bytes, not {len(report)}")
    magneprint = report[_MAGNEPRINT_LENGTH]
    if magneprint > _MAGNEPRINT_ROOM:
        raise DecodingError("bad_length", f"there is room for {_MAGNEPRINT_ROOM}", _MAGNEPRINT_LENGTH)
    tracks = (_track(report, 0), _track(report, 1), _track(report, 2))
    encryption = int.from_bytes(report[_ENCRYPTION:_KSN], "big")
    if not encryption & ENCRYPTING and any(len(track.encrypted) for track in tracks):
        raise DecodingError(
            "not_encrypted", "the reader does not encrypt; the tracks are in clear", _ENCRYPTION
        )
    return SwipeReport(
        encode_type=report[_ENCODE],
        tracks=tracks,
        card_status=report[_CARD],
        magneprint_status=report[_MAGNEPRINT_STATUS:_MAGNEPRINT_LENGTH],
        magneprint_length=report[_MAGNEPRINT_CLEAR],
        magneprint=report[_MAGNEPRINT : _MAGNEPRINT + magneprint],
        serial=bytes(report[_SERIAL:_ENCRYPTION]).split(b"\0", 1)[0].decode("latin-1"),
        encryption=encryption,
        ksn=report[_KSN:_MASKED_LENGTHS].hex().upper(),
        session_id=report[_SESSION:_LENGTHS],
    )


def encode(swipe: SwipeReport) -> Sealed:
    """The report of a message, 856 bytes."""
    report = Sealed(bytes(REPORT_SIZE))
    view = report.view()
    view[_ENCODE], view[_CARD] = swipe.encode_type, swipe.card_status
    for place, track in enumerate(swipe.tracks):
        view[_DECODE + place], view[_LENGTHS + place] = int(track.failed), track.length
        _put(view, track.encrypted, _ENCRYPTED_LENGTHS + place, _ENCRYPTED + place * _ROOM)
        _put(view, track.masked, _MASKED_LENGTHS + place, _MASKED + place * _ROOM)
    view[_MAGNEPRINT_STATUS:_MAGNEPRINT_LENGTH] = swipe.magneprint_status
    view[_MAGNEPRINT_CLEAR] = swipe.magneprint_length
    _put(view, swipe.magneprint, _MAGNEPRINT_LENGTH, _MAGNEPRINT)
    view[_SERIAL:_ENCRYPTION] = swipe.serial.encode("latin-1").ljust(_ENCRYPTION - _SERIAL, b"\0")
    view[_ENCRYPTION:_KSN] = swipe.encryption.to_bytes(2, "big")
    view[_KSN:_MASKED_LENGTHS] = bytes.fromhex(swipe.ksn)
    view[_SESSION:_LENGTHS] = swipe.session_id
    return report


def _track(report: memoryview, place: int) -> Track:
    encrypted, masked = report[_ENCRYPTED_LENGTHS + place], report[_MASKED_LENGTHS + place]
    if max(encrypted, masked) > _ROOM:
        raise DecodingError("bad_length", f"there is room for {_ROOM}", _ENCRYPTED_LENGTHS + place)
    if encrypted % _BLOCK:
        raise DecodingError("not_encrypted", f"track {place + 1} is in clear", _ENCRYPTED_LENGTHS + place)
    start, shown = _ENCRYPTED + place * _ROOM, _MASKED + place * _ROOM
    return Track(
        failed=bool(report[_DECODE + place] & 1),
        length=report[_LENGTHS + place],
        encrypted=report[start : start + encrypted],
        masked=report[shown : shown + masked],
    )


def _put(view: memoryview, part: Part, length_at: int, at: int) -> None:
    view[length_at] = len(part)
    view[at : at + len(part)] = part
