"""What hands do with a reader: typed words, requests, and what cannot be done."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from protocols.idtech.codec import decode
from protocols.idtech.messages import Keyed
from simulator.control_socket import ControlSocket
from simulator.declared import SettingError
from simulator.reader.device import VirtualReader
from simulator.reader.hands import Hands, request_of
from simulator.reader.hid import HidDevice
from simulator.reader.prompt import Prompt
from simulator.reader.settings import ReaderSettings


class Bus:
    """Notes what is plugged in where."""

    def __init__(self) -> None:
        self.kernel_driver: dict[int, bool] = {}
        self.done: list[str] = []

    def plug(self, device: HidDevice, socket_number: int = 1) -> int:
        self.done.append(f"plug {device.serial} {socket_number}")
        return len(self.done)

    def unplug(self, key: int) -> None:
        self.done.append(f"unplug {key}")


class Desk:
    """Hands on a reader, reached by requests and by words."""

    def __init__(self, settings: ReaderSettings | None = None) -> None:
        self.bus, self.reader, self.stopped = Bus(), VirtualReader(settings), 0
        self.door = ControlSocket(Path(), Hands(self.bus, self.reader, self._stop).verbs, "the tests")

    def _stop(self) -> None:
        self.stopped += 1

    def typed(self, words: str) -> dict[str, object]:
        return self.door.obey(json.dumps(request_of(words.split())).encode())

    def output(self) -> bytes:
        whole = b"".join(iter(lambda: self.reader.take_input() or b"", b""))
        return whole[9 : 9 + int.from_bytes(whole[7:9], "little")]


@pytest.fixture
def desk() -> Desk:
    made = Desk()
    assert made.typed("plug")["ok"]
    return made


def test_a_card_is_swiped_and_keyed(desk: Desk) -> None:
    assert desk.typed("swipe visa") == {"ok": True}
    assert desk.output()[3] == 0x80
    assert desk.typed("key amex 1234") == {"ok": True}
    read = decode(memoryview(desk.output()), "binary")
    assert isinstance(read, Keyed)
    assert read.plain_length == len("378282246310005=3012=1234")


def test_it_is_plugged_where_it_was_or_elsewhere(desk: Desk) -> None:
    for words in ("unplug", "plug 3", "unplug", "plug"):
        assert desk.typed(words) == {"ok": True}
    assert desk.bus.done[2::2] == ["plug T134000064 3", "plug T134000064 3"]
    assert desk.typed("status") == {
        "ok": True, "plugged": True, "socket": 3, "serial": "T134000064", "opened": False,
    }  # fmt: skip
    desk.bus.kernel_driver[len(desk.bus.done)] = False
    assert desk.typed("status")["opened"] is True


def test_a_fault_strikes_the_next_read(desk: Desk) -> None:
    assert desk.typed("fault nothing_read") == {"ok": True}
    desk.typed("swipe visa")
    assert desk.output() == b""
    assert desk.typed("stop") == {"ok": True}
    assert desk.stopped == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("swipe", "card: is None; allowed: visa"),
        ("swipe wallet", "card: is 'wallet'; allowed: visa"),
        ("key interac", "card: is 'interac'; allowed: visa"),
        ("key visa 12", "code: is none; allowed: 3 or 4 digits"),
        ("plug", "plugged in already; unplug it first"),
        ("fault", "fault.what: is missing; allowed: bad_lrc"),
        ("fault bad", "fault.what: is 'bad'; allowed: bad_lrc"),
        ("fault bad_lrc many", "fault.times: is 'many'; allowed: a whole number"),
    ],
)
def test_what_cannot_be_done_is_named(desk: Desk, words: str, said: str) -> None:
    answer = desk.typed(words)
    assert answer["ok"] is False
    assert said in str(answer["error"])


@pytest.mark.parametrize(
    ("words", "said"),
    [("swipe visa", "has no power; plug it in first"), ("unplug", "not plugged in"), ("plug 16", "1 to 15")],
)
def test_without_a_plug_there_is_no_power(words: str, said: str) -> None:
    desk = Desk()
    assert said in str(desk.typed(words)["error"])
    assert desk.output() == b""


def test_a_reader_whose_keys_are_used_up_says_so() -> None:
    desk = Desk(ReaderSettings(ksn="FFFF9876543210FFF800"))
    desk.typed("plug")
    assert "keys are used up" in str(desk.typed("swipe visa")["error"])


@pytest.mark.parametrize("words", ["dance", "", "stop it", "key visa 123 4"])
def test_words_that_mean_nothing_are_refused(words: str) -> None:
    with pytest.raises(SettingError, match="allowed"):
        request_of(words.split())


def test_the_prompt_says_what_became_of_a_line(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    prompt = Prompt(desk.door.obey)
    for line in ("swipe visa", "swipe nobody", "dance", "help", "status"):
        prompt.line(line)
    out, err = capsys.readouterr()
    said = err.splitlines()
    assert out == ""
    assert said[0] == "reader: done"
    assert said[1].startswith("reader: card: is 'nobody'")
    assert said[2].startswith("reader: the first word: is 'dance'; allowed: swipe, key")
    assert said[3].startswith("reader: swipe CARD; key CARD CODE")
    assert said[4] == "reader: plugged True, socket 1, serial T134000064, opened False"
