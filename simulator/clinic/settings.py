"""How a sample clinic is set up: one TOML file.

[clinic]   keys of ClinicSettings
[broker]   keys of BrokerSettings
[vault]    keys of VaultAccess; absent: no card is taken online
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from protocols.contract.fields import Locale
from simulator.declared import SettingError, build, read_toml


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
class ClinicPlan:
    """All settings; relative paths are of the file's folder."""

    clinic: ClinicSettings
    broker: BrokerSettings = field(default_factory=BrokerSettings)
    vault: VaultAccess | None = None
    folder: Path = Path()

    def path(self, name: str) -> Path | None:
        """A file that a setting names; None for an empty one."""
        return self.folder / name if name else None


def load(path: Path) -> ClinicPlan:
    """The plan in a file. SettingError names file, key, value and what is allowed; OSError is left alone."""
    found = read_toml(path.read_text(encoding="utf-8"), ("clinic", "broker", "vault"), str(path))
    for part, needed in (("clinic", ("id",)), ("vault", ("url", "store_id", "api_token_file", "scope"))):
        table = found.get(part, {} if part == "clinic" else None)
        if isinstance(table, dict) and (missing := [key for key in needed if key not in table]):
            raise SettingError(f"{path}: {part}: {', '.join(missing)} is missing")
    clinic = build(ClinicSettings, found.get("clinic", {}), f"{path}: clinic")
    if not clinic.address.rpartition(":")[2].isdecimal():
        raise SettingError(f"{path}: clinic.address: is {clinic.address!r}; allowed: HOST:PORT")
    vault = build(VaultAccess, found["vault"], f"{path}: vault") if "vault" in found else None
    broker = build(BrokerSettings, found.get("broker", {}), f"{path}: broker")
    return ClinicPlan(clinic=clinic, broker=broker, vault=vault, folder=path.parent.absolute())
