"""What the terminal remembers over a power cut: its registration, its counters, its last transactions.

One JSON file, replaced as a whole and fsync'd at each change. A transaction whose result has been sent but
not acknowledged is `pending`: found so at power-on, the booking policy decides it.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, Protocol

from simulator.acquirer.lines import Kind

RECEIPTS = 10_000  # a receipt number has four digits and wraps, leaving out 0000
SERIALS = 1_000_000  # trace and turnover numbers have six

DEFAULT_CONFIG = 0x86  # after log-off (PA00P015 ch. 2.26)

ALREADY_REVERSED = 0xB4
REFUSED = 0x05

TransactionKind = Literal["sale", "preauth", "capture", "release", "reversal", "refund", "end_of_day"]


@dataclass(slots=True, kw_only=True)
class Transaction:
    """One transaction as the terminal stores and repeats it. Digits as on the wire; `currency` four digits.

    `result` is BMP 27: 00, B4 once reversed, 05 when refused for want of an acknowledgement. `line` is the
    ledger's id of what was booked, `reverses` that of the line it refers to. Card fields are masked.
    """

    kind: TransactionKind
    books: Kind
    result: int = 0
    amount_minor: int = 0
    currency: str = "0124"
    receipt: str = "0000"
    trace: str = "000000"
    turnover: str = "000000"
    original_trace: str = ""
    date_yymmdd: str = ""
    time_hhmmss: str = ""
    brand: str = ""
    label: str = ""
    card: str = ""
    expiry_yymm: str = ""
    aid: str = ""
    way: str = ""
    verified: str = ""
    authorisation_code: str = ""
    token: str = ""
    line: str = ""
    reverses: str = ""
    totals: str = ""


@dataclass(slots=True, kw_only=True)
class TerminalState:
    """Everything that survives. `allowed` is the list of tag 26 at registration, None if none was sent."""

    config: int = DEFAULT_CONFIG
    registered: bool = False
    tlv_allowed: bool = False
    allowed: list[int] | None = None
    currency_registered: str = ""
    charset: str = "cp437"
    columns: int = 0
    language: str = ""
    receipt: int = 0
    trace: int = 0
    turnover: int = 0
    clock_offset_s: float = 0.0
    holds: dict[str, Transaction] = field(default_factory=dict)
    last: Transaction | None = None
    last_end_of_day: Transaction | None = None
    pending: Transaction | None = None

    def log_off(self) -> None:
        """06 02: the registration is forgotten, TLV is off."""
        self.config, self.registered, self.tlv_allowed = DEFAULT_CONFIG, False, False
        self.allowed, self.currency_registered, self.charset, self.columns = None, "", "cp437", 0

    def next_trace(self) -> str:
        """Count one message to the host."""
        self.trace = self.trace % (SERIALS - 1) + 1
        return f"{self.trace:06d}"

    def number(self, transaction: Transaction) -> None:
        """Give it the next receipt and turnover number, without counting yet: only what is stored counts."""
        transaction.receipt = f"{self.receipt % (RECEIPTS - 1) + 1:04d}"
        transaction.turnover = f"{self.turnover % (SERIALS - 1) + 1:06d}"

    def store(self, transaction: Transaction) -> None:
        """Keep it as the last one; its numbers are used up from here on."""
        self.last = transaction
        if transaction.kind == "end_of_day":
            self.last_end_of_day = transaction
            return
        self.receipt, self.turnover = int(transaction.receipt), int(transaction.turnover)


class StateStore(Protocol):
    """Where the state is kept."""

    def load(self) -> TerminalState:
        """The state as last saved, a fresh one if there is none."""
        ...

    def save(self, state: TerminalState) -> None:
        """Keep it durably."""
        ...


class MemoryStore:
    """A state that survives a simulated power cut, not the process."""

    def __init__(self) -> None:
        self._text = ""

    def load(self) -> TerminalState:
        """The state as last saved."""
        return decode(self._text) if self._text else TerminalState()

    def save(self, state: TerminalState) -> None:
        """Keep it."""
        self._text = encode(state)


class FileStore:
    """A state in a file. Raises StateError when the file is not what this module wrote."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)

    def load(self) -> TerminalState:
        """The state as last saved."""
        if not self._path.exists():
            return TerminalState()
        try:
            return decode(self._path.read_text(encoding="utf-8"))
        except (ValueError, TypeError, KeyError):
            raise StateError(
                f"{self._path}: not a terminal's state; move it away to begin with a fresh terminal"
            ) from None

    def save(self, state: TerminalState) -> None:
        """Replace the file in one step: after a crash it is the old or the new one, whole."""
        beside = self._path.with_name(self._path.name + ".new")
        fd = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            os.write(fd, encode(state).encode())
            os.fsync(fd)
        finally:
            os.close(fd)
        beside.replace(self._path)


class StateError(Exception):
    """The state file cannot be read; the text says what to do."""


def encode(state: TerminalState) -> str:
    """The state as JSON."""
    return json.dumps(asdict(state), ensure_ascii=False, indent=1)


def decode(text: str) -> TerminalState:
    """The state in a JSON text. Raises ValueError, TypeError or KeyError for anything else."""
    found: dict[str, Any] = json.loads(text)
    found["holds"] = {receipt: Transaction(**stored) for receipt, stored in found["holds"].items()}
    for name in ("last", "last_end_of_day", "pending"):
        found[name] = Transaction(**found[name]) if found[name] is not None else None
    known = {item.name for item in fields(TerminalState)}
    return TerminalState(**{key: value for key, value in found.items() if key in known})
