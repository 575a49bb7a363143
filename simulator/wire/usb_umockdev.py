"""A USB bus for one program, below the real libusb: usbfs and sysfs as umockdev emulates them.

Run by the system's Python (its `gi` is Debian's python3-gi) under `umockdev-wrapper`:

    umockdev-wrapper /usr/bin/python3 usb_umockdev.py SOCKET_FD COMMAND …

The command becomes our child and sees this bus alone. What the devices answer is not known here: each request
goes as a line of JSON over the socket to `simulator.wire.usb_mocked`, where the one virtual device lives.
Standard library and gi only: the rest of the simulator cannot be imported here. The ioctl numbers are those
of linux/usbdevice_fs.h on 64-bit systems.
"""

from __future__ import annotations

import errno
import json
import os
import socket
import struct
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterable
from typing import Any

import gi

gi.require_version("UMockdev", "1.0")
from gi.repository import GLib, UMockdev  # noqa: E402  # once its version is chosen

Message = dict[str, Any]  # a line of JSON, either way
Client = Any  # UMockdev.IoctlClient: one opening of a node

_SUBMITURB, _REAPURBNDELAY, _DISCARDURB = 0x8038550A, 0x4008550D, 0x550B
_CLAIM, _RELEASE, _GETDRIVER, _SUB_IOCTL = 0x8004550F, 0x80045510, 0x41045508, 0xC0105512
_DISCONNECT, _CONNECT = 0x5516, 0x5517  # inside _SUB_IOCTL: the kernel's driver off, and on again
_CAPABILITIES, _REAP_AFTER_DISCONNECT = 0x8004551A, 0x10
_HARMLESS = (0x80045515, 0x80045505, 0x80085504)  # CLEAR_HALT, SETCONFIGURATION, SETINTERFACE
_URB_BYTES, _BUFFER_AT, _LENGTH_AT, _STATUS_AT, _ACTUAL_AT = 56, 16, 24, 4, 28
_CONTROL, _SETUP_BYTES = 2, 8
_BUS = "/devices/pci0000:00/0000:00:14.0/usb1"
_HUB = bytes.fromhex("12010002090001406b1d020000060302010109021900010100e0000904000001090000000705810304000c")
_REAP_PATIENCE_MS = 10
"""A node of umockdev always polls as ready, so that libusb asks all the time whether something is done. The
answer "not yet" waits this long, or both processors do nothing else."""


class Urb:
    """A transfer that was submitted; only the same opening of the node reaps it."""

    def __init__(self, client: Client, data: Any) -> None:
        self.client = client
        raw = bytes(data.retrieve())
        self.data, self.address = data, data.client_addr
        self.kind, self.endpoint = raw[0], raw[1]
        (self.length,) = struct.unpack_from("i", raw, _LENGTH_AT)
        self.buffer = data.resolve(_BUFFER_AT, self.length) if self.length else None
        self.filled = 0

    def brought(self) -> bytes:
        """What is in the program's buffer."""
        return bytes(self.buffer.retrieve()) if self.buffer else b""

    def fill(self, data: bytes, after: int = 0) -> None:
        """Put bytes behind those that are there."""
        if data and self.buffer is not None:
            self.buffer.update(after + self.filled, list(data))
            self.filled += len(data)

    def finish(self, status: int, actual: int) -> None:
        """As the kernel leaves it."""
        self.data.update(_STATUS_AT, list(struct.pack("i", status)))
        self.data.update(_ACTUAL_AT, list(struct.pack("i", actual)))


class Device:
    """A node with what is under way on it. umockdev asks in a thread of its own, the simulator in the main
    one: what both touch is touched with the lock."""

    def __init__(self, bus: Bus, key: int, number: int, told: Message) -> None:
        self.bus, self.key, self.lock = bus, key, threading.RLock()
        self.packet_bytes = told["packet_bytes"]
        self.driver, self.gone = True, False
        self.claimed: Client | None = None
        self.openings = 0
        self.packets: deque[bytes] = deque()  # said, and not yet read
        self.waiting: deque[Urb] = deque()  # interrupt transfers that want more
        self.done: deque[Urb] = deque()  # to be reaped
        self.reaping: deque[Client] = deque()  # who asked whether something is done
        self.path = f"{_BUS}/1-{told['socket']}"
        node = f"/dev/bus/usb/001/{number:03}"
        self.handler = UMockdev.IoctlBase()
        self.handler.connect("handle-ioctl", self.on_ioctl)
        self.handler.connect("client-connected", self.on_connected)
        self.handler.connect("client-vanished", self.on_vanished)
        descriptors = bytes.fromhex(told["device"]) + bytes.fromhex(told["configuration"])
        # First the answers, then the node: udev tells of it at once, and an opening without them never ends.
        if not told["closed"]:
            bus.testbed.attach_ioctl(node, self.handler)
        bus.testbed.add_from_string(record(self.path, number, descriptors))
        if told["closed"]:
            os.chmod(bus.testbed.get_root_dir() + node, 0)
            os.chmod(bus.testbed.get_root_dir() + "/ioctl/_default", 0o777)  # noqa: S103  # reached for even so

    # --- the other side of the cable ------------------------------------------------------------------

    def unplug(self) -> None:
        """What is under way ends as the kernel ends it; whoever asks later gets ENODEV."""
        with self.lock:
            self.gone = True
            for urb in self.waiting:
                urb.finish(-errno.ESHUTDOWN, urb.filled)
                self.done.append(urb)
            self.waiting.clear()
            self.answer_reaps()
        GLib.timeout_add(_REAP_PATIENCE_MS, self.remove)

    def remove(self) -> bool:
        """Take the node away, once what ended was reaped: without the node nothing more can be."""
        reaped = not self.done or not self.openings
        if reaped:
            self.bus.testbed.remove_device(f"/sys{self.path}")
        return not reaped  # to GLib: again later

    def feed(self, packets: Iterable[bytes]) -> None:
        """The interrupt endpoint has these to say."""
        with self.lock:
            self.packets.extend(packets)
            while self.waiting and self.packets:
                urb, packet = self.waiting[0], self.packets.popleft()
                urb.fill(packet)
                if urb.filled >= urb.length or len(packet) < self.packet_bytes:
                    self.waiting.popleft()
                    self.finish(urb, 0, urb.filled)

    def finish(self, urb: Urb, status: int, actual: int) -> None:
        """It is done and may be reaped."""
        with self.lock:
            urb.finish(status, actual)
            self.done.append(urb)
            self.answer_reaps()

    # --- the program's side ---------------------------------------------------------------------------

    def on_ioctl(self, _handler: Any, client: Client) -> bool:
        """True: we answer, now or later."""
        with self.lock:
            self.take(client, client.get_request())
        return True

    def take(self, client: Client, request: int) -> None:
        """Do it, or keep it for later."""
        if request == _REAPURBNDELAY:
            self.reaping.append(client)
            GLib.timeout_add(_REAP_PATIENCE_MS, self.tired, client)
            self.answer_reaps()
        elif self.gone:
            client.complete(-1, errno.ENODEV)
        elif request == _SUBMITURB:
            self.submit(Urb(client, client.get_arg().resolve(0, _URB_BYTES)))
            client.complete(0, 0)
        elif request == _DISCARDURB:
            client.complete(*self.discard(struct.unpack("L", bytes(client.get_arg().retrieve()))[0]))
        else:
            client.complete(*self.other(client, request))

    def on_connected(self, _handler: Any, _client: Client) -> None:
        """The program opened it."""
        with self.lock:
            self.openings += 1

    def on_vanished(self, _handler: Any, client: Client) -> None:
        """The program closed its file."""
        with self.lock:
            self.openings -= 1
            if self.claimed is client:
                self.claimed = None
            self.waiting = deque(urb for urb in self.waiting if urb.client is not client)
            self.done = deque(urb for urb in self.done if urb.client is not client)

    def submit(self, urb: Urb) -> None:
        """A transfer begins."""
        if urb.kind == _CONTROL or not urb.endpoint & 0x80:
            self.bus.ask(self, urb)
        else:
            self.waiting.append(urb)
            self.feed(())

    def discard(self, address: int) -> tuple[int, int]:
        """The program gives a transfer up; it is reaped with what had come."""
        for urb in self.waiting:
            if urb.address == address:
                self.waiting.remove(urb)
                self.finish(urb, -errno.ENOENT, urb.filled)
                return 0, 0
        return -1, errno.EINVAL

    def answer_reaps(self) -> None:
        """Hand out what is done."""
        for client in tuple(self.reaping):
            urb = next((urb for urb in self.done if urb.client is client), None)
            if urb is not None:
                self.reaping.remove(client)
                self.done.remove(urb)
                client.get_arg().resolve(0, 8).set_ptr(0, urb.data)
                client.complete(0, 0)
            elif self.gone:
                self.reaping.remove(client)
                client.complete(-1, errno.ENODEV)

    def tired(self, client: Client) -> bool:
        """Nothing was done for so long: not yet."""
        with self.lock:
            if client in self.reaping:
                self.reaping.remove(client)
                client.complete(-1, errno.EAGAIN)
        return False  # to GLib: once

    def other(self, client: Client, request: int) -> tuple[int, int]:
        """Claims, the kernel's driver, and what needs no more than a yes: the result and errno."""
        argument = client.get_arg()
        if request == _CAPABILITIES:
            argument.resolve(0, 4).update(0, list(struct.pack("I", _REAP_AFTER_DISCONNECT)))
        elif request == _CLAIM:
            if self.driver or self.claimed not in (None, client):
                return -1, errno.EBUSY
            self.claimed = client
        elif request == _RELEASE:
            self.claimed = None
        elif request == _GETDRIVER:
            name = b"usbhid\0" if self.driver else b"usbfs\0" if self.claimed else b""
            if not name:
                return -1, errno.ENODATA
            argument.resolve(0, 260).update(4, list(name))
        elif request == _SUB_IOCTL:
            _interface, code = struct.unpack_from("ii", bytes(argument.resolve(0, 16).retrieve()))
            self.driver = code == _CONNECT
            self.bus.tell({"driver": self.key, "on": self.driver})
        elif request not in _HARMLESS:
            return -1, errno.ENOTTY
        return 0, 0


class Bus:
    """The testbed, the socket to the simulator, the devices by the simulator's key."""

    def __init__(self, connection: socket.socket) -> None:
        self.testbed = UMockdev.Testbed.new()
        os.chmod(self.testbed.get_root_dir(), 0o755)  # noqa: S103  # a program that gave up its rights still sees it
        self.connection, self.rest = connection, b""
        self.devices: dict[int, Device] = {}
        self.asked: dict[int, tuple[Device, Urb]] = {}
        self.lock = threading.RLock()  # for the requests and what is told: any device's thread does both
        self.numbers = self.requests = 1
        self.testbed.add_from_string(record(_BUS, 1, _HUB))

    def tell(self, message: Message) -> None:
        """To the simulator."""
        with self.lock:
            self.connection.sendall(json.dumps(message).encode() + b"\n")

    def ask(self, device: Device, urb: Urb) -> None:
        """Let the device answer a transfer; it is finished when its answer comes."""
        kind = "control" if urb.kind == _CONTROL else "out"
        with self.lock:
            self.requests += 1
            self.asked[self.requests] = device, urb
            self.tell({"ask": self.requests, "device": device.key, kind: urb.brought().hex()})

    def hear(self, message: Message) -> None:
        """From the simulator."""
        if "plug" in message:
            self.numbers += 1
            self.devices[message["plug"]] = Device(self, message["plug"], self.numbers, message)
        elif "unplug" in message:
            self.devices.pop(message["unplug"]).unplug()
        elif "packets" in message:
            self.devices[message["device"]].feed([bytes.fromhex(one) for one in message["packets"]])
        else:
            with self.lock:
                device, urb = self.asked.pop(message["answer"])
            self.answered(device, urb, message["data"])

    def answered(self, device: Device, urb: Urb, data: str | None) -> None:
        """A transfer out is taken whole; one in brings `data` behind its setup packet; None is a stall."""
        setup = _SETUP_BYTES if urb.kind == _CONTROL else 0
        if device.gone:
            device.finish(urb, -errno.ESHUTDOWN, 0)
        elif data is None:
            device.finish(urb, -errno.EPIPE, 0)
        else:
            urb.fill(bytes.fromhex(data), setup)
            asks = setup and urb.brought()[0] & 0x80
            device.finish(urb, 0, urb.filled if asks else urb.length - setup)

    def on_readable(self) -> bool:
        """Take what came; False when the simulator is gone."""
        data = self.connection.recv(65_536)
        *lines, self.rest = (self.rest + data).split(b"\n")
        for line in lines:
            self.hear(json.loads(line))
        return bool(data)


def record(path: str, number: int, descriptors: bytes) -> str:
    """A device in umockdev's own notation: P path, N node, E property, A and H attributes as text and hex."""
    node = f"bus/usb/001/{number:03}"
    attributes = {"busnum": 1, "devnum": number, "speed": 12, "bConfigurationValue": 1}
    return "\n".join(
        [
            f"P: {path}",
            f"N: {node}={descriptors.hex().upper()}",  # lower case is refused
            *(
                f"E: {line}"
                for line in (
                    f"DEVNAME=/dev/{node}",
                    "DEVTYPE=usb_device",
                    "BUSNUM=001",
                    f"DEVNUM={number:03}",
                    "MAJOR=189",
                    f"MINOR={number - 1}",
                    "SUBSYSTEM=usb",
                )
            ),
            *(f"A: {name}={value}\\n" for name, value in attributes.items()),
            f"H: descriptors={descriptors.hex()}",
            "",
            "",
        ]
    )


def main() -> None:
    """Serve until the command ends, with its exit code; it is ended when the simulator goes away."""
    connection = socket.socket(fileno=int(sys.argv[1]))
    bus, loop = Bus(connection), GLib.MainLoop()
    first = connection.makefile("rb", buffering=0).readline()  # what is plugged in at the start
    for message in json.loads(first):
        bus.hear(message)
    program = subprocess.Popen(sys.argv[2:])

    def on_readable(*_more: Any) -> bool:
        there = bus.on_readable()
        if not there:
            program.terminate()
        return there

    GLib.io_add_watch(connection.fileno(), GLib.PRIORITY_DEFAULT, GLib.IO_IN | GLib.IO_HUP, on_readable)
    ended: list[int] = []

    def on_end(_pid: int, status: int, *_more: Any) -> None:
        ended.append(os.waitstatus_to_exitcode(status))
        loop.quit()

    GLib.child_watch_add(GLib.PRIORITY_DEFAULT, program.pid, on_end)
    loop.run()
    sys.exit(ended[0] if ended[0] >= 0 else 128 - ended[0])


if __name__ == "__main__":
    main()
