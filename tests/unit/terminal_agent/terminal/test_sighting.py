"""Adapters and readers are told when they appear, once, and whose they are."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from drivers.discovery import PortInfo
from protocols.contract.events import Discovered
from terminal_agent.settings.terminal import Serial, Tcp, Terminal
from terminal_agent.terminal.sighting import Sighting
from tests.support.clock import FakeClock
from tests.support.waiting import eventually

ADAPTER = PortInfo("/dev/ttyUSB0", 0x0403, 0x6001, "A1", "FT232R")
OTHER = PortInfo("/dev/ttyUSB1", 0x067B, 0x2303, None, "PL2303")
BOARD = PortInfo("/dev/ttyS0")
READER = PortInfo("/dev/bus/usb/001/004", 0x0ACD, 0x2010, "T134000064", "SecuRED", "1-2", "reader")


def terminal(name: str, **keys: object) -> Terminal:
    return Terminal(id=name, name=name, protocol="zvt", serial=Serial.model_validate(keys))


def counter(name: str, **keys: object) -> Terminal:
    vault = {"host": "vault", "port": 443, "tls": {"ca": "/etc/vault.pem"}}
    return Terminal.model_validate(
        {"id": name, "name": name, "protocol": "idtech_moneris", "usb": keys, "gateway": vault}
    )


class Bench:
    """Ports that can be plugged, and what was told of them."""

    def __init__(self, *terminals: Terminal) -> None:
        self.ports: list[PortInfo] = []
        self.told: list[Discovered] = []
        self.appeared = 0
        self.looked = 0
        self.sighting = Sighting(terminals, self._list, self.told.append, self._appear, FakeClock())

    def _list(self) -> list[PortInfo]:
        self.looked += 1
        return list(self.ports)

    def _appear(self) -> None:
        self.appeared += 1

    @asynccontextmanager
    async def looking(self) -> AsyncIterator[None]:
        """Look, until the test is over."""
        task = asyncio.create_task(self.sighting.run())
        await self.looked_again(1)
        yield
        task.cancel()
        await asyncio.wait([task])

    async def looked_again(self, times: int) -> None:
        """The ports were listed so often, and compared."""
        await eventually(lambda: self.looked >= times, "the ports are listed")
        await asyncio.sleep(0)
        await asyncio.sleep(0)


async def test_an_adapter_is_told_once_and_what_is_no_adapter_never() -> None:
    bench = Bench(terminal("front", vid="0403", pid="6001", serial_number="A1"))
    bench.ports = [OTHER, BOARD, ADAPTER]
    async with bench.looking():
        await eventually(lambda: len(bench.told) == 2, "both adapters are told")
        assert [one.where for one in bench.told] == ["/dev/ttyUSB0", "/dev/ttyUSB1"]
        assert [one.terminal for one in bench.told] == ["front", None]
        assert (bench.told[0].vendor_id, bench.told[0].product_id) == ("0403", "6001")
        assert (bench.told[0].serial, bench.told[0].description) == ("A1", "FT232R")
        assert bench.appeared == 1


async def test_a_rescan_tells_them_again() -> None:
    bench = Bench()
    bench.ports = [ADAPTER]
    async with bench.looking():
        await eventually(lambda: len(bench.told) == 1, "it is told")
        bench.sighting.look_again()
        await eventually(lambda: len(bench.told) == 2, "it is told again")
        assert bench.appeared == 2


async def test_an_adapter_that_was_away_is_new_again() -> None:
    bench = Bench()
    bench.ports = [ADAPTER]
    bench.sighting._compare(frozenset({ADAPTER}))
    bench.sighting._compare(frozenset())
    bench.sighting._compare(frozenset({ADAPTER}))
    assert (len(bench.told), bench.appeared) == (2, 2)
    bench.sighting._compare(frozenset({ADAPTER}))
    assert (len(bench.told), bench.appeared) == (2, 2)


@pytest.mark.parametrize(
    ("ours", "fits"),
    [
        (terminal("a", path="/dev/ttyUSB0"), True),
        (terminal("a", path="/dev/ttyUSB9"), False),
        (terminal("a", vid="0403", pid="6001"), True),
        (terminal("a", vid="0403", pid="6001", serial_number="A2"), False),
        (terminal("a", vid="0403", pid="6002"), False),
        (Terminal(id="a", name="a", protocol="zvt", tcp=Tcp(host="pt", port=1)), False),
    ],
)
def test_whose_adapter_it_is(ours: Terminal, fits: bool) -> None:
    bench = Bench(ours)
    bench.sighting._compare(frozenset({ADAPTER}))
    assert bench.told[0].terminal == ("a" if fits else None)


def test_a_path_may_be_a_link_to_the_port(tmp_path: Path) -> None:
    link = tmp_path / "by-path"
    link.symlink_to(tmp_path / "ttyUSB7")
    bench = Bench(terminal("a", path=str(link)))
    bench.sighting._compare(frozenset({PortInfo(str(tmp_path / "ttyUSB7"), 0x0403, 0x6001)}))
    assert bench.told[0].terminal == "a"


@pytest.mark.parametrize(
    ("ours", "fits"),
    [
        (counter("a", vid="0acd"), True),
        (counter("a", vid="0acd", pid="2010", serial_number="T134000064"), True),
        (counter("a", vid="0acd", pid="2030"), False),
        (counter("a", vid="0acd", serial_number="T134000065"), False),
        (counter("a", vid="0801"), False),
        (terminal("a", vid="0acd", pid="2010"), False),
    ],
)
def test_whose_reader_it_is(ours: Terminal, fits: bool) -> None:
    bench = Bench(ours)
    bench.sighting._compare(frozenset({READER}))
    (told,) = bench.told
    assert told.terminal == ("a" if fits else None)
    assert (told.settings is None) is fits
    assert (told.where, told.description) == ("/dev/bus/usb/001/004", "SecuRED")


def test_what_is_nobodys_is_told_with_its_settings() -> None:
    bench = Bench()
    bench.sighting._compare(frozenset({READER, ADAPTER}))
    reader, adapter = bench.told
    assert reader.settings == ('[terminals.usb]\nvid = "0acd"\npid = "2010"\nserial_number = "T134000064"')
    assert adapter.settings == '[terminals.serial]\nvid = "0403"\npid = "6001"\nserial_number = "A1"'
