"""The agent's memory may be read by root alone: not by another user, and not by its own."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.programs import ROOT
from tests.support.waiting import eventually

NOBODY, SOMEBODY = 65534, 65533
# Become a user; Python and our modules may lie where only root can read them, so they are loaded before.
BECOME = (
    "import ctypes, os, sys; user = int(sys.argv[1]); os.setgroups([]); os.setgid(user); os.setuid(user); "
)
LOOK = BECOME + "open(f'/proc/{sys.argv[2]}/mem', 'rb').close()"
# A change of user makes a process private until its next program (prctl(2)); here none follows.
PUBLIC = "ctypes.CDLL(None).prctl(4, 1, 0, 0, 0); "
AGENT = (
    "import terminal_agent.app, terminal_agent.cli, terminal_agent.collector, terminal_agent.hardening; "
    "import encodings.ascii, encodings.idna, protocols.registry, terminal_agent.tripwire.streams; "
    + BECOME
    + PUBLIC
    + "from terminal_agent.cli import main; main(['run', '--config', sys.argv[2]])"
)
PLAIN = BECOME + PUBLIC + "print('here', flush=True); input()"

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="changes the user: did NOT run, needs root")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that nobody owns and may reach (pytest's own are root's)."""
    with tempfile.TemporaryDirectory() as made:
        os.chown(made, NOBODY, NOBODY)
        yield Path(made)


def kernel_refuses_everybody() -> bool:
    """Yama's ptrace_scope above 0 (Documentation/admin-guide/LSM/Yama.rst)."""
    yama = Path("/proc/sys/kernel/yama/ptrace_scope")
    return yama.exists() and yama.read_text(encoding="ascii").strip() != "0"


def look(pid: int, user: int) -> str:
    """What happens when a user opens the memory of a process."""
    command = [sys.executable, "-c", LOOK, str(user), str(pid)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    return "read" if ran.returncode == 0 else ran.stderr.strip().rpartition("\n")[2]


@contextmanager
def running(code: str, *words: str, log: Path) -> Iterator[int]:
    """The pid of a Python program of its own."""
    command = [sys.executable, "-c", code, str(NOBODY), *words]
    with log.open("wb") as said:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=said, stderr=said,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
    try:
        yield process.pid
    finally:
        process.kill()
        process.communicate()


async def test_a_running_agent_is_not_read(folder: Path) -> None:
    config, log = folder / "agent.toml", folder / "agent.log"
    config.write_text(
        '[agent]\nclinic = "c"\nid = "a"\npoint_of_service = "A"\nstate_dir = "state"\n'
        '[broker]\nhost = "127.0.0.1"\nport = 9\n',
        encoding="utf-8",
    )
    with running(AGENT, str(config), log=log) as pid:
        await eventually(lambda: "agent_started" in log.read_text(encoding="utf-8"), "the agent has started")
        for user in (NOBODY, SOMEBODY):
            assert "PermissionError" in look(pid, user)


async def test_without_the_agents_own_care_its_user_could_read_it(folder: Path) -> None:
    """The control: the refusal above is the agent's doing, unless the kernel refuses everybody anyway."""
    if kernel_refuses_everybody():
        pytest.skip("this kernel lets no process read another one's memory (Yama)")
    log = folder / "plain.log"
    with running(PLAIN, log=log) as pid:
        await eventually(lambda: "here" in log.read_text(encoding="utf-8"), "it is there")
        assert look(pid, NOBODY) == "read"
        assert "PermissionError" in look(pid, SOMEBODY)
