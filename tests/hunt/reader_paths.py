"""Every path of a card through an encrypting reader and its vault: a further one is a line in `PATHS`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from protocols.contract.commands import TerminalCommand
from simulator.cards import CARDS
from simulator.reader.faults import ReadFault, ReadTrouble
from simulator.vault.settings import VaultFault
from terminal_agent.client import Sale
from tests.support.reader_house import READER, Counter
from tests.support.waiting import LIMIT_S, eventually

Drive = Callable[[Counter, str], Awaitable[None]]
# Ends what a path has begun with another card.
ANOTHER = "visa_second"


def selling(counter: Counter) -> Sale:
    """Money taken with the card at hand."""
    return Sale(**counter.house.stamp(), amount_minor=2_000)


def given(make: Callable[[Counter], TerminalCommand], cvv: str | None = None) -> Drive:
    """Swiped, or keyed with its security code."""

    async def drive(counter: Counter, card: str) -> None:
        await counter.give(make(counter), card, cvv)

    return drive


def vault_fails(when: str, what: str, seconds: float = 0.0) -> Drive:
    """The vault or the way to it fails in the middle."""

    async def drive(counter: Counter, card: str) -> None:
        fault = VaultFault(when=when, what=what, seconds=seconds)  # type: ignore[arg-type]  # words of a table
        counter.vault.desk.plan(fault)
        await counter.give(selling(counter), card)

    return drive


def misread(what: ReadTrouble) -> Drive:
    """A read that is refused, then a good one of another card."""

    async def drive(counter: Counter, card: str) -> None:
        pending = await counter.house.start(selling(counter), READER)
        await counter.asked(pending)
        heard = len(counter.house.traffic.heard)
        counter.reader.plan(ReadFault(what=what))
        counter.reader.swipe(CARDS[card])
        await eventually(lambda: len(counter.house.traffic.heard) > heard, "the refusal is told")
        counter.reader.swipe(CARDS[ANOTHER])
        await pending.outcome(LIMIT_S)

    return drive


async def unarmed(counter: Counter, card: str) -> None:
    """A card through the reader while nobody asked for one."""
    counter.reader.swipe(CARDS[card])
    await counter.house.alert("card_ignored")


async def killed(counter: Counter, card: str) -> None:
    """Kill -9 while the vault works on it, and a restart that finds out."""
    counter.vault.desk.plan(
        VaultFault(when="done", what="slow", command="enc_card_verification", seconds=30.0)
    )
    pending = await counter.house.start(counter.storing(), READER)
    await counter.asked(pending)
    counter.reader.swipe(CARDS[card])
    await eventually(lambda: "verification" in counter.vault.kinds(pending.operation_id), "it is booked")
    await counter.kill()
    await counter.start()
    await pending.outcome(LIMIT_S)


@dataclass(frozen=True, slots=True)
class Way:
    """What happens, and with which card. `in_clear`: the reader itself tells the number, which is refused."""

    drive: Drive
    card: str
    in_clear: bool = False


PATHS: Mapping[str, Way] = {
    "store, swiped": Way(given(Counter.storing), "discover"),
    "store, keyed": Way(given(lambda counter: counter.storing("keyed"), "123"), "mastercard"),
    "sale, swiped": Way(given(selling), "jcb"),
    "declined": Way(given(selling), "declined"),
    "bad checksum": Way(misread("bad_sum"), "mastercard_2series"),
    "truncated": Way(misread("truncated"), "diners"),
    "original format": Way(misread("original_format"), "visa", in_clear=True),
    "clear tracks": Way(misread("clear_tracks"), "blocked", in_clear=True),
    "a read nobody asked for": Way(unarmed, "amex"),
    "crash": Way(killed, "jcb"),
    "lost answer": Way(vault_fails("done", "cut"), "amex"),
}
SHORT = frozenset({"store, keyed", "clear tracks", "crash"})
