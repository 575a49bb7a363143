"""What the holder of the base key reads in a frame: the vault's side of an encrypting reader.

It takes frames in both forms, checks them, finds the key by the KSN and believes what it decrypts only where
digests, sentinels and LRC characters agree.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import Final, Literal

from protocols.core.errors import RemoteError
from protocols.idtech.codec import decode
from protocols.idtech.fields import Form
from protocols.idtech.messages import Keyed, OriginalSwipe, Part, Read, Swipe, Track
from simulator import dukpt
from simulator.reader.tracks import lrc_character

_STX: Final = 2
_TRACK2 = re.compile(r";([0-9]{8,19})=([0-9]{4})[0-9:<=>]*\?(.?)")
_KEYED = re.compile(r"([0-9]{8,19})=([0-9]{4})=([0-9]{0,4})")


class NotOpenable(ValueError):  # noqa: N818  # a finding of the vault, as its answers name it
    """The frame is damaged, of an unknown kind, or not encrypted with this base key."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A card in clear. `cvv` None: none was keyed. `serial` is the reader's, where a swipe carries it."""

    pan: str = field(repr=False)
    expiry_yymm: str = field(repr=False)
    cvv: str | None = field(repr=False)
    entry_mode: Literal["swipe", "keyed"]
    ksn: str
    serial: str | None = None


def open_frame(frame: memoryview, base_key: bytes = dukpt.PUBLIC_BASE_KEY) -> Opened:
    """The card in a frame, typed or binary. Raises NotOpenable."""
    form: Form = "binary" if len(frame) and frame[0] == _STX else "text"
    try:
        read = decode(frame, form)
    except RemoteError as error:
        raise NotOpenable(f"{error.code}: {error}") from None
    if read.ksn is None:
        raise NotOpenable("the frame names no key")
    key = _key(base_key, read.ksn)
    return _keyed(read, key, read.ksn) if isinstance(read, Keyed) else _swiped(read, key, read.ksn)


def clear_tracks(read: Read, base_key: bytes = dukpt.PUBLIC_BASE_KEY) -> tuple[str, ...]:
    """The tracks of a swipe that are encrypted, in clear; empty ones for the others. Raises NotOpenable."""
    if isinstance(read, Keyed) or read.ksn is None:
        raise NotOpenable("no swipe, or no key is named")
    return _tracks(read, _key(base_key, read.ksn))


def _key(base_key: bytes, ksn: str) -> bytes:
    try:
        return dukpt.data_key(base_key, bytes.fromhex(ksn))
    except dukpt.KeySerialError as error:
        raise NotOpenable(str(error)) from None


def _keyed(read: Keyed, key: bytes, ksn: str) -> Opened:
    found = _KEYED.fullmatch(_plain(read.encrypted, key)[: read.plain_length])
    if found is None:
        raise NotOpenable("what was keyed is not encrypted with this base key")
    return Opened(found[1], found[2], found[3] or None, "keyed", ksn)


def _swiped(read: Swipe | OriginalSwipe, key: bytes, ksn: str) -> Opened:
    second = _tracks(read, key)[1]
    found = _TRACK2.fullmatch(second)
    # A reader that was set not to send the LRC character (setting 6F) ends its track with the sentinel.
    if found is None or found[3] not in ("", lrc_character(second[: found.start(3)], 0x30)):
        raise NotOpenable("track 2 is absent, or not encrypted with this base key")
    serial = read.serial if isinstance(read, Swipe) else None
    return Opened(found[1], found[2], None, "swipe", ksn, serial.strip("\0 ") if serial else None)


def _tracks(read: Swipe | OriginalSwipe, key: bytes) -> tuple[str, ...]:
    if isinstance(read, OriginalSwipe):
        whole = _plain(read.encrypted or memoryview(b""), key)
        first, second = len(read.tracks[0]), len(read.tracks[1])
        return whole[:first], whole[first : first + second]
    if read.fixed_key:
        raise NotOpenable("only what is encrypted under DUKPT is opened here")
    return tuple(_track(track, key, aes=read.aes) for track in read.tracks)


def _track(track: Track, key: bytes, *, aes: bool) -> str:
    if track.encrypted is None:
        return ""
    plain = _plain(track.encrypted, key, aes=aes)[: track.length]
    digest = bytes(track.digest or b"")
    kind = "sha256" if len(digest) == 32 else "sha1"
    if any(digest) and digest != hashlib.new(kind, plain.encode("latin-1"), usedforsecurity=False).digest():
        raise NotOpenable("a track does not agree with its digest: it is not encrypted with this base key")
    return plain


def _plain(sealed: Part, key: bytes, *, aes: bool = False) -> str:
    return dukpt.decrypt(key, bytes(sealed), aes=aes).decode("latin-1") if len(sealed) else ""
