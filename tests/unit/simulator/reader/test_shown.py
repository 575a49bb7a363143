"""A frame that is shown is the frame that is sent, and shows no number."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from protocols.idtech.codec import decode, encode
from protocols.idtech.fields import Form
from protocols.idtech.messages import Keyed, Swipe
from simulator.cards import CARDS
from simulator.cli import app
from simulator.ending import WRONG_USE
from simulator.reader import shown
from simulator.reader.device import VirtualReader
from simulator.reader.settings import ReaderSettings

VISA = CARDS["visa"]
READS: dict[str, Swipe | Keyed] = {
    "swiped": shown.swiped(VISA, ReaderSettings()),
    "without a serial number": shown.swiped(VISA, ReaderSettings(frame_serial=False)),
    "keyed": shown.keyed(VISA, "123", ReaderSettings()),
}


@pytest.mark.parametrize("form", ["binary", "text"])
@pytest.mark.parametrize("kind", READS)
def test_the_named_fields_are_the_whole_frame(kind: str, form: Form) -> None:
    read = READS[kind]
    sealed = encode(read, form)
    fields = shown.fields_of(read, form)
    typed = [one.data if one.plain or form == "binary" else one.data.hex().upper().encode() for one in fields]
    assert b"".join(typed) == bytes(sealed.view())
    *_rows, _empty, whole = shown.rows(read, form)
    assert (whole.encode() if form == "text" else bytes.fromhex(whole)) == bytes(sealed.view())


def test_it_is_what_the_reader_sends_first() -> None:
    reader = VirtualReader()
    reader.swipe(VISA)
    report = reader.take_input() or b""
    *_rows, whole = shown.rows(READS["swiped"], "binary")
    assert report[9 : 9 + len(whole) // 2].hex().upper() == whole


@pytest.mark.parametrize("options", [[], ["--format", "text"], ["--keyed", "--code", "123"]])
def test_the_command_prints_fields_and_a_frame_that_can_be_read(options: list[str]) -> None:
    found = CliRunner().invoke(app, ["reader", "show", "visa", *options])
    assert found.exit_code == 0
    lines = found.stdout.splitlines()
    assert lines[0].split() == ["start", "02"]
    assert any(line.split() == ["KSN", "FFFF9876543210E00001"] for line in lines)
    assert VISA.number not in found.stdout
    frame = lines[-1].encode() if "text" in options else bytes.fromhex(lines[-1])
    read = decode(memoryview(frame), "text" if "text" in options else "binary")
    assert isinstance(read, Keyed if "--keyed" in options else Swipe)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["interac"], "card: is 'interac'; allowed: visa"),
        (["visa", "--keyed", "--code", "12x"], "code: is none; allowed: 3 or 4 digits"),
        (["visa", "--reader", "absent.toml"], "absent.toml"),
    ],
)
def test_what_cannot_be_shown_is_named(words: list[str], said: str) -> None:
    found = CliRunner().invoke(app, ["reader", "show", *words])
    assert (found.exit_code, said in found.stderr) == (WRONG_USE, True)
