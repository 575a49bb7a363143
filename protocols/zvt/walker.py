"""Reads and writes a row of BMPs, in one pass each way.

The wire order and every unusual spelling are remembered in slots, so that whatever is well-formed is written
back byte for byte.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any

from protocols.core.errors import DecodingError, LocalError
from protocols.zvt import tlv
from protocols.zvt.bmp import CONTAINER, Tally, length_at, length_of
from protocols.zvt.data_objects import DataObjects, Message, Slot, TlvCarrier
from protocols.zvt.fields import BMPS, NAMED, OTHERS, TLV, Bmp


@dataclass(slots=True)
class Reading(Tally):
    """One message being read. After an error it still holds all that was read before. One that `forgives`
    passes over what it cannot read as long as its length is known; `forgiven` is the first such error."""

    values: dict[str, Any] = field(default_factory=dict)
    others: list[tuple[int, bytes]] = field(default_factory=list)
    slots: list[Slot] = field(default_factory=list)
    incomplete: bool = False
    forgives: bool = False
    forgiven: DecodingError | None = None
    _place: dict[int, int] = field(default_factory=dict)

    def walk(self, data: bytes, at: int, table: Mapping[int, Bmp] = BMPS) -> None:
        """Read BMPs from `at` to the end. DecodingError `unknown_bmp` for one of unknown length."""
        end = len(data)
        while at < end:
            entry = table.get(data[at])
            if entry is None:
                raise DecodingError(
                    "unknown_bmp", f"BMP {data[at]:02X} is unknown, the rest cannot be read", at
                )
            size = entry.format.size
            if size > 0:
                start, at = at + 1, at + 1 + size
            elif size == CONTAINER:
                at = self._container(data, at + 1, end)
                continue
            else:
                length, start = length_at(data, at + 1, end, size)
                at = start + length
            if at > end:
                raise DecodingError(
                    "bmp_truncated",
                    f"BMP {entry.number:02X} needs {at - start} bytes, {end - start} are left",
                    start - 1,
                )
            self._keep(entry, data[start:at])

    def walk_leniently(self, data: bytes, at: int, table: Mapping[int, Bmp] = BMPS) -> None:
        """The same, but an unknown BMP only drops what follows it."""
        try:
            self.walk(data, at, table)
        except DecodingError as error:
            if error.code != "unknown_bmp":
                raise
            self.incomplete = True

    def take(self, trial: Reading) -> None:
        """Make a trial's findings our own, beside what stood before the row."""
        self.values |= trial.values
        self.others, self.slots, self._place = trial.others, trial.slots, trial._place
        self.masked += trial.masked
        self.incomplete = self.incomplete or trial.incomplete

    def _keep(self, entry: Bmp, raw: bytes) -> None:
        form, before = entry.format, self.masked
        try:
            value = form.read(raw, self)
        except DecodingError as error:
            self._forgive(error)
            return
        if entry.name == OTHERS:
            self.others.append((entry.number, value))
            self.slots.append(Slot(entry.number))
            return
        hint = None
        if form.loose and self.masked == before and form.write(value, self.charset) != raw:
            hint = raw
        self._put(entry, value, hint)

    def _container(self, data: bytes, at: int, end: int) -> int:
        length, start = tlv.read_length(data, at, end)
        stop = start + length
        if stop > end:
            raise DecodingError(
                "bmp_truncated", f"the TLV container needs {length} bytes, {end - start} are left", at
            )
        try:
            nodes, masked = tlv.read_container(data, start, stop)
        except DecodingError as error:
            self._forgive(error)
            return stop
        self.masked += masked
        self._put(BMPS[TLV], nodes, data[at:start] if start - at > 1 else None)
        return stop

    def _forgive(self, error: DecodingError) -> None:
        if not self.forgives:
            raise error
        self.forgiven = self.forgiven or error
        self.incomplete = True

    def _put(self, entry: Bmp, value: Any, hint: bytes | None) -> None:
        earlier = self._place.get(entry.number)
        if earlier is None and entry.name in self.values:
            self.incomplete = True  # it stood in front of the row already, and that one counts
            return
        if earlier is not None:
            # The same BMP again: the last one counts, the earlier one is only repeated on the wire.
            raw = write_bmp(entry, self.values[entry.name], self.charset, self.slots[earlier].hint)
            self.slots[earlier] = Slot(entry.number, raw, superseded=True)
        self.values[entry.name] = value
        self._place[entry.number] = len(self.slots)
        self.slots.append(Slot(entry.number, hint))


def write_bmp(entry: Bmp, value: Any, charset: str, hint: bytes | None = None) -> bytes:
    """One BMP with its number and length. Raises LocalError `bad_value` or `too_long`."""
    form, number = entry.format, bytes((entry.number,))
    if form.size == CONTAINER:
        content = tlv.write_container(value)
        return number + tlv.write_length(len(content), len(hint or b"")) + content
    try:
        raw = form.write(value, charset)
        if hint is not None and form.read(hint, Tally(charset)) == value:
            raw = hint
    except (ValueError, TypeError, AttributeError) as error:
        raise LocalError(
            "bad_value", f"{entry.name} (BMP {entry.number:02X}) cannot be written: {error}"
        ) from None
    if form.size < 0:
        return number + length_of(len(raw), form.size) + raw
    if len(raw) != form.size:
        raise LocalError(
            "bad_value", f"{entry.name} (BMP {entry.number:02X}) takes {form.size} bytes, not {len(raw)}"
        )
    return number + raw


def write_row(message: TlvCarrier, placed: frozenset[str] = frozenset()) -> bytes:
    """All BMPs of a message: first as they stood on the wire, then the rest in the order of the table.

    `placed` are the attributes that stand before the row, not in it.
    """
    left = _present(message, placed)
    others = list(message.others) if isinstance(message, DataObjects) else []
    parts = []
    for slot in message.order:
        if slot.superseded:
            parts.append(slot.hint or b"")
        elif slot.bmp in left:
            parts.append(write_bmp(BMPS[slot.bmp], left.pop(slot.bmp), message.charset, slot.hint))
        else:
            parts.append(_next_other(others, slot.bmp))
    parts += [write_bmp(BMPS[number], value, message.charset) for number, value in others]
    tail = left.pop(TLV, None)
    parts += [write_bmp(BMPS[number], value, message.charset) for number, value in left.items()]
    return b"".join(parts) + (b"" if tail is None else write_bmp(BMPS[TLV], tail, message.charset))


def _present(message: Message, placed: frozenset[str]) -> dict[int, Any]:
    found = {}
    for entry in _entries_of(type(message)):  # type: ignore[arg-type]  # a class has the hash of classes
        if entry.name not in placed:
            value = getattr(message, entry.name)
            if value is not None:
                found[entry.number] = value
    return found


@cache
def _entries_of(kind: type[Message]) -> tuple[Bmp, ...]:
    """The BMPs that a kind of message may have."""
    names = {field.name for field in fields(kind)}
    return tuple(entry for entry in NAMED if entry.name in names)


def _next_other(others: list[tuple[int, bytes]], number: int) -> bytes:
    for place, (candidate, value) in enumerate(others):
        if candidate == number:
            del others[place]
            return write_bmp(BMPS[number], value, "")
    return b""
