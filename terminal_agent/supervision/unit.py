"""What is supervised: a coroutine that is meant to run for ever."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Literal

UnitState = Literal["running", "waiting", "stopped", "money_stopped"]


@dataclass(frozen=True, slots=True)
class Unit:
    """`start` is called at each start and runs until cancelled; `money`: it may move money, so it is stopped
    for good when the journal fails. `grace_s`: the time it has to end when it is cancelled."""

    name: str
    start: Callable[[], Awaitable[None]]
    money: bool = False
    grace_s: float = 5.0


@dataclass(slots=True)
class Record:
    """What is known of a unit now: for `agent/health` and for the tests."""

    state: UnitState = "waiting"
    restarts: int = 0
    failures_in_a_row: int = 0
    last_error: str | None = None


@dataclass(frozen=True, slots=True)
class Crash:
    """A unit ended though nobody had asked. `error` is its type and scrubbed text, `code` stable;
    `next_start_in_s` None: it stays down."""

    unit: str
    code: str
    error: str
    stops_money: bool
    next_start_in_s: float | None


class EndedUnaskedError(Exception):
    """A unit returned, or cancelled itself; units run until they are cancelled."""

    code = "unit_ended"


def stops_money(error: BaseException) -> bool:
    """Whether a failure, or any part or cause of it, says that nothing may move money any more."""
    return any(getattr(one, "stops_money", False) is True for one in _family(error))


def code_of(error: BaseException) -> str:
    """The stable code of a failure: its own, else that of its first part or cause that has one."""
    code = getattr(telling(error), "code", None)
    return code if isinstance(code, str) else "unit_crashed"


def telling(error: BaseException) -> BaseException:
    """The part or cause of a failure that says what happened: the first with a code of its own."""
    return next((one for one in _family(error) if isinstance(getattr(one, "code", None), str)), error)


def _family(error: BaseException) -> Iterator[BaseException]:
    """The error, its parts (a task group wraps what its tasks died of) and what each was raised from."""
    yield error
    parts = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    for one in (*parts, *((error.__cause__,) if error.__cause__ is not None else ())):
        yield from _family(one)
