"""06 C0, read a card without paying (PA00P015 ch. 2.21): its 04 0F ends it, or 06 1E where no card came."""

from __future__ import annotations

from protocols.zvt import messages as zvt
from protocols.zvt.tlv import TlvNode, find, node
from simulator.cards import Way
from simulator.zvt import prompts
from simulator.zvt.cardwork import Presented, note_card, remove_card, stamp, take_card
from simulator.zvt.closing import end_in_vain
from simulator.zvt.console import Console
from simulator.zvt.payments import wants_token
from simulator.zvt.records import status_information
from simulator.zvt.script import Script, StoppedError
from simulator.zvt.state import Transaction

_TECHNOLOGIES: tuple[tuple[int, Way], ...] = ((0x01, "swipe"), (0x02, "insert"), (0x04, "tap"))  # 1F60
_SEND_UID = 0x40  # 1F15: answer with the contactless UID in 4C
_UNREADABLE, _EXPIRED = 0x64, 0x78


def read_card(console: Console, request: zvt.ReadCard) -> Script[None]:
    """Read a card; tell what may be told of it, and its token if one is asked for and the card has one."""
    try:
        presented = yield from take_card(console, _allowed(request), float(request.timeout_s or 0) or None)
    except StoppedError as stop:
        console.abortable = False
        console.show(prompts.text(prompts.ABORTED, console.language), code=prompts.ABORTED)
        yield from remove_card(console)
        yield from end_in_vain(console, stop.code)
        return
    console.abortable = False
    yield from remove_card(console)
    if presented.card.expiry_yymm < console.local_time().strftime("%y%m"):
        yield from end_in_vain(console, _EXPIRED)
        return
    yield from console.moment("before_result")
    console.closing = True
    yield from console.say(_status(console, request, presented), sent="result_sent")
    yield from console.moment("completed")


def _allowed(request: zvt.ReadCard) -> frozenset[Way]:
    """Tag 1F60 limits the technologies; without it all of them are read. Nothing is ever typed in here."""
    named = find(request.tlv, 0x1F60)
    bits = named.number if named is not None and named.value else 0x07
    return frozenset(way for bit, way in _TECHNOLOGIES if bits & bit)


def _status(console: Console, request: zvt.ReadCard, presented: Presented) -> zvt.StatusInformation:
    facts = Transaction(kind="sale", books="charge")
    note_card(console, facts, presented, token=wants_token(request))
    stamp(console, facts)
    full = status_information(console, facts)
    return zvt.StatusInformation(
        result_code=0,
        pan=full.pan,
        expiry_yymm=full.expiry_yymm,
        card_sequence=full.card_sequence,
        terminal_id=full.terminal_id,
        card_type=full.card_type,
        card_name=full.card_name,
        tlv=None if full.tlv is None else full.tlv + _uid(request, presented),
        charset=full.charset,
    )


def _uid(request: zvt.ReadCard, presented: Presented) -> tuple[TlvNode, ...]:
    control = find(request.tlv, 0x1F15)
    asked = control is not None and bool(control.value) and bool(control.value[0] & _SEND_UID)
    return (node(0x4C, presented.card.uid()),) if asked and presented.way == "tap" else ()
