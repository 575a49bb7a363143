"""How a sample clinic is set up: one TOML file.

[clinic]   keys of ClinicSettings
[broker]   keys of BrokerSettings
[vault]    keys of VaultAccess; absent: no card is taken online
[[terminals]]   keys of TerminalRecord; what has its record keeps it, the pages change it
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from protocols.contract.fields import Locale
from simulator.declared import SettingError, build, read_toml, tables


@dataclass(frozen=True, slots=True, kw_only=True)
class ClinicSettings:
    """`id` names the clinic in MQTT topics. `address` is where its pages are served, `public` how browsers
    reach them if that differs. A new `database` is filled with a fictional clinic where `seed` is true."""

    id: str
    name: str = "Clinique du Parc"
    address: str = "127.0.0.1:8080"
    public: str = ""
    database: str = "clinic.sqlite"
    time_zone: str = "America/Toronto"
    language: Locale = "fr"
    seed: bool = True

    @property
    def host(self) -> str:
        """Of the address."""
        return self.address.rpartition(":")[0] or "127.0.0.1"

    @property
    def port(self) -> int:
        """Of the address; 0 for any."""
        return int(self.address.rpartition(":")[2])


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerSettings:
    """The broker; with `ca` over TLS, with `certificate` and `key` as somebody."""

    host: str = "127.0.0.1"
    port: int = 1883
    ca: str = ""
    certificate: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultAccess:
    """The vault as the backend itself reaches it, with credentials of its own, and its hosted field. `scope`
    is the merchant account in which the clinic's tokens hold; `ca` the authority that signed the vault."""

    url: str
    store_id: str
    api_token_file: str
    scope: str
    ca: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminalRecord:
    """What a terminal is called, and its point of service, once an agent announces it."""

    agent: str
    terminal: str
    name: str
    point: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClinicPlan:
    """All settings; relative paths are of the file's folder."""

    clinic: ClinicSettings
    broker: BrokerSettings = field(default_factory=BrokerSettings)
    vault: VaultAccess | None = None
    terminals: tuple[TerminalRecord, ...] = ()
    folder: Path = Path()

    def path(self, name: str) -> Path | None:
        """A file that a setting names; None for an empty one."""
        return self.folder / name if name else None


def load(path: Path) -> ClinicPlan:
    """The plan in a file. SettingError names file, key, value and what is allowed; OSError is left alone."""
    found = read_toml(path.read_text(encoding="utf-8"), ("clinic", "broker", "vault", "terminals"), str(path))
    _complete(found.get("clinic", {}), ("id",), f"{path}: clinic")
    clinic = build(ClinicSettings, found.get("clinic", {}), f"{path}: clinic")
    if not clinic.address.rpartition(":")[2].isdecimal():
        raise SettingError(f"{path}: clinic.address: is {clinic.address!r}; allowed: HOST:PORT")
    try:
        ZoneInfo(clinic.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        text = f"is {clinic.time_zone!r}; allowed: a zone's name, as America/Toronto"
        raise SettingError(f"{path}: clinic.time_zone: {text}") from None
    vault = None
    if "vault" in found:
        _complete(found["vault"], ("url", "store_id", "api_token_file", "scope"), f"{path}: vault")
        vault = build(VaultAccess, found["vault"], f"{path}: vault")
    return ClinicPlan(
        clinic=clinic,
        broker=build(BrokerSettings, found.get("broker", {}), f"{path}: broker"),
        vault=vault,
        terminals=tuple(_terminal(table, where) for table, where in tables(found, "terminals", str(path))),
        folder=path.parent.absolute(),
    )


def _terminal(table: object, where: str) -> TerminalRecord:
    _complete(table, ("agent", "terminal", "name", "point"), where)
    return build(TerminalRecord, table, where)


def _complete(table: object, needed: tuple[str, ...], where: str) -> None:
    if isinstance(table, dict) and (missing := [key for key in needed if key not in table]):
        raise SettingError(f"{where}: {', '.join(missing)} is missing")
