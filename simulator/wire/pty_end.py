"""A pseudo terminal that looks like a serial port to the ECR, under a stable path (POSIX only).

We keep the ECR's side open ourselves: as with a real port, its closing and opening is not noticed here, and
bytes for which nobody listens are lost once the buffer is full. A cut closes both sides, so that the ECR sees
its port vanish, and the path goes with it, as with a USB adapter that is pulled out.
"""

from __future__ import annotations

import asyncio
import os
import tty
from pathlib import Path

from simulator.wire.end import Listener
from simulator.wire.outage import Outage

_CHUNK = 65_536
_PTYS = Path("/dev/pts")


def is_real_device(path: Path) -> bool:
    """Whether a path names a character device that is no pty, directly or through links."""
    return path.is_char_device() and _PTYS not in path.resolve().parents


class PtyEnd:
    """The terminal's end of a serial cable made of a pty. Without a path, the pty's own name is used."""

    on_tcp = False

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._master = self._slave = -1
        self._name = ""
        self._listener: Listener | None = None
        self._outage = Outage(self.restore)
        self.lost_bytes = 0  # written by the ECR while the cable was out

    @property
    def address(self) -> str:
        """The path that the ECR opens."""
        return str(self._path) if self._path is not None else self._name

    async def start(self, listener: Listener) -> None:
        """Make the pty and its path."""
        self._listener = listener
        self._plug_in()

    def write(self, data: bytes) -> None:
        """Send; what does not fit into the buffer of a port that nobody reads is lost."""
        if self._outage.what is not None or self._master < 0:
            return
        try:
            os.write(self._master, data)
        except (BlockingIOError, OSError):
            return

    def hang_up(self) -> None:
        """A serial line has no connection to close."""

    def cut(self, what: str, seconds: float) -> None:
        """cut: the port vanishes; mute: the bytes are lost."""
        self._outage.begin(what, seconds)
        if what == "cut":
            self._pull_out()

    def restore(self, path: str | None = None) -> None:
        """The cable is in again, under the same path or, after a cut, under another one."""
        self._outage.end()
        if path is not None and self._master < 0:
            self._path = Path(path)
        if self._master < 0:
            self._plug_in()

    def close(self) -> None:
        """Remove the port."""
        self._outage.end()
        self._pull_out()

    def _plug_in(self) -> None:
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self._name = os.ttyname(self._slave)
        if self._path is not None:
            self._link(self._path)
        asyncio.get_running_loop().add_reader(self._master, self._readable)

    def _link(self, path: Path) -> None:
        """Point the stable path to the new pty in one step; never over something that is no link of ours."""
        ours = path.is_symlink() and _PTYS in path.readlink().parents
        if not ours and (path.is_symlink() or path.exists()):
            raise FileExistsError(f"{path} exists and is no link to a pty; choose another path")
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f"{path.name}.{os.getpid()}")
        beside.symlink_to(self._name)
        beside.replace(path)

    def _pull_out(self) -> None:
        if self._master < 0:
            return
        asyncio.get_running_loop().remove_reader(self._master)
        os.close(self._master)
        os.close(self._slave)
        self._master = self._slave = -1
        if self._path is not None and self._path.is_symlink() and str(self._path.readlink()) == self._name:
            self._path.unlink()

    def _readable(self) -> None:
        try:
            data = os.read(self._master, _CHUNK)
        except (BlockingIOError, OSError):
            return
        if self._outage.what is not None:
            self.lost_bytes += len(data)
        elif data and self._listener is not None:
            self._listener.on_bytes(data)
