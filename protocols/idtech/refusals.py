"""Which reads are not taken, and why. Whatever is refused is wiped; nothing of it is kept or shown.

The rule above all: no frame is taken that could carry a card number in clear, whatever its reader says of
itself.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from protocols.core.brands import plausible_length
from protocols.core.card import EntryMode
from protocols.idtech import masks
from protocols.idtech.messages import EncodeType, Keyed, OriginalSwipe, Read, Swipe


@dataclass(frozen=True, slots=True)
class Refusal:
    """What support reads, and whether a technician should hear of it at once."""

    why: str
    alert: bool = False


REFUSALS: Final[Mapping[str, Refusal]] = {
    "frame_damaged": Refusal("length, LRC, sum or layout of the frame is wrong, or it came in part"),
    "card_unreadable": Refusal("track 2 could not be read or is absent; the gateway needs it"),
    "keying_incomplete": Refusal("no number was keyed, or one was keyed as the address"),
    "not_payment_card": Refusal("the card is no ISO/ABA card: a licence, another format, raw data"),
    "card_inconsistent": Refusal("the masked tracks contradict each other or the brand's own length"),
    "entry_mode_unwanted": Refusal("the card was swiped where it is to be keyed, or keyed to be swiped"),
    "reader_not_encrypting": Refusal("a track that may hold the card number is not encrypted", alert=True),
    "reader_key_missing": Refusal("the frame names no DUKPT key: no KSN, or a fixed key", alert=True),
    "read_repeated": Refusal("the KSN was seen before, or a later one was", alert=True),
    "wrong_device": Refusal("the frame carries another reader's serial or key serial number", alert=True),
    "reader_format_unknown": Refusal(
        "a format that is not documented; set the original keyed one", alert=True
    ),
}
"""Every code with which a read is refused."""

# How an error of framing or decoding is told.
_OF_ERRORS: Final[Mapping[str, str]] = {"unknown_format": "reader_format_unknown"}
_COUNTER_BITS: Final = 21


def of_error(code: str) -> str:
    """The refusal of a frame that could not be decoded."""
    return _OF_ERRORS.get(code, "frame_damaged")


def of_read(read: Read, wanted: Collection[EntryMode], serial: str | None) -> str | None:
    """Why a decoded read is not taken, whatever its KSN; None where it may be. `serial`: which reader it
    must come from, where that is known."""
    refused = _not_encrypted(read) or _not_usable(read, serial)
    if refused is None and entry_mode(read) not in wanted:
        return "entry_mode_unwanted"
    return refused


def entry_mode(read: Read) -> EntryMode:
    """How the card was entered."""
    return "keyed" if isinstance(read, Keyed) else "swipe"


class KeySerials:
    """The KSNs that were seen, per device key: each may come once, and they only go up (ANSI X9.24-1: the
    last 21 bits count). A reader has one device key as long as it stays plugged in."""

    def __init__(self) -> None:
        self._last: dict[int, int] = {}
        self._here: int | None = None

    def plugged(self) -> None:
        """Another reader may be there now."""
        self._here = None

    def told(self, ksn: str) -> None:
        """The reader says where its counter stands. Whether it means its last or its next read is not
        documented: it is taken as the next."""
        device, counter = _parts(ksn)
        self._here = device
        self._last[device] = max(self._last.get(device, 0), counter - 1)

    def refusal(self, ksn: str) -> str | None:
        """Note the KSN of an intact read; why it is refused, if it is."""
        device, counter = _parts(ksn)
        if self._here not in (None, device):
            return "wrong_device"
        self._here = device
        if counter <= self._last.get(device, -1):
            return "read_repeated"
        self._last[device] = counter
        return None


def _parts(ksn: str) -> tuple[int, int]:
    whole = int(ksn, 16)
    return whole >> _COUNTER_BITS, whole & (1 << _COUNTER_BITS) - 1


def _not_encrypted(read: Read) -> str | None:
    if isinstance(read, OriginalSwipe):
        # A card that is none for payment goes out in clear by design; what it is, its type alone may say.
        other = read.encode_type != EncodeType.ORIGINAL_ABA
        return "not_payment_card" if other else "reader_not_encrypting"
    if isinstance(read, Keyed):
        return "reader_not_encrypting" if masks.bears_number(read.encrypted) else None
    if read.encode_type != EncodeType.ABA:
        return "not_payment_card"
    return "reader_not_encrypting" if _clear(read) else None


def _clear(read: Swipe) -> bool:
    first, second, third = read.tracks
    if any(track.length and track.encrypted is None for track in (first, second)):
        return True
    if third.masked and third.encrypted is None:
        return True
    if any(masks.bears_number(track.encrypted or _NONE) for track in read.tracks):
        return True
    return (
        (bool(first.masked) and masks.track1(first.masked or _NONE) is None)
        or (bool(second.masked) and masks.track2(second.masked or _NONE) is None)
        or (bool(third.masked) and not masks.hides(third.masked or _NONE))
    )


def _not_usable(read: Read, serial: str | None) -> str | None:
    if read.ksn is None or (isinstance(read, Swipe) and read.fixed_key):
        return "reader_key_missing"
    if isinstance(read, Swipe):
        if serial is not None and read.serial is not None and read.serial.strip("\0 ") != serial:
            return "wrong_device"
        if not read.tracks[1].length or not read.decoded(2):
            return "card_unreadable"
        return None if _consistent(read) else "card_inconsistent"
    if isinstance(read, Keyed):
        typed = (read.street_number or _NONE, read.postal_code or _NONE)
        if not read.plain_length or any(map(masks.bears_number, typed)):
            return "keying_incomplete"
    return None


def _consistent(read: Swipe) -> bool:
    first, second, _ = read.tracks
    of_first = masks.track1(first.masked) if first.masked else None
    of_second = masks.track2(second.masked) if second.masked else None
    if of_second is None:
        return True
    if of_first is not None and not of_first.agrees(of_second):
        return False
    length = of_second.number_length
    return 12 <= length <= 19 and plausible_length(of_second.first_digits, length)


_NONE: Final = memoryview(b"")
