"""The people of the clinic: they send their commands one after the other and try again as staff do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from tests.prove import reader_desk
from tests.prove.backend import Command
from tests.prove.schedule import Step
from tests.prove.world import World

_TRIES = 4
_RETRY_S = 6.0
_QUIET_S = 20.0
_PATIENCE_S = 75.0  # for a terminal to become ready, and for an outcome before the next command
_DOUBLE_GOES_S = 3600.0  # the longest that a link stays away from another agent's session
_FOR_GOOD = frozenset({"unsupported", "not_chargeable", "consent_missing", "original_not_open", "expired"})
# design §5 and the recovery's give-up time: after this long an operation is final or a human's.
SETTLED_WITHIN_S = 1000.0


class Desk:
    """One clinic's front desk in one history."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.backend = world.backend
        self._done: dict[int, Command] = {}  # the last command of each step

    async def work(self) -> None:
        """Every command of the plan, then the wait until nothing is open."""
        for index, step in enumerate(self.world.plan.steps):
            await asyncio.sleep(step.pause_s)
            last = index == len(self.world.plan.steps) - 1
            await self._do(index, step, last)
            if index == 0:
                self.world.disk.copy()
        self.world.calm()
        await self._until(lambda: self.world.double.process is None, _DOUBLE_GOES_S)
        await self._until(lambda: self.world.is_connected, _DOUBLE_GOES_S)
        until = asyncio.get_running_loop().time() + SETTLED_WITHIN_S
        while asyncio.get_running_loop().time() < until:
            await self._until(self._all_settled, until - asyncio.get_running_loop().time())
            await self._until(self._all_told, 60.0)
            await asyncio.sleep(_QUIET_S)  # a journal that was restored may open again what had ended
            if self._all_settled() and self._all_told() and not self._humans_decide():
                return

    def _humans_decide(self) -> bool:
        """They look into what was left to them; whether there was anything."""
        left = [command for command in self.backend.commands.values() if command.with_a_human]
        if not self.world.plan.humans_decide or not left:
            return False
        for command in left:
            self.world.decide(command, self.world.chance.randrange(256))
        return True

    async def _do(self, index: int, step: Step, last: bool) -> None:
        for number in range(_TRIES):
            await self._until(self._ready, _PATIENCE_S)
            amount = step.amount_minor + 100 * number
            op, fields = self._fields(step, amount)
            self.world.next_command(index, last, amount)
            self.world.console_expects(step)
            held_s = step.held_back_s if number == 0 else 0.0
            command = self.backend.order(op, index, fields, step.valid_s if number == 0 else 120.0, held_s)
            self.world.say(f"desk: {op} {fields.get('amount_minor', '')} as {command.id[-4:]}")
            self._done[index] = command
            await self._until(lambda asked=command: self._over(asked), _PATIENCE_S)  # type: ignore[misc]  # mypy cannot type the default of a lambda
            self.world.say(f"desk: {command.id[-4:]} is {_told(command)}")
            if not command.rejected or command.refusal in _FOR_GOOD:
                return
            await asyncio.sleep(_RETRY_S)

    def _fields(self, step: Step, amount_minor: int) -> tuple[str, dict[str, object]]:
        original = self._done.get(step.original)
        if self.world.plan.terminal == "reader":
            return reader_desk.fields_of(step, amount_minor, original)
        if original is not None and original.final is not None and original.final["state"] == "approved":
            if step.op == "capture":
                return "capture", {
                    "original_operation_id": original.id,
                    "amount_minor": original.amount_minor,
                }
            return "reversal", {"original_operation_id": original.id}
        match step.op:
            case "store_card":
                return "store_card", {"customer": "customer-1", "purpose": "recognition"}
            case "reconcile" | "diagnose":
                return step.op, {}
            case "refund" | "preauth":
                return step.op, {"amount_minor": amount_minor}
        return "sale", {"amount_minor": amount_minor}

    def _ready(self) -> bool:
        heard = self.backend
        return self.world.is_up and "ready" == heard.terminal_state.get("state") == heard.state.get("state")

    @staticmethod
    def _over(command: Command) -> bool:
        return command.settled or command.with_a_human

    def _all_settled(self) -> bool:
        return all(
            bool(command.replies) and (command.settled or command.with_a_human)
            for command in self.backend.commands.values()
        )

    def _all_told(self) -> bool:
        return self.world.outbox_depth == 0

    async def _until(self, happened: Callable[[], bool], within_s: float) -> bool:
        """Wait for something that the backend hears of."""
        until = asyncio.get_running_loop().time() + within_s
        while not happened():
            left_s = until - asyncio.get_running_loop().time()
            if left_s <= 0:
                return False
            self.backend.changed.clear()
            try:
                async with asyncio.timeout(min(left_s, 5.0)):
                    await self.backend.changed.wait()
            except TimeoutError:
                continue
        return True


def _told(command: Command) -> str:
    if command.rejected:
        return f"rejected: {command.refusal}"
    view = command.final or command.latest
    return f"{view['state']} ({view['code']}), money {view['money']}" if view else "not answered yet"
