"""`terminal-agent run` as a process: its exit codes, its logs, an orderly end."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from terminal_agent import hardening
from tests.support.broker import free_port
from tests.unit.terminal_agent.settings.samples import minimal

LIMIT_S = 60.0


def settings(tmp_path: Path, text: str) -> Path:
    """A settings file with a state folder."""
    (tmp_path / "state").mkdir(mode=0o700, exist_ok=True)
    path = tmp_path / "agent.toml"
    path.write_text(text, encoding="utf-8")
    return path


def ended(*words: object) -> subprocess.CompletedProcess[str]:
    """`python -m terminal_agent WORDS…`, to its end."""
    command = [sys.executable, "-m", "terminal_agent", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=LIMIT_S)


def last_line(run: subprocess.CompletedProcess[str]) -> dict[str, str]:
    """The last log line."""
    found: dict[str, str] = json.loads(run.stderr.splitlines()[-1])
    return found


def test_bad_settings_are_told_and_end_with_2(tmp_path: Path) -> None:
    run = ended("run", "--config", settings(tmp_path, minimal() + "prot = 1\n"))
    assert run.returncode == 2
    assert "broker.prot: is not a key that we know; did you mean 'port'?" in run.stderr


def test_an_unknown_protocol_or_option_is_told_before_anything_starts(tmp_path: Path) -> None:
    terminal = '[[terminals]]\nid = "a"\nname = "A"\nserial = {path = "/dev/x"}\n'
    run = ended("run", "--config", settings(tmp_path, minimal() + terminal + 'protocol = "zvt2"\n'))
    assert (run.returncode, "allowed: idtech_moneris, zvt" in run.stderr) == (2, True)
    bad = terminal + 'protocol = "zvt"\noptions = {passwort = "000000"}\n'
    run = ended("run", "--config", settings(tmp_path, minimal() + bad))
    assert (run.returncode, "passwort is not an option of zvt" in run.stderr) == (2, True)
    assert not (tmp_path / "state" / "journal.sqlite3").exists()


def test_a_journal_that_cannot_be_trusted_ends_with_3(tmp_path: Path) -> None:
    config = settings(tmp_path, minimal())
    (tmp_path / "state" / "journal.sqlite3").write_bytes(b"no journal" * 1000)
    run = ended("run", "--config", config)
    assert run.returncode == 3
    assert (last_line(run)["event"], last_line(run)["code"]) == ("journal_unusable", "journal_corrupt")


def test_certificates_that_cannot_be_read_end_with_4(tmp_path: Path) -> None:
    tls = '[broker.tls]\nca = "ca.pem"\ncertificate = "a.pem"\nkey = "a.key"\n'
    run = ended("run", "--config", settings(tmp_path, minimal() + tls))
    assert (run.returncode, last_line(run)["event"]) == (4, "cannot_start")
    assert str(tmp_path / "ca.pem") in last_line(run)["why"]


def test_wrong_usage_ends_with_2(tmp_path: Path) -> None:
    assert ended("run", "--confg", tmp_path).returncode == 2
    assert "--config" in ended("run", "--help").stdout


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_runs_without_a_broker_and_ends_in_order_when_asked(
    tmp_path: Path, number: signal.Signals
) -> None:
    config = settings(tmp_path, minimal() + f"port = {free_port()}\n")
    with (tmp_path / "log").open("w+", encoding="utf-8") as log:
        command = [sys.executable, "-m", "terminal_agent", "run", "--config", str(config)]
        process = subprocess.Popen(command, stderr=log, stdout=subprocess.DEVNULL)
        try:
            until(lambda: "agent_started" in (tmp_path / "log").read_text(encoding="utf-8"))
            process.send_signal(number)
            assert process.wait(LIMIT_S) == 0
        finally:
            process.kill()
            process.wait()
    lines = [json.loads(line) for line in (tmp_path / "log").read_text(encoding="utf-8").splitlines()]
    assert lines[0]["event"] == "agent_started"
    assert lines[-1]["event"] == "agent_stopped"
    assert [line["event"] for line in lines if line["level"] in ("error", "critical")] == []
    made = [one.name for one in (tmp_path / "state").iterdir() if one.stat().st_mode & 0o077]
    assert made == [], "what the agent makes is closed to others, whoever started it"


def until(holds: object) -> None:
    """Wait for something that another process does."""
    assert callable(holds)
    deadline = time.monotonic() + LIMIT_S
    while not holds():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.02)


def test_run_loads_neither_typer_nor_rich_nor_certificates(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom terminal_agent import cli\n"
        "import terminal_agent.app, terminal_agent.settings, protocols.registry\n"
        "print([name for name in ('typer', 'rich', 'click', 'cryptography') if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert run.stdout == "[]\n"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks the Linux kernel")
def test_the_memory_of_a_hardened_process_is_its_own(tmp_path: Path) -> None:
    code = (
        "import ctypes\nfrom terminal_agent import hardening\n"
        "print(hardening.keep_memory_private(), ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert run.stdout in ("True 0\n", "False 1\n"), "PR_GET_DUMPABLE is 0 once it took effect"
    assert hardening.PR_SET_DUMPABLE == 4


def test_an_exception_that_nobody_caught_is_logged_masked(tmp_path: Path) -> None:
    code = (
        "import logging, threading\nfrom terminal_agent import cli\n"
        "from terminal_agent.observability import logs\n"
        "logs.configure('info')\ncli._log_what_nobody_caught(logs.get_logger('terminal_agent.x'))\n"
        "number = '4111' + '1' * 12\n"
        "def fail():\n    raise ValueError(number)\n"
        "thread = threading.Thread(target=fail, name='t')\nthread.start()\nthread.join()\nfail()"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )
    assert run.returncode == 1
    lines = [json.loads(line) for line in run.stderr.splitlines()]
    assert [line["exception"]["text"] for line in lines] == ["************1111"] * 2
    assert not re.search(r"\d{12}", run.stderr.replace(str(os.getpid()), ""))


@pytest.mark.parametrize("words", [["4111 1111 1111 1111"], ["run", "--confi", "4111 1111 1111 1111"]])
def test_what_was_typed_wrong_is_repeated_without_its_card_number(words: list[str]) -> None:
    run = ended(*words)
    assert run.returncode == 2
    assert "**** **** **** 1111" in run.stderr
    assert "4111" not in run.stderr
