"""Seen from outside, by system call: the journal is synced before the first byte with an effect, and a result
is on the disk before it is acknowledged. A power cut between the two can then lose nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
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

DLE_STX, DLE_ETX = b"\x10\x02", b"\x10\x03"
AUTHORISATION = b"\x06\x01"
_CALL = re.compile(r'^(\d+) +(\w+)\(\d+<(.+?)>(?:, "((?:\\x[0-9a-f]{2})*)"|\)|,? +<unfinished)')
_RESUMED = re.compile(r'^(\d+) +<\.\.\. (\w+) resumed>(?:"((?:\\x[0-9a-f]{2})*)")?')
_SYNCS, _READS = ("fsync", "fdatasync"), ("read", "recvfrom")
What = Literal["hears", "says", "writes", "sync begins", "sync ends"]


@dataclass(frozen=True, slots=True)
class Event:
    """What happened at the port or at the journal."""

    what: What
    data: bytes = b""


def events(record: str, port: int) -> list[Event]:
    """Bytes on the wire, and the journal's syncs with their ends, in order. `port`: the terminal's TCP."""
    found: list[Event] = []
    syncing: set[str] = set()
    hearing: set[str] = set()
    for line in record.splitlines():
        if (back := _RESUMED.match(line)) is not None:
            if back[2] in _SYNCS and back[1] in syncing:
                syncing.discard(back[1])
                found.append(Event("sync ends"))
            elif back[1] in hearing:
                hearing.discard(back[1])
                found.append(Event("hears", _bytes(back[3] or "")))
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
        elif text and "/journal." in target:
            found.append(Event("writes", _bytes(text)))
        elif not (target.startswith("/dev/pts/") or (port and target.endswith(f":{port}]"))):
            continue
        elif text:
            found.append(Event("hears" if name in _READS else "says", _bytes(text)))
        elif name in _READS and line.endswith("<unfinished ...>"):
            hearing.add(thread)
    return found


def _bytes(text: str) -> bytes:
    """strace -xx writes every byte as \\xhh, those of paths too; all else stays as it is."""
    return bytes.fromhex("".join(re.findall(r"\\x([0-9a-f]{2})", text)))


def first(found: Sequence[Event], wire: Wire, what: What, message: bytes, since: int = 0) -> int:
    """The event in which a message of this beginning stands whole, however reads and writes cut and joined
    what went over the wire."""
    stream = b""
    for place, event in enumerate(found[since:], since):
        if event.what == what:
            stream += event.data
            if message in beginnings(stream, wire):
                return place
    rest = "\n".join(f"{event.what} {event.data.hex(' ')}" for event in found[since:])
    raise AssertionError(f"nothing {what} {message.hex()} after event {since}:\n{rest}")


def beginnings(stream: bytes, wire: Wire) -> Iterator[bytes]:
    """Class and instruction of each whole message: between DLE STX and DLE ETX (PA00P016 ch. 4), or by its
    length, which is in one byte, or in two after FF (ch. 3)."""
    if wire == "pty":
        for begun in stream.split(DLE_STX)[1:]:
            if DLE_ETX in begun:
                yield begun[:2]
        return
    while len(stream) >= 3:
        size = 3 + stream[2]
        if stream[2] == 0xFF and len(stream) >= 5:
            size = 5 + int.from_bytes(stream[3:5], "little")
        if len(stream) < size:
            return
        yield stream[:2]
        stream = stream[size:]


def assert_on_disk(found: Sequence[Event], mark: bytes) -> None:
    """This mark was written to the journal, and a sync that began after it has ended."""
    written = [place for place, event in enumerate(found) if event.what == "writes" and mark in event.data]
    assert written, f"{mark.decode()} was not written"
    after = [event.what for event in found[written[0] :]]
    assert "sync begins" in after, f"{mark.decode()} was written and not synced"
    assert "sync ends" in after[after.index("sync begins") :], f"the sync of {mark.decode()} had not ended"


def test_calls_that_another_thread_interrupts_are_read_whole() -> None:
    line, journal = ("".join(f"\\x{byte:02x}" for byte in path) for path in (b"/dev/pts/1", b"/j/journal.db"))
    record = f"""\
7 read(5<{line}>,  <unfinished ...>
8 fdatasync(4<{journal}> <unfinished ...>
7 <... read resumed>"\\x06\\x10", 4096) = 2
7 write(5<{line}>, "\\x06", 1 <unfinished ...>
8 <... fdatasync resumed>) = 0
7 <... write resumed>) = 1
"""
    assert events(record, 0) == [
        Event("sync begins"),
        Event("hears", b"\x06\x10"),
        Event("says", b"\x06"),
        Event("sync ends"),
    ]


@pytest.mark.parametrize("wire", ["pty", "tcp"])
async def test_the_journal_is_synced_before_what_cannot_be_taken_back(
    broker: Broker, tmp_path: Path, wire: Wire
) -> None:
    log = tmp_path / "strace"
    async with a_house(broker, tmp_path, Plan(wire=wire), started=False) as house:
        calls = "trace=read,write,recvfrom,sendto,pwrite64,fsync,fdatasync"
        house.agent.under = ["strace", "-f", "-yy", "-xx", "-s", "4200", "-o", str(log), "-e", calls]
        house.start_agent()
        await house.agent_ready()
        await house.ready()
        before = len(log.read_text(encoding="ascii"))
        view = await house.pay(Sale(**house.stamp(), amount_minor=4750))
        assert view.state == "approved"
        found = events(log.read_text(encoding="ascii")[before:], house.station.port)
    asked = first(found, wire, "says", AUTHORISATION)
    assert_on_disk(found[:asked], b"committed")
    told = first(found, wire, "hears", RESULT, asked)
    acknowledged = first(found, wire, "says", POSITIVE[:2], told)
    assert_on_disk(found[told:acknowledged], b"result_seen")
