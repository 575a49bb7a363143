"""What a visitor is told after the story."""

from __future__ import annotations

import io
import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from simulator.cli import app
from simulator.demo.bench import Bench
from simulator.demo.places import Places
from simulator.demo.settings import Ports
from simulator.demo.tour import invite
from simulator.demo.transcript import Languages, Transcript
from simulator.ending import NOT_TO_BE_HAD


def told(folder: Path, languages: Languages, *, with_keys: bool) -> str:
    def nothing(*_: object) -> None: ...

    bench = Bench(
        Places(folder, folder), locale="fr", on_started=nothing, on_screen=nothing, on_reading=nothing
    )
    bench.ports = Ports(1883, 8443, 8080)
    out = io.StringIO()
    invite(bench, Transcript(languages, out), with_keys=with_keys)
    return out.getvalue()


@pytest.mark.parametrize("with_keys", [True, False])
@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_address_the_logins_and_six_steps(tmp_path: Path, language: str, with_keys: bool) -> None:
    said = told(tmp_path, (language,), with_keys=with_keys)  # type: ignore[arg-type]  # one of the two
    one_line = " ".join(said.split())
    assert "http://127.0.0.1:8080" in said
    assert one_line.count("accueil") >= 2
    assert [int(number) for number in re.findall(r"^ +([0-9])\. ", said, re.MULTILINE)] == [1, 2, 3, 4, 5, 6]
    assert "https://127.0.0.1:8443/hpp/" in one_line
    assert "{" not in one_line.replace('\'{"do"', "").replace("{}", "")
    assert ("· k" in one_line or " k " in one_line) == with_keys


def test_without_a_keyboard_each_step_has_a_command_that_the_program_knows(tmp_path: Path) -> None:
    said = told(tmp_path, ("en",), with_keys=False)
    commands = dict(re.findall(r"^ +([①②③]) (.*)$", said, re.MULTILINE))
    assert all(mark in said.split("In another window:")[0] for mark in commands)
    assert len(commands) == 3
    for command in commands.values():
        program, *words = shlex.split(command)
        assert program.endswith("terminal-simulator")
        assert str(tmp_path) in command
        # The words are understood; that nothing runs there is found only afterwards.
        assert CliRunner().invoke(app, words).exit_code == NOT_TO_BE_HAD
