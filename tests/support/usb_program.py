"""A program that uses USB ports as it is told: a command and an answer a line, in JSON.

Run as the child of a mocked bus, so that real pyusb and real libusb stand between it and the virtual device.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import Any

from drivers.config import UsbConfig
from drivers.transport import EndpointClosed, EndpointUnavailable
from drivers.usb_port import UsbPort, libusb, list_readers
from protocols.core.card import Sealed
from protocols.core.session import Report

NOBODY = 65_534


class Program:
    """Ports, the last one opened being the one that is meant."""

    def __init__(self) -> None:
        self._ports: list[UsbPort] = []

    async def obey(self, command: str, *words: Any) -> Any:
        """The answer, as JSON can have it."""
        match command:
            case "open":
                self._ports.append(UsbPort(UsbConfig(*words)))
                peer = await self._ports[-1].open(5)
                return [peer.where, peer.serial]
            case "read":
                report = await self._ports[-1].read()
                data = report.data.view() if isinstance(report.data, Sealed) else report.data
                return [report.kind, report.id, data.hex()]
            case "write":
                kind, number, data = words
                await self._ports[-1].write(Report(kind, number, bytes.fromhex(data)))
                return None
            case "close":
                await self._ports.pop().aclose()
                return None
            case "close all":
                for port in self._ports:
                    await port.aclose()
                return None
            case "list":
                return [str(reader) for reader in list_readers()]
            case "give up rights":
                if os.getuid() == 0:
                    os.setuid(NOBODY)
                return None
            case "library":
                return type(libusb()).__module__
        raise ValueError(command)


async def main() -> None:
    """Until the input ends."""
    program = Program()
    while line := await asyncio.to_thread(sys.stdin.readline):
        try:
            answer = {"done": await program.obey(*json.loads(line))}
        except (EndpointUnavailable, EndpointClosed) as error:
            answer = {"refused": [error.code, error.message]}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    await program.obey("close all")


if __name__ == "__main__":
    asyncio.run(main())
