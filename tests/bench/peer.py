"""The terminals: a process of its own that replays the byte scripts on so many ptys, and notes three moments.

    python -m tests.bench.peer 8

Prints the ports' paths as one JSON line, then answers each line `take` with what was noted since, per port:
[first byte, the whole payment command, just before the terminal's last byte], by time.monotonic_ns. Ends
with its standard input.
"""

from __future__ import annotations

import json
import os
import select
import sys
import tty
from collections.abc import Iterable
from time import monotonic_ns

from tests.bench.dialogue import LAST_STEP, SALE, SCRIPTS, WORK_STEP, Step

_LOOK_AGAIN_MS = 5  # at a port that nobody has open
_HEADER = 4  # 10 02, class, instruction: enough to know the script


class Port:
    """One terminal. The other end may come and go; each coming starts from the beginning."""

    def __init__(self) -> None:
        self.fd, slave = os.openpty()
        tty.setraw(slave)
        self.path = os.ttyname(slave)
        os.close(slave)
        os.set_blocking(self.fd, False)
        self.noted: list[tuple[int, int, int]] = []
        self._begin()

    def _begin(self) -> None:
        self._script: tuple[Step, ...] | None = None
        self._at = 0
        self._heard = b""
        self._moments = [0, 0, 0]

    def hear(self) -> bool:
        """Read and answer what is there; False when nobody holds the other end."""
        try:
            data = os.read(self.fd, 4096)
        except BlockingIOError:
            return True
        except OSError:
            self._begin()
            return False
        if self._script is None and not self._heard:
            self._moments[0] = monotonic_ns()
        self._heard += data
        while self._answer():
            pass
        return True

    def _answer(self) -> bool:
        """One step, if its bytes are there. Raises RuntimeError for others than the script's."""
        if self._script is None:
            if len(self._heard) < _HEADER:
                return False
            self._script = SCRIPTS[self._heard[2:_HEADER]]
        step = self._script[self._at]
        size = len(step.ours)
        if len(self._heard) < size:
            return False
        if self._heard[:size] != step.ours:
            raise RuntimeError(f"step {self._at}: {self._heard.hex()} came, {step.ours.hex()} is expected")
        self._heard = self._heard[size:]
        if self._script is SALE:
            self._note()
        os.write(self.fd, step.answer)
        self._at += 1
        if self._at == len(self._script):
            self._end()
        return bool(self._heard)

    def _note(self) -> None:
        if self._at == WORK_STEP:
            self._moments[1] = monotonic_ns()
        elif self._at == LAST_STEP:
            self._moments[2] = monotonic_ns()

    def _end(self) -> None:
        if self._script is SALE:
            self.noted.append((self._moments[0], self._moments[1], self._moments[2]))
        self._script, self._at = None, 0
        if self._heard:
            self._moments[0] = monotonic_ns()


def serve(ports: Iterable[Port]) -> None:
    """Until standard input ends."""
    by_fd = {port.fd: port for port in ports}
    unplugged = dict(by_fd)
    poll = select.epoll()
    poll.register(sys.stdin.fileno(), select.EPOLLIN)
    while True:
        for fd, _ in poll.poll(_LOOK_AGAIN_MS / 1000 if unplugged else None):
            if fd == sys.stdin.fileno():
                if not _told(by_fd.values()):
                    return
            elif not by_fd[fd].hear():
                poll.unregister(fd)
                unplugged[fd] = by_fd[fd]
        for fd, port in tuple(unplugged.items()):
            if port.hear():
                del unplugged[fd]
                poll.register(fd, select.EPOLLIN)


def _told(ports: Iterable[Port]) -> bool:
    if not sys.stdin.readline():
        return False
    _say([port.noted for port in ports])
    for port in ports:
        port.noted = []
    return True


def _say(value: object) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    terminals = [Port() for _ in range(int(sys.argv[1]))]
    _say([terminal.path for terminal in terminals])
    serve(terminals)
