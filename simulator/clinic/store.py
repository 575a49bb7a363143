"""What the clinic's backend has stored of its agents: one fact a line, on disk before it is acknowledged."""

from __future__ import annotations

import json
import os
from pathlib import Path

from protocols.contract.messages import dump
from terminal_agent.client import Fact


class FactStore:
    """An append-only file. A backend has a database; what matters is the order: store, then acknowledge."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def keep(self, fact: Fact) -> None:
        """Store one fact durably."""
        body = dict(fact.body) if isinstance(fact.body, dict) else dump(fact.body)
        place = {"agent": fact.agent, "epoch": fact.epoch, "seq": fact.seq}
        line = {**place, "terminal": fact.terminal, "type": fact.type, "body": body}
        with self._path.open("a", encoding="utf-8") as out:
            out.write(json.dumps(line, ensure_ascii=False) + "\n")
            out.flush()
            os.fsync(out.fileno())

    def known(self) -> dict[str, tuple[str, int]]:
        """The last fact of each agent, (epoch, seq): what `sync` tells it. Empty for a new clinic."""
        known: dict[str, tuple[str, int]] = {}
        if self._path.exists():
            for text in self._path.read_text(encoding="utf-8").splitlines():
                line = json.loads(text)
                known[line["agent"]] = (line["epoch"], line["seq"])
        return known
