"""How a simulated vault is set up, and what it is told to do wrong. One TOML file.

[vault]     keys of VaultSettings
[[fault]]   keys of VaultFault

A fault strikes at a moment of one request, and is used up:

    received   the request came, nothing was done
    done       it was carried out and booked, nothing is answered yet

What can go wrong, with `command` the transaction's name on the wire, or any, or status for a status check:

    cut        hangs up without a byte
    half       hangs up in the middle of the answer (done only: there is none before)
    slow       answers `seconds` late
    timed_out  answers that its host timed out
    error      answers a global error receipt
    decline    received: the issuer declines with ISO code `value`
    duplicate  received: says that it has seen this order id
    http       answers HTTP status `value`
    garbage    answers something that is no XML
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from simulator.declared import SettingError, build, read_toml, tables

Moment = Literal["received", "done"]
Trouble = Literal[
    "cut", "half", "slow", "timed_out", "error", "decline", "duplicate", "http", "garbage"
]  # fmt: skip
_ONLY_BEFORE = ("decline", "duplicate")


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultFault:
    """One planned trouble. `times` 0 is for ever; `nth` 0 is each request of that name."""

    when: Moment
    what: Trouble
    times: int = 1
    command: str = "any"
    nth: int = 0
    seconds: float = 0.0
    value: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultSettings:
    """`stores` are "store:token"; those here are the acquirer's public test stores. `penny`: amounts choose
    their answer, as on the acquirer's test host. `visa_debit` are last four digits of cards that are. Only
    pages of `frame_ancestors` may hold the entry page in a frame and hear of its tokens. `status_tells`: of a
    refund or a correction a status check tells that very transaction, or the payment of the order: which of
    the two the acquirer's gateway does is not confirmed [?]."""

    stores: tuple[str, ...] = ("store1:yesguy", "store5:yesguy", "moneris:hurgle")
    penny: bool = True
    seed: int = 0
    currency: str = "CAD"
    terminal: str = "66012345"  # the first eight digits of a reference number
    temporary_s: float = 900.0  # how long a token of the entry page lives
    visa_debit: tuple[str, ...] = ()
    frame_ancestors: tuple[str, ...] = ()
    status_tells: Literal["own", "payment"] = "own"


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultPlan:
    """A vault's settings and its faults."""

    settings: VaultSettings = field(default_factory=VaultSettings)
    faults: tuple[VaultFault, ...] = ()


def load(path: Path) -> VaultPlan:
    """The plan in a file. SettingError names file, key, value and what is allowed; OSError is left alone."""
    found = read_toml(path.read_text(encoding="utf-8"), ("vault", "fault"), str(path))
    settings = build(VaultSettings, found.get("vault", {}), f"{path}: vault")
    for store in settings.stores:
        name, colon, token = store.partition(":")
        if not (name and colon and token):
            raise SettingError(f"{path}: vault.stores: holds {store!r}; allowed: texts as store5:yesguy")
    faults = tuple(_fault(table, where) for table, where in tables(found, "fault", str(path)))
    return VaultPlan(settings=settings, faults=faults)


def _fault(table: object, where: str) -> VaultFault:
    if isinstance(table, dict) and not {"when", "what"} <= set(table):
        raise SettingError(f"{where}: is not complete; allowed: a table with at least when and what")
    fault = build(VaultFault, table, where)
    if (fault.when, fault.what) == ("received", "half"):
        raise SettingError(f"{where}: half belongs to done: before it there is no answer to halve")
    if fault.when == "done" and fault.what in _ONLY_BEFORE:
        raise SettingError(f"{where}: {fault.what} belongs to received: once it is done it is decided")
    return fault
