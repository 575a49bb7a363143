"""Our agent as a process, set up as somebody would who has read config/agent.example.toml."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from simulator.demo import broker as embedded
from tests.support.broker import ROOT, wait_until_it_listens

CLINIC, AGENT = "clinique-parc", "agent-accueil"
Table = Mapping[str, object]


def table(head: str, values: Table) -> str:
    """A TOML table of plain values."""
    return "\n".join([head, *(f"{key} = {json.dumps(value)}" for key, value in values.items()), ""])


def terminal(name: str, wire: Table, *, head: Table | None = None, **tables: Table) -> str:
    """One terminal's tables: on a serial line if the wire has a path."""
    parts = [table("[[terminals]]", {"id": name, "name": name, "protocol": "zvt", **(head or {})})]
    parts.append(table("[terminals.serial]" if "path" in wire else "[terminals.tcp]", wire))
    parts.extend(table(f"[terminals.{key}]", values) for key, values in tables.items())
    return "\n".join(parts)


class ForeignAgent:
    """`terminal-agent run`, to be started again at will."""

    def __init__(self, folder: Path, port: int, terminals: Sequence[str], **broker: object) -> None:
        self.folder, self.log = folder, folder / "agent.log"
        self.config = folder / "agent.toml"
        (folder / "state").mkdir(mode=0o700, exist_ok=True)
        agent = {"clinic": CLINIC, "id": AGENT, "point_of_service": "Accueil", "state_dir": "state"}
        parts = [
            table("[agent]", agent),
            table("[log]", {"level": "debug"}),
            table("[broker]", {"host": "127.0.0.1", "port": port, **broker}),
            table("[journal]", {"floor_mib": 1, "reserve_mib": 1}),
        ]
        self.config.write_text("\n".join([*parts, *terminals]), encoding="utf-8")
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def said(self) -> str:
        """Its log."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def start(self) -> None:
        """Start it."""
        with self.log.open("ab") as said:
            arguments = [sys.executable, "-m", "terminal_agent", "run", "--config", str(self.config)]
            self.process = subprocess.Popen(arguments, cwd=ROOT, stdout=said, stderr=said)

    def stop(self, *, kill: bool = False) -> int:
        """End it, and its exit code."""
        assert self.process is not None
        if kill:
            self.process.kill()
        else:
            self.process.terminate()
        return self.process.wait(30)


@contextmanager
def running(agent: ForeignAgent) -> Iterator[ForeignAgent]:
    """The agent from its start to its end."""
    agent.start()
    try:
        yield agent
    finally:
        agent.stop()


@contextmanager
def embedded_broker(folder: Path) -> Iterator[int]:
    """The demo's broker, MQTT 5 on loopback; its port."""
    port = embedded.free_port()
    embedded.write_config(folder / "broker.toml", port)
    with (folder / "broker.log").open("wb") as said:
        command = [sys.executable, "-m", "simulator.demo.broker", str(folder / "broker.toml")]
        process = subprocess.Popen(command, cwd=ROOT, stdout=said, stderr=said)
    try:
        wait_until_it_listens(port, process, folder / "broker.log")
        yield port
    finally:
        process.kill()
        process.wait(10)
