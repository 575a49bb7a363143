"""What people see of a transaction: present the card, type the PIN, wait for the host, take the card back."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.acquirer.acquirer import Decision
from simulator.cardholder import Act
from simulator.cards import TestCard, Way
from simulator.faults import Fault
from simulator.zvt import prompts
from simulator.zvt.console import Console
from simulator.zvt.script import AwaitAct, Script, StoppedError
from simulator.zvt.state import Transaction

ABORTED = 0x6C
_PIN_TRIES = 3
_TOO_MANY_TRIES = 75  # the issuer's code
_ALL_WAYS: frozenset[Way] = frozenset({"insert", "tap", "swipe", "keyed"})


@dataclass(frozen=True, slots=True)
class Presented:
    """A card at the terminal, and how it came there."""

    card: TestCard
    way: Way


def take_card(
    console: Console, ways: frozenset[Way] = _ALL_WAYS, timeout_s: float | None = None
) -> Script[Presented]:
    """Ask for a card and get one. Raises StoppedError 6C on time-out, the stop key, 06 B0."""
    console.abortable = True
    console.cardholder.arrive()
    yield from console.moment("card")
    yield from remove_card(console)
    deadline = console.now + (timeout_s or console.settings.card_timeout_s)
    yield from console.status(prompts.INSERT_CARD)
    console.cardholder.prompted("card", console.now)
    while True:
        until = min(deadline, console.now + console.settings.status_every_s)
        presented = yield from _presented(console, until)
        if presented is None and console.now >= deadline:
            raise StoppedError(ABORTED)
        if presented is None:
            yield from console.status(prompts.INSERT_CARD)
        elif presented.way in ways and presented.way in presented.card.ways:
            return presented
        else:
            yield from console.status(prompts.NOT_ACCEPTED)
            yield from remove_card(console)


def _presented(console: Console, until: float) -> Script[Presented | None]:
    if console.slot is None:
        act = yield from console.act(until, _ALL_WAYS)
        if act is None or act.card is None:
            return None
        return Presented(act.card, _way(act))
    return Presented(console.slot, "insert")  # put in while the ECR was being told something


def _way(act: Act) -> Way:
    return act.kind if act.kind in ("insert", "tap", "swipe") else "keyed"


def verify(console: Console, presented: Presented, amount_minor: int) -> Script[str]:
    """Ask for the PIN where one is due: "pin" or "". Raises StoppedError, with code 75 after three tries."""
    if not _needs_pin(console, presented, amount_minor):
        return ""
    for _ in range(_PIN_TRIES):
        yield from console.status(prompts.WATCH_PIN_PAD)
        console.cardholder.prompted("pin", console.now)
        act = yield from console.act(console.now + console.settings.pin_timeout_s, {"pin", "remove"})
        if act is None or act.kind == "remove" or act.value == "cancel":
            raise StoppedError(ABORTED)
        if act.value == "right" and presented.card.pin_known:
            return "pin"
        yield from console.status(prompts.WRONG_PIN)
    raise StoppedError(_TOO_MANY_TRIES)


def _needs_pin(console: Console, presented: Presented, amount_minor: int) -> bool:
    if not presented.card.pin or presented.way in ("keyed", "swipe"):
        return False
    return presented.way == "insert" or amount_minor > console.settings.contactless_pin_above_minor


def ask_host(
    console: Console, transaction: Transaction, card: TestCard | None, *, refund: bool = False
) -> Script[Decision]:
    """Go on-line. From here on an abort comes too late. Faults may decline or approve a part."""
    console.abortable = False
    yield from console.status(prompts.ASKING_HOST)
    transaction.trace = console.state.next_trace()
    console.save()
    faults = yield from console.moment("host")
    yield from console.pause(console.settings.host_s)
    decision = _decided_by(faults, transaction)
    if decision is None:
        month = console.local_time().strftime("%y%m")
        amount_minor, acquirer = transaction.amount_minor, console.acquirer
        decision = acquirer.authorise(card, amount_minor, month, refund=refund) if card else acquirer.agree()
    transaction.authorisation_code = decision.authorisation_code
    stamp(console, transaction)
    return decision


def _decided_by(faults: tuple[Fault, ...], transaction: Transaction) -> Decision | None:
    """What planned faults make of the host's answer."""
    for fault in faults:
        if fault.what == "decline":
            return Decision(fault.value or 5)
        if fault.what == "partial":
            transaction.amount_minor = min(transaction.amount_minor, fault.value)
    return None


def stamp(console: Console, transaction: Transaction) -> None:
    """Note the terminal's own time."""
    clock = console.local_time()
    transaction.date_yymmdd, transaction.time_hhmmss = clock.strftime("%y%m%d"), clock.strftime("%H%M%S")


def remove_card(console: Console) -> Script[None]:
    """Ask for the card back, and wait a while for it. A cardholder who is gone does not stop the dialogue."""
    if not console.card_inside():
        return
    yield from console.status(prompts.REMOVE_CARD)
    console.cardholder.prompted("remove", console.now)
    until = console.now + console.settings.remove_timeout_s
    while console.card_inside() and console.now < until:
        yield AwaitAct(until, frozenset({"remove"}))


def note_card(console: Console, transaction: Transaction, presented: Presented, *, token: bool) -> None:
    """Put what may be told of the card into the transaction; its token if one is wanted and exists."""
    card = presented.card
    transaction.brand, transaction.label, transaction.card = card.brand, card.label, card.masked
    transaction.expiry_yymm, transaction.way = card.expiry_yymm, presented.way
    transaction.aid = card.aid if presented.way in ("insert", "tap") else ""
    if token and card.storable and console.settings.tokens:
        transaction.token = card.token(console.settings.token_scope).hex()
