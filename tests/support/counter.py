"""What happens at a counter, for tests with a whole house: sales, and what is said of them."""

from __future__ import annotations

from protocols.contract.fields import Text
from protocols.contract.operation import OperationView
from terminal_agent.client import Pending, Sale
from tests.support.house import House
from tests.support.truth import assert_true
from tests.support.waiting import eventually


def says(text: Text | None, fr: str, en: str) -> None:
    """Both languages are there, each says its own words, and they are not the same."""
    assert text is not None
    assert fr in text.fr
    assert en in text.en
    assert text.fr != text.en


def approved(house: House, view: OperationView, before: int) -> None:
    """Approved, and in the ledger; the terminal's own words are in its language."""
    assert (view.state, view.code) == ("approved", "approved"), view
    says(view.text, "approuvée", "approved")
    assert view.terminal_text == {"fr": "APPROUVÉE", "en": "APPROVED"}[house.locale]
    assert_true(view, house.lines(), before)


def booked_so_far(house: House) -> int:
    """How many lines the ledger has."""
    return len(house.lines())


async def sold(house: House, amount_minor: int = 1250) -> OperationView:
    """A sale that was approved."""
    view = await house.pay(Sale(**house.stamp(), amount_minor=amount_minor))
    assert view.state == "approved", view
    return view


async def progressed(house: House, pending: Pending, state: str) -> None:
    """Wait until the operation is told to be there."""
    await eventually(
        lambda: any(body["state"] == state for body in house.traffic.progress(pending.operation_id)),
        f"the operation is {state}",
    )


async def restarted(house: House) -> None:
    """The agent again, ready for money."""
    before = house.client.agents()[house.agent.id]
    house.start_agent()

    def booted() -> bool:
        now = house.client.agents()[house.agent.id]
        return (now.epoch, now.boot) != (before.epoch, before.boot)

    await eventually(booted, "the next boot")
    await house.agent_ready()
    await house.ready()
