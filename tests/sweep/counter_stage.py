"""A reader and a vault, at which the same order is given again and again. The clinic keeps its cards in order
meanwhile: what it knows of it forgets between two orders, and then the vault must keep nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Literal

from protocols.contract.commands import TerminalCommand
from protocols.contract.operation import OperationView
from simulator.acquirer.lines import Line
from simulator.acquirer.totals import tokens_kept
from simulator.vault.settings import VaultFault
from terminal_agent.client import (
    ChargeCard,
    DeleteCard,
    Pending,
    Refund,
    RejectedError,
    Reversal,
    Sale,
    VerifyCard,
)
from tests.support.broker import Broker
from tests.support.house import House
from tests.support.reader_house import CONSENT, READER, SCOPE, Counter, a_counter, of
from tests.support.vault_truth import assert_true_at_vault
from tests.support.waiting import LIMIT_S, eventually, eventually_asked
from tests.sweep.stage import AMOUNT, when_asked_for_card
from tests.sweep.tracing import Traced

Order = Literal[
    "store_swiped", "store_keyed", "sale", "appointment", "no_show", "verify", "delete", "refund", "reversal"
]  # fmt: skip
_A_MONTH = timedelta(days=31)
# The security code of a keyed card; the others are swiped.
_KEYED: Mapping[Order, str] = {"store_keyed": "123"}
_BY_CARD = frozenset({"store_swiped", "store_keyed", "sale"})
_OF_KEPT_CARD = frozenset({"appointment", "no_show", "verify", "refund", "reversal"})
# How the vault books that a card on file was used: by whom, and that it was not for the first time.
_USED: Mapping[Order, str] = {"appointment": "Z/2", "no_show": "U/2"}


class CounterStage:
    """See Stage. `fault` strikes each order at the vault."""

    def __init__(self, counter: Counter, order: Order, fault: VaultFault | None) -> None:
        self.counter = counter
        self._order, self._fault = order, fault
        self._stored: list[Pending] = []
        self._kept: OperationView | None = None  # the card that the order is about
        self._paid = ""  # the payment that it is about
        self._boots = -1

    @property
    def house(self) -> House:
        """See Stage."""
        return self.counter.house

    @property
    def port(self) -> int:
        """Of the vault."""
        return self.counter.vault.port

    async def open(self) -> None:
        """A card on file, for those orders that are about one for good; a month ago."""
        if self._order in _OF_KEPT_CARD:
            self._kept = await self._store()
            self.counter.vault.later = _A_MONTH

    async def ready(self) -> None:
        """See Stage."""
        await self._up()
        if self._order not in _OF_KEPT_CARD:
            await self._forget()
        if self._order == "delete":
            self._kept = await self._store()
        elif self._order in ("refund", "reversal"):
            self._paid = (await self.counter.run(self._charge("appointment"))).operation_id
        if self._fault is not None:
            self.counter.vault.desk.plan(self._fault)

    async def traced(self) -> Traced:
        """All but the thread that reads the reader: on the mocked bus it asks for a report a hundred times a
        second, so that no number of a call would mean anything."""
        pid = await eventually(lambda: _child_of(self.house.agent.pid), "the agent runs on its bus")
        readers = await eventually(lambda: _waiting_at_sockets(pid), "a thread reads the reader")
        return Traced(pid, readers)

    @asynccontextmanager
    async def ordering(self) -> AsyncIterator[Pending]:
        """The order, and the cardholder at its side."""
        pending = await self.house.send(self._command(), READER)
        if self._order.startswith("store"):
            self._stored.append(pending)
        if self._order not in _BY_CARD:
            yield pending
            return
        async with when_asked_for_card(pending, self._present):
            yield pending

    async def start(self) -> float:
        """See Stage. The bus is a new one, too."""
        self._boots = self._boot()
        await self.counter.kill()
        began_s = asyncio.get_running_loop().time()
        await self.counter.launch()
        return began_s

    async def at_rest(self) -> None:
        """What the dead process had sent was booked before the next one was up, and that one has settled."""

    def lines(self) -> Sequence[Line]:
        """See Stage."""
        return self.counter.vault.lines()

    def assert_true(self, view: OperationView, before: int) -> None:
        """See Stage. A payment by a card on file says so."""
        lines = self.lines()
        assert_true_at_vault(view, lines, before)
        used = [line.reason for line in lines[before:] if line.kind == "charge"]
        assert set(used) <= {_USED.get(self._order, "")}, lines[before:]

    # --- the clinic -----------------------------------------------------------------------------------

    def _command(self) -> TerminalCommand:
        stamp = self.house.stamp
        commands: Mapping[Order, Callable[[], TerminalCommand]] = {
            "store_swiped": self.counter.storing,
            "store_keyed": lambda: self.counter.storing("keyed"),
            "sale": lambda: Sale(**stamp(), amount_minor=AMOUNT),
            "appointment": lambda: self._charge("appointment"),
            "no_show": lambda: self._charge("no_show"),
            "verify": lambda: VerifyCard(**stamp(), **of(self._card())),
            "delete": lambda: self._deletion(self._card()),
            "refund": lambda: Refund(**stamp(), amount_minor=AMOUNT, original_operation_id=self._paid),
            "reversal": lambda: Reversal(**stamp(), original_operation_id=self._paid),
        }
        return commands[self._order]()

    def _charge(self, purpose: Literal["appointment", "no_show"]) -> ChargeCard:
        consent = CONSENT if purpose == "no_show" else None
        named = {**self.house.stamp(), **of(self._card())}
        return ChargeCard(**named, amount_minor=AMOUNT, purpose=purpose, consent=consent)

    def _deletion(self, kept: OperationView) -> DeleteCard:
        return DeleteCard(**self.house.stamp(), token=of(kept)["token"], scope=SCOPE)

    def _card(self) -> OperationView:
        assert self._kept is not None, "no card was stored"
        return self._kept

    async def _present(self) -> None:
        self.counter.present(cvv=_KEYED.get(self._order))

    async def _store(self) -> OperationView:
        view = await self.counter.give(self.counter.storing())
        assert (view.state, view.card_stored) == ("approved", "yes"), view
        return view

    async def _forget(self) -> None:
        """Delete every card that the clinic was told of; one whose deletion was interrupted may be gone."""
        views = [pending.latest for pending in self._stored]
        for view in (self._kept, *views):
            if view is not None and view.token is not None:
                code = await eventually_asked(partial(self._deleted, view), "a card is deleted")
                assert code in ("card_deleted", "token_unknown"), code
        self._stored, self._kept = [], None
        assert tokens_kept(self.lines()) == (), "the vault keeps a card of which the clinic does not know"

    async def _deleted(self, view: OperationView) -> str | None:
        """How a deletion ended; None where it has to be asked for anew: the vault hung up, as it was told to,
        or its line is not back yet."""
        pending = await self.house.send(self._deletion(view), READER)
        try:
            code = (await pending.outcome(LIMIT_S)).code
        except RejectedError as refused:
            code = refused.reply.code
        return None if code in ("interrupted", "terminal_offline") else code

    # --- the process ----------------------------------------------------------------------------------

    async def _up(self) -> None:
        """The state of the dead process is still told when the next one is started."""
        await eventually(lambda: self._boot() > self._boots, "the agent has started")
        await self.house.agent_ready()
        await self.counter.ready()

    def _boot(self) -> int:
        state = self.house.client.agents().get(self.house.agent.id)
        return -1 if state is None else state.boot


@asynccontextmanager
async def counter_stage(
    broker: Broker, folder: Path, order: Order, fault: VaultFault | None, settle_s: float
) -> AsyncIterator[CounterStage]:
    """A running house with a reader and a vault."""
    async with a_counter(broker, folder, settle_s=settle_s) as counter:
        stage = CounterStage(counter, order, fault)
        await stage.open()
        yield stage


def _child_of(pid: int) -> int | None:
    """What runs on the bus that this process emulates."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return int(children[0]) if children else None


def _waiting_at_sockets(pid: int) -> frozenset[int]:
    """The threads but the first whose call of this moment is about a socket: its first argument is one."""
    found = set()
    for task in Path(f"/proc/{pid}/task").iterdir():
        call = (task / "syscall").read_text(encoding="ascii").split()
        if int(task.name) != pid and len(call) > 1 and _is_socket(pid, int(call[1], 16)):
            found.add(int(task.name))
    return frozenset(found)


def _is_socket(pid: int, number: int) -> bool:
    path = Path(f"/proc/{pid}/fd/{number}")
    return path.is_symlink() and str(path.readlink()).startswith("socket:")
