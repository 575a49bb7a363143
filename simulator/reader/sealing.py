"""What a reader makes of tracks and of what was keyed: encrypted with the key of this read, and digests."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from protocols.idtech.messages import EncodeType, Keyed, OriginalSwipe, Swipe, Track
from simulator import dukpt
from simulator.reader.tracks import AS_DELIVERED, Look, masked1, masked2


def enhanced(
    tracks: Sequence[str],
    ksn: bytes,
    base_key: bytes,
    *,
    serial: str | None = None,
    encode: int = EncodeType.ABA,
    look: Look = AS_DELIVERED,
) -> Swipe:
    """A swipe in the enhanced format: each track encrypted for itself; track 3 is not shown. An absent track
    is an empty text."""
    key = dukpt.data_key(base_key, ksn)
    masks = (masked1(tracks[0], look), masked2(tracks[1], look), None)
    made = [_track(text, mask, key) for text, mask in zip(tracks, masks, strict=True)]
    first, second, third = made
    return Swipe(
        encode_type=encode,
        status=0x07 | _bits(tracks) << 3,
        clear_flags=(0x80 if serial is not None else 0) | _bits([track.masked for track in made]),
        sealed_flags=0x80 | _bits(tracks) << 3 | _bits(tracks),
        tracks=(first, second, third),
        serial=None if serial is None else serial.ljust(10, "\0"),
        ksn=ksn.hex().upper(),
    )


def original(tracks: Sequence[str], ksn: bytes, base_key: bytes, look: Look = AS_DELIVERED) -> OriginalSwipe:
    """A swipe in the original format: tracks 1 and 2 encrypted as one block, track 3 in clear."""
    first, second, third = tracks
    key = dukpt.data_key(base_key, ksn)
    return OriginalSwipe(
        encode_type=EncodeType.ORIGINAL_ABA,
        status=0x07 | _bits(tracks) << 3,
        tracks=(_view(masked1(first, look)), _view(masked2(second, look)), _view(third)),
        encrypted=memoryview(dukpt.encrypt(key, (first + second).encode("ascii"))),
        digests=tuple(_digest(track) for track in (first, second) if track),
        ksn=ksn.hex().upper(),
    )


def in_clear(tracks: Sequence[str], encode: int = EncodeType.ORIGINAL_ABA) -> OriginalSwipe:
    """What a reader without a key sends, or any reader for a card that is none for payment."""
    first, second, third = map(_view, tracks)
    return OriginalSwipe(encode_type=encode, status=0x07 | _bits(tracks) << 3, tracks=(first, second, third))


def keyed(
    number: str, expiry_yymm: str, cvv: str, ksn: bytes, base_key: bytes, *, postal_code: str | None = None
) -> Keyed:
    """A card keyed on the reader's keypad; `cvv` empty where it was not asked for."""
    plain = f"{number}={expiry_yymm}={cvv}".encode("ascii")
    return Keyed(
        status=0x04 | (postal_code is not None),
        plain_length=len(plain),
        encrypted=memoryview(dukpt.encrypt(dukpt.data_key(base_key, ksn), plain)),
        digest=memoryview(bytes(20)),
        expiry=_view(expiry_yymm),
        postal_code=None if postal_code is None else _view(postal_code),
        ksn=ksn.hex().upper(),
    )


def _track(text: str, mask: str | None, key: bytes) -> Track:
    if not text:
        return Track()
    return Track(
        length=len(text),
        masked=None if mask is None else _view(mask),
        encrypted=memoryview(dukpt.encrypt(key, text.encode("ascii"))),
        digest=_digest(text),
    )


def _bits(parts: Sequence[object]) -> int:
    return sum(1 << place for place, part in enumerate(parts) if part)


def _digest(text: str) -> memoryview:
    return memoryview(hashlib.sha1(text.encode("ascii"), usedforsecurity=False).digest())


def _view(text: str) -> memoryview:
    return memoryview(text.encode("ascii"))
