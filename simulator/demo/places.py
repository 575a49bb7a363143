"""Where a run of the demo keeps its files.

Each run has a folder of its own below `build/demo`; the last few are kept to be looked at. The cable and the
control sockets live in a short path under the system's temporary folder: a socket's path has 107 bytes.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

_KEPT_RUNS = 5


@dataclass(frozen=True, slots=True)
class Places:
    """The files of one run: `folder` stays, `short` goes when the demo ends."""

    folder: Path
    short: Path

    @property
    def ledger(self) -> Path:
        """The acquirer's money ledger."""
        return self.folder / "ledger.jsonl"

    @property
    def traffic(self) -> Path:
        """All that went over the broker."""
        return self.folder / "traffic.jsonl"

    @property
    def vault_ledger(self) -> Path:
        """The vault's money ledger, and the cards that it keeps."""
        return self.folder / "vault.jsonl"

    @property
    def certificates(self) -> Path:
        """The vault's certificate, and the authority that signed it."""
        return self.folder / "vault-certificates"

    @property
    def vault_settings(self) -> Path:
        """The vault's settings."""
        return self.folder / "vault.toml"

    @property
    def clinic_settings(self) -> Path:
        """The clinic's settings; its database stands beside them."""
        return self.folder / "clinic.toml"

    @property
    def store_id(self) -> Path:
        """The merchant account's name, as agent and clinic read it."""
        return self.folder / "store-id"

    @property
    def api_token(self) -> Path:
        """Its password."""
        return self.folder / "api-token"

    @property
    def agent_settings(self) -> Path:
        """The agent's settings."""
        return self.folder / "agent.toml"

    @property
    def broker_settings(self) -> Path:
        """The broker's settings."""
        return self.folder / "broker.toml"

    @property
    def scenario(self) -> Path:
        """The terminal's settings and its cardholders."""
        return self.folder / "scenario.toml"

    @property
    def terminal_memory(self) -> Path:
        """What the terminal remembers over a restart."""
        return self.folder / "terminal-state.json"

    @property
    def cable(self) -> Path:
        """The serial port that the agent opens."""
        return self.short / "cable"

    @property
    def control(self) -> Path:
        """The terminal's control socket."""
        return self.short / "control"

    @property
    def hands(self) -> Path:
        """The card reader's control socket."""
        return self.short / "reader"

    def log(self, name: str) -> Path:
        """What a program printed."""
        return self.folder / f"{name}.log"


def shown(path: Path) -> str:
    """A path as it is best typed: relative where it lies below the folder we are in."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


@contextmanager
def new_places(root: Path, now: datetime) -> Iterator[Places]:
    """A fresh run below `root`, or below the temporary folder where `root` cannot be written."""
    with tempfile.TemporaryDirectory(prefix="terminal-demo-") as short:
        yield Places(_fresh_folder(root, now).absolute(), Path(short))


def _fresh_folder(root: Path, now: datetime) -> Path:
    name = f"{now:%Y%m%d-%H%M%S}-{os.getpid()}"
    try:
        root.mkdir(parents=True, exist_ok=True)
        folder = root / name
        folder.mkdir(mode=0o700)
    except OSError:
        return Path(tempfile.mkdtemp(prefix=f"terminal-demo-{name}-"))
    _forget_old_runs(root)
    return folder


def _forget_old_runs(root: Path) -> None:
    runs = sorted(entry for entry in root.iterdir() if entry.is_dir() and not entry.is_symlink())
    for run in runs[:-_KEPT_RUNS]:
        if not _still_runs(run):
            shutil.rmtree(run, ignore_errors=True)


def _still_runs(run: Path) -> bool:
    """Whether the demo whose process id ends the folder's name is still at work."""
    pid = run.name.rpartition("-")[2]
    try:
        os.kill(int(pid), 0)
    except (ValueError, OverflowError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True
