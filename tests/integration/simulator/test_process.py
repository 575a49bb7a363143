"""The simulator as a process: its commands, its exit codes, and kill -9 in the middle of a payment."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from simulator.acquirer.ledger import read

DEADLINE_S = 20.0
PROGRAM = [sys.executable, "-m", "simulator.cli"]
SCENARIO = """
[terminal]
booking_policy = "{policy}"
host_s = 0.0
[[cardholder]]
how = "tap"
after_s = 0.0
"""
SALE = bytes.fromhex("060107" + "04000000001250")
LAST = bytes.fromhex("0620050000000303")
REGISTRATION = bytes.fromhex("060006000000860124")


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PROGRAM, *arguments], capture_output=True, text=True, timeout=DEADLINE_S, check=False
    )


@contextmanager
def _terminal(
    folder: Path, policy: str = "reverse", *more: str
) -> Iterator[tuple[subprocess.Popen[str], int]]:
    (folder / "s.toml").write_text(SCENARIO.format(policy=policy))
    files = ("--ledger", str(folder / "l.jsonl"), "--state", str(folder / "s.json"))
    arguments = [*PROGRAM, "zvt", "--tcp", "127.0.0.1:0", "--scenario", str(folder / "s.toml"), *files, *more]
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        assert process.stdout is not None
        ready = next(line for line in process.stdout if "ready:" in line)
        yield process, int(ready.rsplit(":", 1)[1])
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


class Register:
    """A register on a blocking socket."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), DEADLINE_S)

    def __enter__(self) -> Register:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def apdu(self) -> bytes:
        head = self._exactly(3)
        size = head[2]
        if size == 0xFF:
            more = self._exactly(2)
            head, size = head + more, int.from_bytes(more, "little")
        return head + self._exactly(size)

    def until(self, command: bytes, *, answer_it: bool) -> bytes:
        """Answer what comes until this command."""
        while True:
            apdu = self.apdu()
            if apdu[:2] == command and not answer_it:
                return apdu
            if apdu[0] != 0x80:
                self.socket.sendall(b"\x80\x00\x00")
            if apdu[:2] == command:
                return apdu

    def _exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            more = self.socket.recv(size - len(data))
            assert more, "the terminal closed the socket"
            data += more
        return data


@pytest.mark.parametrize(
    ("policy", "kinds", "told"),
    [("keep", ["charge"], 0x00), ("reverse", ["charge", "reversal"], 0xB4), ("refuse", [], 0x05)],
)
def test_kill_9_before_the_acknowledgement_is_settled_at_the_next_start(
    tmp_path: Path, policy: str, kinds: list[str], told: int
) -> None:
    with _terminal(tmp_path, policy) as (process, port), Register(port) as register:
        register.socket.sendall(SALE)
        register.until(b"\x04\x0f", answer_it=False)
        os.kill(process.pid, signal.SIGKILL)
        process.wait(DEADLINE_S)
    assert read(tmp_path / "l.jsonl") == ()
    with _terminal(tmp_path, policy) as (_, port), Register(port) as register:
        assert [line.kind for line in read(tmp_path / "l.jsonl")] == kinds
        register.socket.sendall(LAST)
        result = register.until(b"\x04\x0f", answer_it=True)
        assert result[3:5] == bytes([0x27, told])
        assert bytes.fromhex("870001") in result


def test_kill_9_after_the_completion_loses_nothing(tmp_path: Path) -> None:
    with _terminal(tmp_path) as (process, port), Register(port) as register:
        register.socket.sendall(REGISTRATION)
        register.until(b"\x06\x0f", answer_it=True)
        register.socket.sendall(SALE)
        register.until(b"\x06\x0f", answer_it=False)
        os.kill(process.pid, signal.SIGKILL)
        process.wait(DEADLINE_S)
    (line,) = read(tmp_path / "l.jsonl")
    assert (line.kind, line.amount_minor, line.currency) == ("charge", 1250, "CAD")
    shown = _run("ledger", str(tmp_path / "l.jsonl"))
    assert "balance 12.50 CAD; live charges 1; open holds 0" in shown.stdout
    summed = json.loads(_run("ledger", str(tmp_path / "l.jsonl"), "--json").stdout)
    assert summed["balance_minor"] == {"CAD": 1250}
    assert summed["lines"][0]["receipt"] == "0001"


def test_the_control_socket_cuts_and_ends(tmp_path: Path) -> None:
    path = tmp_path / "control"
    with _terminal(tmp_path, "keep", "--control", str(path)) as (process, _):
        deadline = time.monotonic() + DEADLINE_S
        while not path.exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        with socket.socket(socket.AF_UNIX) as control:
            control.settimeout(DEADLINE_S)
            control.connect(str(path))
            stream = control.makefile("rwb")
            stream.write(b'{"do": "status"}\n{"do": "stop"}\n')
            stream.flush()
            assert json.loads(stream.readline())["display"][0] == "BIENVENUE"
            assert json.loads(stream.readline()) == {"ok": True}
        assert process.wait(DEADLINE_S) == 0
    assert not path.exists()


def test_scenarios_are_listed() -> None:
    assert "cut_after_booking" in _run("scenarios").stdout


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["zvt"], 2, "give either --serial PATH or --tcp HOST:PORT"),
        (["zvt", "--tcp", "127.0.0.1:many"], 2, "allowed: HOST:PORT"),
        (["zvt", "--tcp", "127.0.0.1:0", "--scenario", "nowhere"], 2, "shipped ones:"),
        (["zvt", "--tcp", "192.0.2.1:20007"], 3, "cannot start at 192.0.2.1:20007:"),
        (["ledger", "no-such-file"], 2, "no-such-file"),
    ],
)
def test_wrong_use_ends_with_a_code_and_a_reason(
    tmp_path: Path, arguments: list[str], code: int, message: str
) -> None:
    if arguments[0] == "zvt":
        arguments = [*arguments, "--ledger", str(tmp_path / "l.jsonl")]
    ended = _run(*arguments)
    assert ended.returncode == code
    assert message in ended.stderr
    assert "Traceback" not in ended.stderr
