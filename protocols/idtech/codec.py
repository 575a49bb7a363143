"""Bodies to messages and back (P/N 80000502-001; keyed: SREDKey 2 manual, 9.3). The flags choose the layout.

A frame that came as bytes can be written again as the text that a keyboard reader would have typed, which is
what the Moneris gateway documents for `enc_track2`. That it takes a frame which was expressed anew is not
confirmed by any document or test with it.
"""

from __future__ import annotations

from typing import Final

from protocols.core.card import Sealed
from protocols.core.errors import DecodingError
from protocols.idtech.fields import Cursor, Form, Pen
from protocols.idtech.framing import body_of, close, room_for
from protocols.idtech.messages import EncodeType, Keyed, OriginalSwipe, Part, Read, Swipe, Track

_DIGEST: Final = 20  # SHA-1; SREDKey sends zeros
_LONG_DIGEST: Final = 32  # SHA-256, where the first option byte says so (b0)
_KSN: Final = 10
_SERIAL: Final = 10
_SESSION: Final = 8
_ENHANCED = (EncodeType.ABA, EncodeType.AAMVA, EncodeType.OTHER, EncodeType.RAW)
_ORIGINAL = (
    EncodeType.ORIGINAL_ABA, EncodeType.ORIGINAL_AAMVA, EncodeType.ORIGINAL_OTHER, EncodeType.ORIGINAL_RAW,
)  # fmt: skip
# Bits of the status of a keyed frame. With a session id (b3) the manual does not say where it stands.
_ZIP, _STREET, _EXPIRY, _WITH_SESSION = 0x01, 0x02, 0x04, 0x08


def decode(frame: memoryview, form: Form) -> Read:
    """One whole frame. Raises FramingError where it is damaged, DecodingError `unknown_format`, `truncated`,
    `trailing` or `not_ascii` where its body is not what its flags say."""
    cursor = Cursor(body_of(frame, form), form)
    encode_type = cursor.byte()
    if encode_type == EncodeType.KEYED:
        read: Read = _keyed(cursor)
    elif encode_type in _ENHANCED:
        read = _enhanced(cursor, encode_type)
    elif encode_type in _ORIGINAL:
        read = _original(cursor, encode_type)
    else:
        raise DecodingError("unknown_format", f"card encode type {encode_type:02X} is not known", 0)
    if cursor.left:
        raise DecodingError("trailing", f"{cursor.left} are left after the last field")
    return read


def encode(read: Read, form: Form) -> Sealed:
    """The frame of a message, in a buffer of its exact size. The message's parts are read in place."""
    ruler = Pen(form)
    _write(read, ruler)
    frame, body = room_for(ruler.at, form)
    _write(read, Pen(form, body))
    return close(frame, form)


def block_size(*, aes: bool) -> int:
    """How many bytes the cipher takes at a time; tracks are filled up with zeros to a multiple of it."""
    return 16 if aes else 8


def _filled(length: int, block: int) -> int:
    return -(-length // block) * block


def _enhanced(cursor: Cursor, encode_type: int) -> Swipe:
    status = cursor.byte()
    lengths = [cursor.byte() for _ in range(3)]
    clear, sealed = cursor.byte(), cursor.byte()
    options = cursor.sealed(cursor.byte()) if status & 0x40 else None
    block = block_size(aes=bool(clear & 0x10))
    masked = [cursor.plain(size) if clear >> n & 1 else None for n, size in enumerate(lengths)]
    encrypted = [
        cursor.sealed(_filled(size, block)) if sealed >> n & 1 else None for n, size in enumerate(lengths)
    ]
    session_id = cursor.sealed(_SESSION) if sealed & 0x40 else None
    digest = _LONG_DIGEST if options and options[0] & 0x01 else _DIGEST
    digests = [cursor.sealed(digest) if sealed >> n + 3 & 1 else None for n in range(3)]
    first, second, third = map(Track, lengths, masked, encrypted, digests)
    return Swipe(
        encode_type=encode_type,
        status=status,
        clear_flags=clear,
        sealed_flags=sealed,
        tracks=(first, second, third),
        options=options,
        session_id=session_id,
        serial=_ascii(cursor.sealed(_SERIAL)) if clear & 0x80 else None,
        ksn=cursor.sealed(_KSN).hex().upper() if sealed & 0x80 else None,
        mac=cursor.rest() if options is not None and cursor.left else None,
    )


def _original(cursor: Cursor, encode_type: int) -> OriginalSwipe:
    status = cursor.byte()
    lengths = [cursor.byte() for _ in range(3)]
    first, second, third = (cursor.plain(length) for length in lengths)
    if not cursor.left:  # nothing follows: what came is the card in clear
        return OriginalSwipe(encode_type=encode_type, status=status, tracks=(first, second, third))
    encrypted = cursor.sealed(_filled(lengths[0] + lengths[1], block_size(aes=False)))
    digests = tuple(cursor.sealed(_DIGEST) for length in lengths[:2] if length)
    return OriginalSwipe(
        encode_type=encode_type,
        status=status,
        tracks=(first, second, third),
        encrypted=encrypted,
        digests=digests,
        ksn=cursor.sealed(_KSN).hex().upper() if cursor.left else None,
    )


def _keyed(cursor: Cursor) -> Keyed:
    if any(cursor.byte() for _ in range(4)):
        raise DecodingError("unknown_format", "the fields 4 to 7 of a keyed frame are zero", 1)
    status, plain_length = cursor.byte(), cursor.byte()
    if status & _WITH_SESSION:
        raise DecodingError("unknown_format", "a keyed frame with a session id is not documented", 5)
    encrypted, digest = cursor.sealed(_filled(plain_length, block_size(aes=False))), cursor.sealed(_DIGEST)
    expiry, street, postal = (
        cursor.sealed(cursor.byte()) if status & flag else None for flag in (_EXPIRY, _STREET, _ZIP)
    )
    return Keyed(
        status=status,
        plain_length=plain_length,
        encrypted=encrypted,
        digest=digest,
        expiry=expiry,
        street_number=street,
        postal_code=postal,
        ksn=cursor.sealed(_KSN).hex().upper() if cursor.left else None,
    )


def _ascii(part: Part) -> str:
    try:
        return bytes(part).decode("ascii")
    except UnicodeDecodeError:
        raise DecodingError("not_ascii", "the reader's serial number is not ASCII") from None


def _write(read: Read, pen: Pen) -> None:
    if isinstance(read, Keyed):
        _write_keyed(read, pen)
    elif isinstance(read, Swipe):
        _write_enhanced(read, pen)
    else:
        _write_original(read, pen)


def _write_enhanced(read: Swipe, pen: Pen) -> None:
    lengths = [track.length for track in read.tracks]
    for value in (read.encode_type, read.status, *lengths, read.clear_flags, read.sealed_flags):
        pen.byte(value)
    if read.options is not None:
        _write_counted(read.options, pen)
    for track in read.tracks:
        pen.plain(track.masked or _NOTHING)
    sealed = [track.encrypted for track in read.tracks]
    for part in (*sealed, read.session_id, *(track.digest for track in read.tracks)):
        pen.sealed(part or _NOTHING)
    if read.serial is not None:
        pen.sealed(memoryview(read.serial.encode("ascii")))
    _write_ksn(read.ksn, pen)
    pen.sealed(read.mac or _NOTHING)


def _write_original(read: OriginalSwipe, pen: Pen) -> None:
    for value in (read.encode_type, read.status, *map(len, read.tracks)):
        pen.byte(value)
    for part in read.tracks:
        pen.plain(part)
    for part in (read.encrypted or _NOTHING, *read.digests):
        pen.sealed(part)
    _write_ksn(read.ksn, pen)


def _write_keyed(read: Keyed, pen: Pen) -> None:
    for value in (EncodeType.KEYED, 0, 0, 0, 0, read.status, read.plain_length):
        pen.byte(value)
    pen.sealed(read.encrypted)
    pen.sealed(read.digest)
    for part in (read.expiry, read.street_number, read.postal_code):
        if part is not None:
            _write_counted(part, pen)
    _write_ksn(read.ksn, pen)


def _write_counted(part: Part, pen: Pen) -> None:
    pen.byte(len(part))
    pen.sealed(part)


def _write_ksn(ksn: str | None, pen: Pen) -> None:
    if ksn is not None:
        pen.sealed(memoryview(bytes.fromhex(ksn)))


_NOTHING: Final = memoryview(b"")
