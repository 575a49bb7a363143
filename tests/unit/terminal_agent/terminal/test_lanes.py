"""From settings to workers: one for a terminal, two where a vault works beside its reader."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

from pydantic import SecretStr

from protocols.core.operations import NAMES, ChargeCard, Request, StoreCard, amount_of
from protocols.core.outcomes import Approved
from protocols.core.values import Money
from simulator.cards import CARDS
from terminal_agent.commands.entries import Admitted
from terminal_agent.commands.lifecycle import Lifecycle
from terminal_agent.journal.facts import Row
from terminal_agent.settings.terminal import Limits, Tcp, Terminal, Token, Usb
from terminal_agent.settings.types import Tls
from terminal_agent.terminal.fleet import BESIDE, Fleet
from terminal_agent.terminal.lanes import Around, make_workers
from tests.support.memory_journal import MemoryJournal
from tests.support.operations import operation_id
from tests.support.reader_shop import Remains
from tests.support.virtual_clock import run_virtual
from tests.support.virtual_counter import VirtualUsb, VirtualVault
from tests.support.virtual_terminal import START, LoopClock
from tests.support.worker_desk import Ears


def around() -> Around:
    """What the rest of an agent would be."""
    clock = LoopClock()
    journal = MemoryJournal(clock, Random(1).randbytes)
    lifecycle = Lifecycle(journal, clock)
    return Around(
        lifecycle=lifecycle, journal=journal, clock=clock, herald=Ears(), entropy=Random(1).randbytes
    )


def test_a_worker_is_made_as_the_settings_want_it() -> None:
    async def main() -> None:
        terminal = Terminal(
            id="front",
            name="Accueil",
            protocol="zvt",
            tcp=Tcp(host="127.0.0.1", port=1),
            operations=frozenset({"sale", "refund"}),
            token=Token(kind="chargeable", scope="merchant-1"),
            limits=Limits(largest_sale_minor=500, refunds_per_day=3),
        )
        (worker,) = make_workers(terminal, around()).values()
        available = worker.standing.availability()
        assert not available.online
        assert (available.limits.largest_sale_minor, available.limits.refunds_per_day) == (500, 3)
        assert available.capabilities.operations == {"sale", "refund"}
        assert available.capabilities.token_kind == "chargeable"
        assert (worker.terminal, available.currency) == ("front", "CAD")

    run_virtual(main())


# --- a reader with its vault ------------------------------------------------------------------------------

STORE, AGAIN, CHARGE = (operation_id(START, number) for number in (1, 2, 3))
READER = Terminal(
    id="front",
    name="Accueil",
    protocol="idtech_moneris",
    usb=Usb(vid="0acd"),
    gateway=Tcp(host="vault.example", port=443, tls=Tls(ca=Path("ca.pem"))),
    token=Token(kind="chargeable", scope="m-1"),
    options={"store_id": SecretStr("store5"), "api_token": SecretStr("yesguy")},
)


class Counter:
    """Both workers of the terminal in a fleet, with a virtual reader and a virtual vault."""

    def __init__(self) -> None:
        remains = Remains()
        self.usb, self.vault = VirtualUsb(remains.device), VirtualVault(remains.desk)
        self.around = around()
        ways = {"reader": self.usb.endpoint, "gateway": self.vault.endpoint}
        self.workers = make_workers(READER, self.around, lambda _terminal: ways)
        self.fleet = Fleet(self.workers, report=lambda: None, rescan=lambda: None)
        self.around.lifecycle.listen(self.fleet.heard)
        self.standing = self.workers["front"].standing

    async def begin(self, operation: Request) -> None:
        """Admit it and begin it, through the fleet."""
        op = NAMES[type(operation)]
        admitted = Admitted(
            operation_id=operation.operation_id,
            terminal="front",
            op=op,
            hash="00" * 32,
            code=None,
            operation=operation,
            amount=amount_of(operation),
        )
        applied = await self.around.lifecycle.apply(admitted, "front")
        assert applied.row is not None
        within = asyncio.get_running_loop().time() + 60.0
        self.fleet.begin("front", operation, applied.row.attempt, within)
        await asyncio.sleep(1.0)

    def parts(self) -> dict[str, str]:
        """The codes of the terminal's parts."""
        return {name: part.code for name, part in self.standing.state(START).parts.items()}

    async def row(self, name: str) -> Row:
        """As the journal holds it."""
        row = await self.around.journal.read(lambda reader: reader.operation(name))
        assert row is not None
        return row

    async def stored(self) -> Approved:
        """A card is stored."""
        await self.begin(StoreCard(operation_id=STORE, entry_modes=("swipe",), charged_later=True))
        self.usb.device.swipe(CARDS["visa"])
        await asyncio.sleep(1.0)
        outcome = (await self.row(STORE)).outcome
        assert isinstance(outcome, Approved)
        return outcome


@asynccontextmanager
async def at_the_counter() -> AsyncIterator[Counter]:
    counter = Counter()
    tasks = [asyncio.create_task(worker.run()) for worker in counter.workers.values()]
    await asyncio.sleep(1.0)
    yield counter
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


def test_each_lane_answers_for_what_it_does_and_the_terminal_for_both() -> None:
    async def main() -> None:
        async with at_the_counter() as counter:
            by_card = counter.fleet.availability("front", "sale")
            by_token = counter.fleet.availability("front", "charge_card")
            assert by_card is not None
            assert by_token is not None
            assert (by_card.online, by_token.online) == (True, True)
            assert by_card.capabilities.operations == {"store_card", "sale"}
            assert not by_card.capabilities.operations & by_token.capabilities.operations
            told = set(counter.standing.caps().operations)
            assert told == by_card.capabilities.operations | by_token.capabilities.operations
            assert counter.standing.state(START).state == "ready"
            assert counter.parts() == {"reader": "ready", "vault": "ready"}

    run_virtual(main())


def test_a_card_on_file_is_charged_while_a_capture_waits_for_its_card() -> None:
    async def main() -> None:
        async with at_the_counter() as counter:
            kept = await counter.stored()
            assert kept.token is not None
            await counter.begin(StoreCard(operation_id=AGAIN, entry_modes=("swipe",), charged_later=True))
            assert counter.standing.state(START).state == "busy"
            beside = counter.fleet.availability("front", "charge_card")
            assert beside is not None
            assert not beside.busy
            charge = ChargeCard(
                operation_id=CHARGE,
                token=kept.token.value,
                amount=Money(4_000),
                use="merchant",
                issuer_id=kept.details["network_transaction_id"],
            )
            await counter.begin(charge)
            assert (await counter.row(CHARGE)).state == "approved"
            assert (await counter.row(AGAIN)).state == "accepted"
            counter.usb.device.swipe(CARDS["mastercard"])
            await asyncio.sleep(1.0)
            assert (await counter.row(AGAIN)).state == "approved"

    run_virtual(main())


def test_without_its_reader_the_terminal_is_offline_and_its_vault_still_works() -> None:
    async def main() -> None:
        async with at_the_counter() as counter:
            kept = await counter.stored()
            assert kept.token is not None
            counter.usb.unplug()
            await asyncio.sleep(1.0)
            state = counter.standing.state(START)
            assert (state.state, state.code) == ("offline", "reader_away")
            assert "Rebranchez-le" in state.parts["reader"].text.fr
            assert counter.parts() == {"reader": "reader_away", "vault": "ready"}
            await counter.begin(
                ChargeCard(
                    operation_id=CHARGE,
                    token=kept.token.value,
                    amount=Money(4_000),
                    use="cardholder",
                    issuer_id=kept.details["network_transaction_id"],
                )
            )
            assert (await counter.row(CHARGE)).state == "approved"
            counter.usb.plug()
            await asyncio.sleep(2.0)
            assert counter.standing.state(START).state == "ready"

    run_virtual(main())


def test_a_gateway_that_closes_idle_connections_is_not_away() -> None:
    async def main() -> None:
        async with at_the_counter() as counter:
            counter.vault.cut()
            await asyncio.sleep(1.0)
            assert counter.standing.state(START).state == "ready"
            counter.vault.away = True
            await asyncio.sleep(70.0)
            state = counter.standing.state(START)
            assert (state.state, state.code) == ("offline", "vault_unreachable")
            assert counter.parts() == {"reader": "ready", "vault": "vault_unreachable"}
            assert "nobody listens" in (state.detail or "")
            counter.vault.away = False
            await asyncio.sleep(10.0)
            assert counter.standing.state(START).state == "ready"

    run_virtual(main())


def test_a_lost_charge_is_asked_about_by_the_lane_that_made_it() -> None:
    async def main() -> None:
        async with at_the_counter() as counter:
            kept = await counter.stored()
            assert kept.token is not None
            counter.vault.cut()
            await asyncio.sleep(1.0)
            counter.vault.late_s = 2.0
            await counter.begin(
                ChargeCard(
                    operation_id=CHARGE,
                    token=kept.token.value,
                    amount=Money(4_000),
                    use="merchant",
                    issuer_id=kept.details["network_transaction_id"],
                )
            )
            assert (await counter.row(CHARGE)).state == "in_doubt"
            assert counter.workers["front" + BESIDE].standing.open.keys() == {CHARGE}
            assert counter.standing.open == {}
            await asyncio.sleep(30.0)
            assert (await counter.row(CHARGE)).state == "approved"

    run_virtual(main())
