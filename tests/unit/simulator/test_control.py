"""The control channel's requests and the keys, on a station without a cable."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from simulator.acquirer.ledger import MemoryLedger
from simulator.control import Control
from simulator.declared import SettingError
from simulator.keys import Keys
from simulator.scenario import Scenario
from simulator.wire.end import Listener
from simulator.wire.station import Station, wall_clock
from simulator.zvt.device import build
from simulator.zvt.state import MemoryStore


class NoCable:
    """A wire end that only notes what is done to it."""

    on_tcp = True
    address = "nowhere"

    def __init__(self) -> None:
        self.done: list[str] = []
        self.written: list[bytes] = []

    async def start(self, listener: Listener) -> None: ...

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def hang_up(self) -> None:
        self.done.append("hang_up")

    def cut(self, what: str, seconds: float) -> None:
        self.done.append(f"{what} {seconds:g}")

    def restore(self, path: str | None = None) -> None:
        self.done.append("restore")

    def close(self) -> None: ...


class NoScreen:
    """A screen that nobody looks at."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def show(self, lines: tuple[str, ...]) -> None: ...

    def paper(self, lines: tuple[str, ...]) -> None: ...

    def note(self, text: str) -> None:
        self.notes.append(text)


class Desk:
    """A station under control, by hand."""

    def __init__(self) -> None:
        self.end, self.screen = NoCable(), NoScreen()
        self.stopped = 0
        device = build(
            Scenario(), ledger=MemoryLedger(), store=MemoryStore(), wall=wall_clock, on_tcp=True, by_hand=True
        )
        self.station = Station(device, self.end, self.screen)
        self.control = Control(Path("unused"), self.station, self._stop)
        self.keys = Keys(self.station, self.screen, self._stop)

    def _stop(self) -> None:
        self.stopped += 1

    def ask(self, **request: object) -> dict[str, object]:
        return self.control.obey(json.dumps(request).encode())


@pytest.fixture
async def desk() -> Desk:
    """A desk on the running loop."""
    one = Desk()
    await one.station.start()
    return one


async def test_status_tells_display_and_address(desk: Desk) -> None:
    answer = desk.ask(do="status")
    assert answer == {
        "ok": True,
        "display": ["BIENVENUE", "CLINIQUE DU PARC"],
        "busy": False,
        "powered": True,
        "address": "nowhere",
    }


async def test_cable_and_plug(desk: Desk) -> None:
    assert desk.ask(do="cut", what="mute", seconds=2)["ok"]
    assert desk.ask(do="power_cut")["ok"]
    assert desk.ask(do="status")["powered"] is False
    assert desk.ask(do="restore") == {"ok": True, "address": "nowhere"}
    assert desk.ask(do="status")["powered"] is True
    assert desk.end.done == ["mute 2", "hang_up", "restore"]


async def test_acts_reach_the_terminal(desk: Desk) -> None:
    assert desk.ask(do="act", act="insert", card="amex") == {"ok": True}
    desk.station.on_bytes(bytes.fromhex("0501050000000302"))
    assert desk.end.written[0] == b"\x80\x00\x00"
    assert desk.station.device.terminal.console.card_inside()
    desk.ask(do="act", act="remove")
    assert not desk.station.device.terminal.console.card_inside()


async def test_a_fault_is_planned(desk: Desk) -> None:
    assert desk.ask(do="fault", fault={"when": "command", "what": "busy"}) == {"ok": True}
    desk.station.on_bytes(bytes.fromhex("050100"))
    assert desk.end.written == [bytes.fromhex("849C00")]


@pytest.mark.parametrize(
    ("request_", "wrong"),
    [
        ({"do": "dance"}, "do is 'dance'; allowed: status, act"),
        ({"do": "act", "act": "eat"}, "act: is 'eat'; allowed: insert"),
        ({"do": "act", "act": "insert", "card": "gold"}, "card: is 'gold'; allowed: visa"),
        ({"do": "cut", "seconds": "long"}, "seconds: is 'long'"),
        ({"do": "restore", "path": 7}, "path: is 7; allowed: a text"),
        ({"do": "fault"}, "allowed: an object with at least when and what"),
        ({"do": "fault", "fault": {"when": "now", "what": "cut"}}, "fault.when: is 'now'; allowed: command"),
        ({"do": "fault", "fault": {"when": "card", "what": "cut", "command": "x"}}, "fault.command: is 'x'"),
    ],
)
async def test_wrong_requests_are_told_what_is_allowed(
    desk: Desk, request_: dict[str, object], wrong: str
) -> None:
    answer = desk.ask(**request_)
    assert answer["ok"] is False
    assert wrong in str(answer["error"])


async def test_no_json_and_no_object(desk: Desk) -> None:
    assert desk.control.obey(b"hello")["ok"] is False
    assert desk.control.obey(b"[1]")["ok"] is False


async def test_keys_present_a_card_cut_and_quit(desk: Desk) -> None:
    for key in "nni":
        desk.keys.press(key)
    assert desk.screen.notes[-1] == "card in hand: mastercard"
    assert desk.station.device.terminal.console.card_inside()
    for key in "rcmubq?":
        desk.keys.press(key)
    assert not desk.station.device.terminal.console.card_inside()
    assert desk.end.done == ["cut 0", "mute 0", "hang_up", "restore"]
    assert desk.stopped == 1


async def test_without_a_keyboard_the_option_is_named(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "no-keyboard"
    path.touch()
    with path.open() as file:
        monkeypatch.setattr(sys, "stdin", file)
        with pytest.raises(SettingError, match="--keys: standard input is a file"):
            desk.keys.start()
        desk.keys.stop()
