"""A reader's frame with its fields named, for people (P/N 80000502-001; keyed: SREDKey 2 manual, 9.3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from protocols.idtech.codec import encode
from protocols.idtech.fields import Form
from protocols.idtech.messages import EncodeType, Keyed, Swipe
from simulator import dukpt
from simulator.cards import TestCard
from simulator.reader import sealing
from simulator.reader.settings import ReaderSettings
from simulator.reader.tracks import track1, track2

_ROW: Final = 48  # characters
_NAME: Final = 22


@dataclass(frozen=True, slots=True)
class Field:
    """A part of a frame. `plain`: a typed frame has its characters; of all else it has the hex digits."""

    name: str
    data: bytes
    plain: bool = False


def swiped(card: TestCard, settings: ReaderSettings) -> Swipe:
    """The first swipe of a reader."""
    ksn, key = dukpt.following(bytes.fromhex(settings.ksn)), bytes.fromhex(settings.base_key)
    serial = settings.serial if settings.frame_serial else None
    return sealing.enhanced((track1(card), track2(card), ""), ksn, key, serial=serial)


def keyed(card: TestCard, code: str, settings: ReaderSettings) -> Keyed:
    """The first card that is keyed on a reader."""
    ksn, key = dukpt.following(bytes.fromhex(settings.ksn)), bytes.fromhex(settings.base_key)
    return sealing.keyed(card.number, card.expiry_yymm, code, ksn, key)


def fields_of(read: Swipe | Keyed, form: Form) -> tuple[Field, ...]:
    """The whole frame: head, body, tail. Lengths and checks run over bytes, or over characters as typed."""
    body = _keyed(read) if isinstance(read, Keyed) else _swiped(read)
    frame = _written(read, form)
    ends = (frame[:6], frame[-6:]) if form == "text" else (frame[:3], frame[-3:])
    head, tail = (bytes.fromhex(end.decode("ascii")) if form == "text" else end for end in ends)
    return (
        Field("start", head[:1]),
        Field("length of the body", head[1:]),
        *(field for field in body if field.data),
        Field("LRC of the body", tail[:1]),
        Field("sum of the body", tail[1:2]),
        Field("end", tail[2:]),
    )


def rows(read: Swipe | Keyed, form: Form) -> Iterator[str]:
    """Lines to print: each field, what is plain as its characters; then the frame in one line."""
    for field in fields_of(read, form):
        text = field.data.decode("ascii") if field.plain else field.data.hex().upper()
        for at in range(0, len(text), _ROW):
            yield f"{'' if at else field.name:{_NAME}} {text[at : at + _ROW]}"
    frame = _written(read, form)
    yield ""
    yield frame.decode("ascii") if form == "text" else frame.hex().upper()


def _written(read: Swipe | Keyed, form: Form) -> bytes:
    sealed = encode(read, form)  # a name for it: it wipes itself as soon as nobody holds it
    return bytes(sealed.view())


def _swiped(read: Swipe) -> Iterator[Field]:
    yield Field("card encode type", bytes([read.encode_type]))
    yield Field("track status", bytes([read.status]))
    for number, track in enumerate(read.tracks, 1):
        yield Field(f"length of track {number}", bytes([track.length]))
    yield Field("clear and masked flags", bytes([read.clear_flags]))
    yield Field("encrypted flags", bytes([read.sealed_flags]))
    for number, track in enumerate(read.tracks, 1):
        yield Field(f"track {number} masked", bytes(track.masked or b""), plain=True)
    for number, track in enumerate(read.tracks, 1):
        yield Field(f"track {number} encrypted", bytes(track.encrypted or b""))
    for number, track in enumerate(read.tracks, 1):
        yield Field(f"track {number} digest", bytes(track.digest or b""))
    yield Field("serial number", (read.serial or "").encode("ascii"))
    yield Field("KSN", bytes.fromhex(read.ksn or ""))


def _keyed(read: Keyed) -> Iterator[Field]:
    yield Field("card encode type", bytes([EncodeType.KEYED]))
    yield Field("fields 4 to 7", bytes(4))
    yield Field("status", bytes([read.status]))
    yield Field("length in clear", bytes([read.plain_length]))
    yield Field("encrypted card", bytes(read.encrypted))
    yield Field("digest (none)", bytes(read.digest))
    expiry = bytes(read.expiry or b"")
    yield Field("length of the expiry", bytes([len(expiry)]))
    yield Field("expiry YYMM", expiry)
    yield Field("KSN", bytes.fromhex(read.ksn or ""))
