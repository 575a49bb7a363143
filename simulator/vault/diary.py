"""What a vault was asked to do, in a file of its own: JSON lines, fsync'd one by one before anything is done.

The first line holds the settings that everything depends on. A card is written by its name among the test
cards; frames, numbers and security codes are not written at all.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from simulator.cards import CARDS
from simulator.vault.issuer import Presented, test_card
from simulator.vault.settings import VaultSettings

_MAY_CHANGE = ("stores", "frame_ancestors", "temporary_s")
_NOT_WRITTEN = ("enc_track2", "track2", "pan", "cvd_info/cvd_value")


class DiaryError(Exception):
    """The diary and what it is used with do not belong together; the text says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """One request. `tag` "" is a temporary token of the entry page, for `seconds`. `code` is how an issuer
    takes the security code: as one of its magic values, or as any other."""

    at: str
    store: str
    tag: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    card: str = ""
    expiry: str = ""
    code: str = ""
    decline: str = ""
    seconds: float = 0.0

    @property
    def time(self) -> datetime:
        """When it was asked."""
        return datetime.fromisoformat(self.at)

    @property
    def presented(self) -> Presented | None:
        """The card that came with it."""
        return Presented(CARDS[self.card].number, self.expiry, self.code or None) if self.card else None


def asking(card: Presented | None, *, fields: Mapping[str, str] | None = None, **told: Any) -> Asking:
    """What to write of a request. Raises ValueError for a card that is none of the test cards."""
    written = {name: text for name, text in (fields or {}).items() if name not in _NOT_WRITTEN}
    code = (fields or {}).get("cvd_info/cvd_value")
    if code:
        written["cvd_info/cvd_value"] = _alike(code)
    if card is None:
        return Asking(fields=written, **told)
    known = test_card(card.number)
    if known is None:
        raise ValueError("no test card")
    return Asking(
        fields=written, card=known.name, expiry=card.expiry_yymm, code=_alike(card.cvd or ""), **told
    )


class Diary:
    """The file, open and ours alone. Raises DiaryError, OSError."""

    def __init__(self, path: Path, settings: VaultSettings) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            self._take()
            self.askings = self._read(settings)
        except DiaryError:
            self.close()
            raise

    def write(self, one: Asking) -> None:
        """Durably, before it is done."""
        self._append(asdict(one))

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._fd)

    def _append(self, held: Mapping[str, object]) -> None:
        os.write(self._fd, json.dumps(held, ensure_ascii=False).encode() + b"\n")
        os.fsync(self._fd)

    def _take(self) -> None:
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DiaryError(
                f"{self.path}: another vault uses it; give each its own --ledger and --state"
            ) from None

    def _read(self, settings: VaultSettings) -> tuple[Asking, ...]:
        """What was asked so far. A torn last line was never acted upon: it is cut off."""
        data = os.pread(self._fd, os.fstat(self._fd).st_size, 0)
        if not data:
            self._append({"vault": _lasting(settings)})
            return ()
        whole = data.rfind(b"\n") + 1
        lines = data[:whole].splitlines()
        try:
            begun = dict(json.loads(lines[0])["vault"])
            askings = tuple(Asking(**json.loads(line)) for line in lines[1:])
        except (ValueError, TypeError, KeyError, IndexError):
            raise DiaryError(f"{self.path}: is no vault's diary; give another --state") from None
        changed = [name for name, value in sorted(_lasting(settings).items()) if begun.get(name) != value]
        if changed:
            raise DiaryError(
                f"{self.path}: was begun with other settings: {', '.join(changed)}; set them as they were, or"
                " begin with a new --ledger and --state"
            )
        os.ftruncate(self._fd, whole)
        return askings


def _lasting(settings: VaultSettings) -> dict[str, object]:
    """As they are read back: a tuple is a list in JSON."""
    told = {name: value for name, value in asdict(settings).items() if name not in _MAY_CHANGE}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in told.items()}


def _alike(code: str) -> str:
    """A code that an issuer answers alike (simulator.vault.issuer)."""
    return code if code in ("998", "999", "9999") or not code else "123"
