"""Every path on which a card can go through the agent: a further one is a function and a line in `PATHS`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from terminal_agent.client import Abort, Refund, Sale, StoreCard
from tests.support.counter import progressed
from tests.support.house import House
from tests.support.waiting import LIMIT_S, eventually

AMOUNT = 1250
Drive = Callable[[House, str], Awaitable[None]]


def sale(how: str) -> Drive:
    """An ordinary sale."""

    async def drive(house: House, card: str) -> None:
        view = await house.pay(Sale(**house.stamp(), amount_minor=AMOUNT), card, how)
        assert view.state == "approved", view

    return drive


async def store(house: House, card: str) -> None:
    """A card is kept."""
    view = await house.pay(StoreCard(**house.stamp(), customer="p-1", purpose="recognition"), card)
    assert view.token is not None, view


async def refund(house: House, card: str) -> None:
    """Money given back to the card of a sale."""
    sold = await house.pay(Sale(**house.stamp(), amount_minor=AMOUNT), card)
    stamp = house.stamp()
    view = await house.pay(Refund(**stamp, amount_minor=500, original_operation_id=sold.operation_id), card)
    assert view.state == "approved", view


async def declined(house: House, card: str) -> None:
    """The issuer says no."""
    view = await house.pay(Sale(**house.stamp(), amount_minor=AMOUNT), card, "insert")
    assert view.state == "declined", view


async def aborted(house: House, card: str) -> None:
    """Staff stop it when the card is read already."""
    await house.station.fault("host", "delay", command="sale", seconds=0.5)
    pending = await house.start(Sale(**house.stamp(), amount_minor=AMOUNT))
    await house.station.present(card, "tap")
    await progressed(house, pending, "authorizing")
    await house.ask(Abort(**house.stamp(), target_operation_id=pending.operation_id))
    await pending.outcome(LIMIT_S)


def troubled(when: str, what: str, **more: float) -> Drive:
    """The line does something wrong in the middle."""

    async def drive(house: House, card: str) -> None:
        await house.station.fault(when, what, command="sale", **more)
        pending = await house.start(Sale(**house.stamp(), amount_minor=AMOUNT))
        await house.station.present(card, "tap")
        await pending.outcome(LIMIT_S)
        await house.ready()

    return drive


async def killed(house: House, card: str) -> None:
    """Kill -9 once the result is on disk, and a restart that finds out."""
    await house.station.fault("result_acked", "silence", command="sale", seconds=1.5)
    pending = await house.start(Sale(**house.stamp(), amount_minor=AMOUNT))
    await house.station.present(card, "tap")
    await eventually(
        lambda: house.agent.stage_of(pending.operation_id)[0] == "result_seen", "the result is on disk"
    )
    house.agent.kill()
    house.start_agent()
    await pending.outcome(LIMIT_S)
    await house.agent_ready()
    await house.ready()


@dataclass(frozen=True, slots=True)
class Way:
    """What happens, and with which card of the simulator."""

    drive: Drive
    card: str


PATHS: Mapping[str, Way] = {
    "sale, tap": Way(sale("tap"), "visa_second"),
    "sale, insert": Way(sale("insert"), "mastercard_2series"),
    "sale, swipe": Way(sale("swipe"), "diners"),
    "store card": Way(store, "discover"),
    "refund": Way(refund, "amex"),
    "declined": Way(declined, "declined"),
    "aborted": Way(aborted, "visa"),
    "garbage on the line": Way(troubled("before_result", "bad_crc"), "jcb"),
    "cable cut before the booking": Way(troubled("result_sent", "cut", seconds=0.4), "mastercard"),
    "cable cut after the booking": Way(troubled("booked", "cut", seconds=0.4), "low_limit"),
    "crash": Way(killed, "visa_second"),
}
SHORT = frozenset({"sale, tap", "store card", "crash"})
