"""Where receipts go: to the ECR as lines (06 D1) or blocks (06 D3), or onto the terminal's own paper.

Who prints is the config byte of the registration (PA00P015 ch. 2.1): 02 payment receipts, 04 others go
to the ECR; 80 as print messages, else the ECR composes them from the status information itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from protocols.zvt import messages as zvt
from protocols.zvt.text import encode as encode_text
from protocols.zvt.tlv import node
from simulator.zvt.console import ADMIN_TO_ECR, PRINT_BY_LINES, RECEIPTS_TO_ECR, Console
from simulator.zvt.effects import Paper
from simulator.zvt.receipts import receipt
from simulator.zvt.script import Script
from simulator.zvt.state import Transaction

Way = Literal["lines", "blocks", "own_paper", "nothing"]

MERCHANT, CUSTOMER, ADMIN = 0x01, 0x02, 0x03  # 1F07
_POSITIVE, _NEGATIVE = 0x01, 0x04  # 1F37
_LAST_LINE, _END = 0xC0, 0x81  # the top bit ends a receipt; 40 is centred (ch. 3.5)


def way(console: Console, *, admin: bool = False) -> Way:
    """How a receipt is printed now."""
    forced = console.settings.printing
    if forced != "as_registered":
        return "nothing" if forced == "none" else forced
    if not console.has_config(ADMIN_TO_ECR if admin else RECEIPTS_TO_ECR):
        return "own_paper"
    if not console.has_config(PRINT_BY_LINES):
        return "nothing"
    if console.tlv_allowed and console.state.allowed is not None and console.may_send(0x06D3):
        return "blocks"
    return "lines" if console.may_send(0x06D1) else "own_paper"


def prints_to_ecr(console: Console) -> bool:
    """Whether payment receipts go to the ECR, which must then acknowledge them too."""
    return way(console) in ("lines", "blocks")


def print_transaction(console: Console, transaction: Transaction) -> Script[bool]:
    """Both copies of a transaction's receipt. True when the ECR acknowledged all that was sent to it."""
    flags = _POSITIVE if transaction.result == 0 else _NEGATIVE
    for number, copy in ((MERCHANT, receipt(console, transaction, "merchant")),
                         (CUSTOMER, receipt(console, transaction, "customer"))):  # fmt: skip
        if not (yield from _print(console, copy, number, flags, way(console))):
            return False
    return True


def print_notice(console: Console, lines: Sequence[str]) -> Script[bool]:
    """An administrative receipt."""
    return (yield from _print(console, lines, ADMIN, _POSITIVE, way(console, admin=True)))


def _print(console: Console, lines: Sequence[str], number: int, flags: int, how: Way) -> Script[bool]:
    if how == "own_paper":
        console.out.append(Paper(tuple(lines)))
    if how == "blocks":
        return (yield from _say(console, _block(console, lines, number, flags), lines))
    if how == "lines":
        for place, line in enumerate(lines, 1):
            attribute = _LAST_LINE if place == len(lines) else 0x00
            if not (yield from _say(console, _line(console, line, attribute, number), [line])):
                return False
    return True


def _say(console: Console, message: zvt.PrintLine | zvt.PrintBlock, lines: Sequence[str]) -> Script[bool]:
    answer = yield from console.say(message)
    if answer is not None and answer.code == 0xCC:  # the ECR cannot print: we do
        console.out.append(Paper(tuple(lines)))
    return answer is not None


def _line(console: Console, line: str, attribute: int, number: int) -> zvt.PrintLine:
    tlv = (node(0x1F07, bytes([number])),) if console.tlv_allowed else None
    return zvt.PrintLine(attribute=attribute, text=line, tlv=tlv, charset=console.state.charset)


def _block(console: Console, lines: Sequence[str], number: int, flags: int) -> zvt.PrintBlock:
    texts = [node(0x07, encode_text(line, console.state.charset)) for line in lines]
    # An attribute holds for the lines behind it; the last one stands behind them all, as real units have it.
    body = node(0x25, node(0x09, b"\x00"), *texts, node(0x09, bytes([_END])))
    head = (node(0x1F07, bytes([number])), node(0x1F37, bytes([flags])))
    return zvt.PrintBlock(tlv=(*head, body), charset=console.state.charset)
