"""`make demo` as a user runs it: a process, its transcript, its exit code, and nothing left behind."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from simulator.demo.pages import Pages, PagesError

ROOT = Path(__file__).resolve().parents[2]
_WITHIN_S = 90.0
Demo = subprocess.Popen[str]
Start = Callable[..., Demo]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a demo in a folder of its own, without a keyboard unless one is given; gone after the test."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "TMPDIR")}
    started: list[Demo] = []

    def run(keyboard: int = subprocess.DEVNULL, **environment: str) -> Demo:
        demo = subprocess.Popen(
            [sys.executable, "-m", "simulator.demo"],
            cwd=tmp_path,
            env={**kept, "PYTHONPATH": str(ROOT), "LANG": "en_CA.UTF-8", **environment},
            stdin=keyboard,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(demo)
        if keyboard >= 0:
            os.close(keyboard)
        return demo

    yield run
    for demo in started:
        demo.kill()
        demo.communicate()


def until_said(demo: Demo, words: str) -> str:
    """All that it says up to the line with these words."""
    said = ""
    for line in demo.stdout or ():
        said += line
        if words in line:
            return said
    pytest.fail(f"the demo never said {words!r}:\n{said}")


def ended(demo: Demo) -> tuple[int, str]:
    """Its exit code and all it said."""
    try:
        out, _ = demo.communicate(timeout=_WITHIN_S)
    except subprocess.TimeoutExpired:
        demo.kill()
        out, _ = demo.communicate()
        pytest.fail(f"the demo did not end:\n{out}")
    return demo.returncode, out


def run_folder(folder: Path) -> Path:
    (run,) = (folder / "build" / "demo").iterdir()
    return run


def ledger(folder: Path, name: str) -> list[dict[str, Any]]:
    """The lines of the terminal's ledger or of the vault's."""
    text = (run_folder(folder) / f"{name}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def processes_of(folder: Path) -> list[str]:
    """Command lines of living processes that name this folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                words = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if str(folder) in words:
                found.append(words)
    return found


def until_gone(folder: Path) -> list[str]:
    """What is still there after a moment: a killed process takes one to disappear."""
    deadline = time.monotonic() + 10
    while (left := processes_of(folder)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left


def test_once_tells_the_whole_story_and_the_judge_agrees(tmp_path: Path, start: Start) -> None:
    code, out = ended(start(ONCE="1"))
    assert code == 0, out
    assert "✗" not in out
    assert "\x1b" not in out
    for sentence in (
        "kind “recognition”",
        "refused up front (not_chargeable)",
        "approved, one more line in the ledger",
        "“duplicate”, and the ledger did not move",
        "declined, nothing in the ledger",
        "the desk was told to wait",
        "Evidence: last",
        "stopped in time, nothing in the ledger",
        "the card is on file in the pages, and at the vault under the same token",
        "$50.00 by token, one line at the vault; the invoice is paid",
        "Vault, line 3: a charge of $50.00",
        "cards kept at the vault: 1",
        "VERDICT: ledgers and traffic agree.",
    ):
        assert sentence in re.sub(r"\s+", " ", out), out
    assert [line["amount_minor"] for line in ledger(tmp_path, "ledger")] == [4750, 8000]
    kinds = [line["kind"] for line in ledger(tmp_path, "vault")]
    assert kinds == ["verification", "token_stored", "charge"]
    assert until_gone(tmp_path) == []


def test_a_tampered_ledger_is_noticed_and_the_line_named(tmp_path: Path, start: Start) -> None:
    code, out = ended(start(ONCE="1", TAMPER="1", LANG="fr_CA.UTF-8"))
    assert code == 1, out
    assert "on falsifie la ligne 2" in out
    assert "✗   Registre, ligne 2 : un débit de 81,00 $" in out
    assert "NE concordent PAS" in out
    assert until_gone(tmp_path) == []


async def test_it_stays_up_for_a_visitor_with_a_keyboard_and_judges_at_the_end(
    tmp_path: Path, start: Start
) -> None:
    ours, keyboard = os.openpty()
    demo = start(keyboard)
    said = until_said(demo, "MQTT 5: 127.0.0.1:")
    assert "User “accueil”, password accueil" in said
    assert "g swipe a card at the reader" in said
    (port,) = re.findall(r"The clinic: http://127\.0\.0\.1:([0-9]+)", said)
    pages = Pages("127.0.0.1", int(port))
    await pages.log_in("accueil", "accueil")
    await pages.keep_card("patient-42", "accueil/lecteur-1", "Sophie Gagnon", "H2J1X1")
    said += until_said(demo, "Swipe the card.")
    os.write(ours, b"g")
    assert await pages.shows("/patients/patient-42", "•••• 1111")
    os.write(ours, b"b")
    said += until_said(demo, "started again: clinic")
    assert await shown_again(pages, "/patients/patient-42", "•••• 1111")
    os.write(ours, b"k")
    said += until_said(demo, "started again: agent")
    os.write(ours, b"q")
    code, out = ended(demo)
    os.close(ours)
    assert code == 0, said + out
    assert "cards kept at the vault: 2" in out
    assert "VERDICT: ledgers and traffic agree." in out
    assert until_gone(tmp_path) == []


async def shown_again(pages: Pages, path: str, words: str) -> bool:
    """The same, of a clinic that is being started."""
    until = time.monotonic() + _WITHIN_S
    while True:
        try:
            return await pages.shows(path, words)
        except PagesError:
            if time.monotonic() > until:
                raise
            await asyncio.sleep(0.1)


def test_without_a_keyboard_it_stays_up_until_it_is_stopped(tmp_path: Path, start: Start) -> None:
    demo = start()
    said = until_said(demo, "MQTT 5: 127.0.0.1:")
    assert "terminal-agent journal operations --config" in said
    assert processes_of(tmp_path) != []
    demo.send_signal(signal.SIGINT)
    code, out = ended(demo)
    assert code == 0, said + out
    assert "VERDICT: ledgers and traffic agree." in out
    assert until_gone(tmp_path) == []


def test_interrupted_in_the_middle_nothing_is_left_behind(tmp_path: Path, start: Start) -> None:
    demo = start(ONCE="1")
    until_said(demo, "2. Take a payment")
    demo.send_signal(signal.SIGINT)
    code, out = ended(demo)
    assert code == 130, out
    assert "no verdict" in out
    assert until_gone(tmp_path) == []


def test_killed_outright_it_takes_its_programs_with_it(tmp_path: Path, start: Start) -> None:
    demo = start(ONCE="1", TMPDIR=str(tmp_path))
    until_said(demo, "2. Take a payment")
    assert len(processes_of(tmp_path)) >= 3
    demo.kill()
    demo.wait()
    assert until_gone(tmp_path) == []
