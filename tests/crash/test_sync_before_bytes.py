"""Seen from outside, by system call: the journal is synced before the first byte with an effect, and a result
is on the disk before it is acknowledged. A power cut between the two can then lose nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest

from terminal_agent.client import Sale
from tests.support.broker import Broker
from tests.support.house import a_house
from tests.support.kill_points import POSITIVE, RESULT
from tests.support.station import Plan, Wire

pytestmark = pytest.mark.system

DLE_STX = b"\x10\x02"
AUTHORISATION = b"\x06\x01"
_CALL = re.compile(r'^(\d+) +(\w+)\(\d+<(.+?)>(?:, "((?:\\x[0-9a-f]{2})*)"|\)| <unfinished)')
_RESUMED = re.compile(r"^(\d+) +<\.\.\. (\w+) resumed>")
_SYNCS = ("fsync", "fdatasync")
What = Literal["hears", "says", "sync begins", "sync ends"]


@dataclass(frozen=True, slots=True)
class Event:
    """What happened at the port or at the journal."""

    what: What
    data: bytes = b""


def events(record: str, port: int) -> list[Event]:
    """Bytes on the wire, and the journal's syncs with their ends, in order. `port`: the terminal's TCP."""
    found: list[Event] = []
    syncing: set[str] = set()
    for line in record.splitlines():
        if (back := _RESUMED.match(line)) is not None:
            if back[2] in _SYNCS and back[1] in syncing:
                syncing.discard(back[1])
                found.append(Event("sync ends"))
            continue
        if (call := _CALL.match(line)) is None:
            continue
        thread, name, path, text = call.groups()
        target = _bytes(path).decode() or path
        if name in _SYNCS and "/journal." in target:
            found.append(Event("sync begins"))
            if line.endswith("<unfinished ...>"):
                syncing.add(thread)
            else:
                found.append(Event("sync ends"))
        elif text and (target.startswith("/dev/pts/") or (port and target.endswith(f":{port}]"))):
            found.append(Event("hears" if name in ("read", "recvfrom") else "says", _bytes(text)))
    return found


def _bytes(text: str) -> bytes:
    """strace -xx writes every byte as \\xhh, those of paths too; all else stays as it is."""
    return bytes.fromhex("".join(re.findall(r"\\x([0-9a-f]{2})", text)))


def first(found: Sequence[Event], what: What, data: bytes, since: int = 0) -> int:
    """Where these bytes first are, as the beginning of a frame; on TCP that of one read or write."""
    for place, event in enumerate(found[since:], since):
        if event.what == what and (DLE_STX + data in event.data or event.data.startswith(data)):
            return place
    raise AssertionError(f"nothing {what} {data.hex()} after event {since}")


def assert_synced(found: Sequence[Event]) -> None:
    """At least one sync, and every sync that began has ended."""
    words = [event.what for event in found]
    assert words.count("sync begins") > 0
    assert words.count("sync begins") == words.count("sync ends")


@pytest.mark.parametrize("wire", ["pty", "tcp"])
async def test_the_journal_is_synced_before_what_cannot_be_taken_back(
    broker: Broker, tmp_path: Path, wire: Wire
) -> None:
    log = tmp_path / "strace"
    async with a_house(broker, tmp_path, Plan(wire=wire), started=False) as house:
        calls = "trace=read,write,recvfrom,sendto,fsync,fdatasync"
        house.agent.under = ["strace", "-f", "-yy", "-xx", "-s", "16", "-o", str(log), "-e", calls]
        house.start_agent()
        await house.agent_ready()
        await house.ready()
        before = len(log.read_text(encoding="ascii"))
        view = await house.pay(Sale(**house.stamp(), amount_minor=4750))
        assert view.state == "approved"
        found = events(log.read_text(encoding="ascii")[before:], house.station.port)
    asked = first(found, "says", AUTHORISATION)
    assert_synced(found[:asked])
    told = first(found, "hears", RESULT, asked)
    acknowledged = first(found, "says", POSITIVE, told)
    assert_synced(found[told:acknowledged])
