"""The agent as a real process, with a real settings file."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.pki import Credentials
from tests.support.programs import Program
from tests.support.station import Scalar, Station, table

# Losses are noticed and doubts settled quickly, on a machine that may be busy with other tests.
QUICK_OPTIONS: Mapping[str, Scalar] = {"redial_s": 0.5, "nothing_stored_code": 0xFB}


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """One terminal in the agent's settings: its tables, as a TOML file has them."""

    id: str = "t1"
    protocol: str = "zvt"
    serial: Mapping[str, Scalar] = field(default_factory=dict)
    tcp: Mapping[str, Scalar] = field(default_factory=dict)
    usb: Mapping[str, Scalar] = field(default_factory=dict)
    gateway: Mapping[str, Scalar] = field(default_factory=dict)
    tls: Mapping[str, Scalar] = field(default_factory=dict)  # of the gateway
    keys: Mapping[str, object] = field(default_factory=dict)
    token: Mapping[str, Scalar] = field(default_factory=lambda: {"scope": "merchant-1"})
    limits: Mapping[str, Scalar] = field(default_factory=dict)
    options: Mapping[str, Scalar] = field(default_factory=dict)

    def text(self) -> str:
        """Its part of the settings file."""
        head = {"id": self.id, "name": f"Terminal {self.id}", "protocol": self.protocol, **self.keys}
        parts = [table("[[terminals]]", head)]
        for name in ("serial", "tcp", "usb", "gateway", "tls", "token", "limits"):
            if values := getattr(self, name):
                title = "gateway.tls" if name == "tls" else name
                parts.append(table(f"[terminals.{title}]", values))
        quick = QUICK_OPTIONS if self.protocol == "zvt" else {}
        parts.append(table("[terminals.options]", {**quick, **self.options}))
        return "\n".join(parts)


def desk_of(station: Station, desk_id: str, more: Mapping[str, Any]) -> Desk:
    """A desk wired to a simulated terminal, with further tables."""
    wired: dict[str, Any] = {"tcp": {"host": "127.0.0.1", "port": station.port}}
    if station.plan.wire == "pty":
        wired = {"serial": {"path": str(station.tty)}}
    return Desk(**{"id": desk_id, **wired, **more})


class AgentProcess(Program):
    """`python -m terminal_agent run --config FILE`, on a folder that outlives it."""

    def __init__(self, agent_id: str, folder: Path, clinic: str) -> None:
        self.id = agent_id
        self.clinic = clinic
        self.folder = folder
        self.state_dir = folder / "state"
        self.config = folder / "agent.toml"
        self.state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        super().__init__(["-m", "terminal_agent", "run", "--config", str(self.config)], folder / "agent.log")

    def configure(
        self, port: int, credentials: Credentials | None, desks: Sequence[Desk], *, log_level: str = "debug"
    ) -> None:
        """Write the settings file: the broker on this machine, with mutual TLS; None: without."""
        agent = {"clinic": self.clinic, "id": self.id, "point_of_service": "Accueil"}
        parts = [
            table("[agent]", {**agent, "state_dir": str(self.state_dir)}),
            table("[log]", {"level": log_level}),
            table("[broker]", {"host": "localhost", "port": port}),
            *([_tls(credentials)] if credentials else []),
            table("[journal]", {"floor_mib": 1, "reserve_mib": 1}),
            *(desk.text() for desk in desks),
        ]
        self.config.write_text("\n".join(parts), encoding="utf-8")

    @property
    def journal(self) -> Path:
        """The journal's file."""
        return self.state_dir / "journal.sqlite3"

    @property
    def reserve(self) -> Path:
        """What keeps a place on the disk for operations that are open when it is full."""
        return self.journal.with_suffix(".reserve")

    def lose_journal(self) -> None:
        """As if the disk had been changed: nothing of the journal is left."""
        assert not self.running, "its journal is open"
        for path in self.state_dir.glob("journal.*"):
            path.unlink()

    def stage_of(self, operation_id: str) -> tuple[str, tuple[str, ...]]:
        """The operation's state in the journal, and the stages that were marked, as they are on disk now."""
        with self._looking() as database:
            row = database.execute("SELECT state FROM operations WHERE id = ?", (operation_id,)).fetchone()
            marks = database.execute(
                "SELECT stage FROM marks WHERE operation_id = ? ORDER BY no", (operation_id,)
            ).fetchall()
        return (row[0] if row else "absent"), tuple(stage for (stage,) in marks)

    def event_states(self, operation_id: str) -> list[str]:
        """The states that facts about the operation tell, in the order of the journal."""
        with self._looking() as database:
            rows = database.execute(
                "SELECT json_extract(data, '$.state') FROM events WHERE operation_id = ?"
                " ORDER BY epoch_no, seq",
                (operation_id,),
            ).fetchall()
        return [state for (state,) in rows]

    def last_seq(self) -> int:
        """The number of the newest fact of the current epoch."""
        with self._looking() as database:
            (seq,) = database.execute("SELECT last_seq FROM current").fetchone()
        return int(seq)

    @contextmanager
    def _looking(self) -> Iterator[sqlite3.Connection]:
        """A copy of the files as they are: looking must not change what the next start finds."""
        copy = self.folder / "look"
        shutil.rmtree(copy, ignore_errors=True)
        copy.mkdir()
        for path in self.state_dir.glob("journal.sqlite3*"):
            if not path.name.endswith("-shm"):
                shutil.copy(path, copy / path.name)
        database = sqlite3.connect(copy / self.journal.name)
        try:
            yield database
        finally:
            database.close()


def _tls(credentials: Credentials) -> str:
    files = {"ca": credentials.ca, "certificate": credentials.certificate, "key": credentials.key}
    return table("[broker.tls]", {name: str(path) for name, path in files.items()})
