"""Call a command as the shell would, in this process."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from terminal_agent.cli import main


@dataclass(frozen=True)
class Ended:
    """What a command said and its exit code."""

    code: int
    out: str
    err: str

    @property
    def objects(self) -> list[dict[str, Any]]:
        """Its JSON lines."""
        return [json.loads(line) for line in self.out.splitlines()]


def call(capsys: pytest.CaptureFixture[str], *words: object) -> Ended:
    """`terminal-agent WORDS…`."""
    with pytest.raises(SystemExit) as exited:
        main([str(word) for word in words])
    said = capsys.readouterr()
    return Ended(int(exited.value.code or 0), said.out, said.err)
