"""Print lines and blocks collected into whole receipts, card numbers scrubbed (PA00P015 ch. 3.5, 3.6)."""

from __future__ import annotations

from typing import Literal

from protocols.core.facts import Receipt
from protocols.core.scrub import scrub
from protocols.zvt.messages import PrintBlock, PrintLine
from protocols.zvt.text import as_meant

ReceiptKind = Literal["merchant", "customer", "admin"]

_KINDS: dict[int, ReceiptKind] = {1: "merchant", 2: "customer", 3: "admin"}
_LINE_FEEDS = 0xFF  # attribute FF: the text byte is a number of empty lines; in blocks it ends a receipt
# A terminal that prints for ever must not fill our memory: a long end-of-day report has a few hundred lines.
_MOST_LINES = 2_000
_LONGEST_LINE = 200  # paper has 24 to 42 columns


class ReceiptCollector:
    """Takes print messages in order; gives whole receipts. Lines after the last end count as one too."""

    def __init__(self) -> None:
        self._done: list[Receipt] = []
        self._lines: list[str] = []
        self._kind: ReceiptKind | None = None
        self._count = 0
        self.masked = 0

    def add(self, message: PrintLine | PrintBlock) -> None:
        """Take one line (06 D1) or a block of lines (06 D3)."""
        if isinstance(message, PrintLine):
            self._kind = _KINDS.get(message.receipt_type or 0, self._kind)
            self._line(message.attribute, message.text)
            return
        kind = _KINDS.get(message.receipt_type or 0)
        if kind is not None and kind != self._kind:
            self._finish()
        self._kind = kind or self._kind
        for attribute, text in message.print_lines:
            self._line(attribute, text)
        if message.ends_receipt:
            self._finish()

    def receipts(self) -> tuple[Receipt, ...]:
        """All receipts so far; what has not been ended by the terminal counts as one."""
        self._finish()
        return tuple(self._done)

    def _line(self, attribute: int, text: str) -> None:
        feeds = _feeds(attribute, text)
        for line in [text] if feeds is None else [""] * feeds:
            self._keep(line)
        # the top bit alone (80) is reserved; with any other bit it ends a receipt or switches its kind
        if feeds is None and attribute > 0x80:
            self._finish()

    def _keep(self, text: str) -> None:
        self._count += 1
        if self._count <= _MOST_LINES:
            clean, masked = scrub(as_meant(text.rstrip()))
            self.masked += masked
            self._lines.append(clean[:_LONGEST_LINE])

    def _finish(self) -> None:
        if any(self._lines):
            kind = self._kind or ("merchant" if not self._done else "customer")
            self._done.append(Receipt(kind, tuple(self._lines)))
        self._lines = []
        self._kind = None


def _feeds(attribute: int, text: str) -> int | None:
    """How many empty lines this is; None for a line of text."""
    if attribute != _LINE_FEEDS or text >= " ":
        return None
    return ord(text[0]) if text else 1
