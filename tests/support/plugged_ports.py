"""The agent with a list of serial ports from a file instead of the operating system's.

A pty has no USB adapter: which port shows which VID, PID and serial number stands in a JSON file, which a
test rewrites as it plugs and unplugs. `python -m tests.support.plugged_ports FILE run --config …`
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from serial.tools import list_ports
from serial.tools.list_ports_common import ListPortInfo

from terminal_agent.cli import main

VENDOR, PRODUCT, NUMBER = 0x0403, 0x6001, "A50285BI"


def plug(file: Path, ports: Mapping[Path, str | None]) -> None:
    """From now on these ports are there, each with the serial number of its adapter."""
    beside = file.with_suffix(".new")
    beside.write_text(json.dumps({str(path): number for path, number in ports.items()}), encoding="utf-8")
    beside.replace(file)


def comports(file: Path) -> Sequence[ListPortInfo]:
    """The ports in the file, as pyserial lists them."""
    found = []
    for path, number in json.loads(file.read_text(encoding="utf-8")).items():
        port = ListPortInfo(path)
        port.vid, port.pid, port.serial_number = VENDOR, PRODUCT, number
        port.product = "USB Serial"
        found.append(port)
    return found


if __name__ == "__main__":
    listed = Path(sys.argv[1])
    setattr(list_ports, "comports", lambda *_args, **_more: comports(listed))  # noqa: B010 - typed otherwise
    main(sys.argv[2:])
