"""From reports to a card: one read is asked for, taken, refused or ignored, and every buffer of it is wiped.

What goes on is the frame as text, which the vault takes, and what may be shown of the card.
"""

from __future__ import annotations

from protocols.core.brands import brand_of
from protocols.core.card import Card, EntryMode, Sealed
from protocols.core.card_source import Presented
from protocols.core.errors import RemoteError
from protocols.core.retries import due
from protocols.core.session import Alert, Effect, Mono, Report, Tell
from protocols.idtech import masks, refusals
from protocols.idtech.codec import decode, encode
from protocols.idtech.messages import Keyed, Read, Swipe
from protocols.idtech.options import ReaderOptions
from protocols.idtech.reports import Found, NothingRead, Output, Reassembly


class Reading:
    """The reads of one reader. `wanted` empty: none is asked for."""

    def __init__(self, options: ReaderOptions) -> None:
        self._options = options
        self._reports = Reassembly(options.report_size)
        self.serials = refusals.KeySerials()
        self.serial: str | None = None  # of the last swipe that was taken
        self.report_by: Mono | None = None
        self._wanted: tuple[EntryMode, ...] = ()
        self._refusal: str | None = None
        self._presented: Presented | None = None

    @property
    def armed(self) -> bool:
        """Whether a read is asked for."""
        return bool(self._wanted)

    def arm(self, wanted: tuple[EntryMode, ...]) -> tuple[Effect, ...]:
        """Ask for one read. What was coming in before is wiped and told."""
        wiped = self.forget()
        self._wanted = wanted
        return _ignored() if wiped else ()

    def forget(self) -> bool:
        """Ask for none, and wipe everything of any read; whether there was something."""
        wiped = self._reports.drop()
        if self._presented is not None:
            self._presented.frame.wipe()
            wiped = True
        self._presented = self._refusal = None
        self._wanted = ()
        return wiped

    def unplugged(self) -> None:
        """Nothing is kept, and what comes next may come from another reader."""
        self.forget()
        self.serials.plugged()
        self._reports = Reassembly(self._options.report_size)
        self.report_by = self.serial = None

    def take_refusal(self) -> str | None:
        """Why the last read was refused, once."""
        refusal, self._refusal = self._refusal, None
        return refusal

    def take_card(self) -> Presented | None:
        """The card, once."""
        presented, self._presented = self._presented, None
        return presented

    def hear(self, report: Report, now: Mono) -> tuple[Effect, ...]:
        """Take an input report or a part of one; it is wiped."""
        data = report.data
        found = self._reports.feed(data.view() if isinstance(data, Sealed) else memoryview(data))
        if isinstance(data, Sealed):
            data.wipe()
        self.report_by = now + self._options.report_gap_s if self._reports.midreport else None
        return self._sorted(found)

    def wake(self, now: Mono) -> tuple[Effect, ...]:
        """Give up the report whose rest did not come."""
        if not due(self.report_by, now):
            return ()
        self.report_by = None
        return self._sorted(self._reports.gap())

    def _sorted(self, found: tuple[Found, ...]) -> tuple[Effect, ...]:
        effects: tuple[Effect, ...] = ()
        for one in found:
            if isinstance(one, Output):
                effects += self._frame(one.frame)
            elif self.armed:
                effects += self._refuse(
                    "card_unreadable" if isinstance(one, NothingRead) else "frame_damaged"
                )
        return effects

    def _frame(self, frame: Sealed) -> tuple[Effect, ...]:
        try:
            read = decode(frame.view(), "binary")
            refused = self._judge(read)
            if not self.armed:
                return _ignored()
            return self._refuse(refused) if refused is not None else self._take(read)
        except RemoteError as error:
            return self._refuse(refusals.of_error(error.code)) if self.armed else _ignored()
        finally:
            frame.wipe()

    def _judge(self, read: Read) -> str | None:
        """Why the read is not taken. Its KSN is noted even where it is not wanted: it is used up."""
        refused = refusals.of_read(read, self._wanted, self._options.serial)
        if read.ksn is None or refused not in (None, "entry_mode_unwanted"):
            return refused
        return self.serials.refusal(read.ksn) or refused

    def _refuse(self, code: str) -> tuple[Effect, ...]:
        self._refusal = code
        refusal = refusals.REFUSALS[code]
        return (Tell(Alert(code, {"why": refusal.why})),) if refusal.alert else ()

    def _take(self, read: Read) -> tuple[Effect, ...]:
        keys = _keys(read)
        self._presented = Presented(encode(read, "text"), _card(read), keys)
        self.serial = keys.get("serial", self.serial)
        self._wanted, self._refusal = (), None
        return ()


def _ignored() -> tuple[Effect, ...]:
    return (Tell(Alert("card_ignored")),)


def _card(read: Read) -> Card:
    """What may be shown of it."""
    mode = refusals.entry_mode(read)
    if isinstance(read, Keyed):
        return Card(expiry_yymm=masks.expiry(bytes(read.expiry or b"")), entry_mode=mode)
    shown = _shown(read)
    if shown is None:
        return Card(entry_mode=mode)
    return Card(brand_of(shown.first_digits), shown.last_four, shown.expiry_yymm, mode)


def _keys(read: Read) -> dict[str, str]:
    """The reader's own references, and whether the card has a chip, where that is known."""
    keys = {} if read.ksn is None else {"ksn": read.ksn}
    if isinstance(read, Swipe) and read.serial is not None:
        keys["serial"] = read.serial.strip("\0 ")
    shown = _shown(read)
    if (isinstance(read, Swipe) and read.chip_on_card) or (shown is not None and shown.chip):
        keys["chip"] = "yes"
    return keys


def _shown(read: Read) -> masks.Shown | None:
    masked = read.tracks[1].masked if isinstance(read, Swipe) else None
    return masks.track2(masked) if masked else None
