"""Run a program that cannot outlive us: `python -m simulator.demo.leash PROGRAM ARGUMENTS…`.

However the demo ends, kill -9 included, Linux then ends the program too (prctl(2), PR_SET_PDEATHSIG). On
other systems the program simply runs: there it is ended in the ordinary way only.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1
_WRONG_USE = 2


def hold(parent: int) -> bool:
    """Ask to be killed when `parent` dies. False where it is gone already: nobody would hold the leash."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    return os.getppid() == parent


def command(parent: int, *program: str) -> tuple[str, ...]:
    """The command line that runs `program`, a Python module and its arguments, on a leash of `parent`."""
    return (sys.executable, "-m", "simulator.demo.leash", str(parent), sys.executable, "-m", *program)


def main(arguments: list[str]) -> int:
    """Become the program. Returns only when that is not possible."""
    if len(arguments) < 2 or not arguments[0].isdecimal():
        print("use: python -m simulator.demo.leash PARENT_PID PROGRAM ARGUMENTS…", file=sys.stderr)
        return _WRONG_USE
    if hold(int(arguments[0])):
        os.execv(arguments[1], arguments[1:])  # noqa: S606 - no shell is wanted: this process becomes the program
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
