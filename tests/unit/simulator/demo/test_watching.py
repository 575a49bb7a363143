"""What the watcher passes on, and what it keeps to itself."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path

import pytest

from protocols.contract.fields import Text
from simulator.acquirer.lines import encode
from simulator.clinic.desk import Reading
from simulator.demo.places import Places
from simulator.demo.transcript import Transcript
from simulator.demo.watching import Watcher
from tests.unit.simulator.demo.paper import line


class Scene:
    """A watcher whose transcript can be read."""

    def __init__(self, folder: Path) -> None:
        places = Places(folder, folder)
        self.ledger, self.vault = places.ledger, places.vault_ledger
        self._out = io.StringIO()
        self.watcher = Watcher(Transcript(("en",), self._out), places)
        self.watcher.quiet = False

    def said(self) -> list[str]:
        return [" ".join(text.split()[1:]) for text in self._out.getvalue().splitlines()]


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def reading(about: str, state: str, sentence: str = "words") -> Reading:
    # the caller gives one of Reading's own words
    return Reading(about, state, state, Text(fr=sentence, en=sentence))  # type: ignore[arg-type]  # the words of a story


def test_the_screen_is_shown_when_it_changes(scene: Scene) -> None:
    for text in ("display  PIN", "display  PIN", "note     command: sale", "paper    TOTAL", "Traceback"):
        scene.watcher.screen(f"12:00:00 {text}" if text != "Traceback" else text)
    assert scene.said() == ["screen [ PIN ]"]


def test_what_was_booked_is_told_before_the_cable_goes(scene: Scene) -> None:
    scene.ledger.write_bytes(encode(line(1)))
    scene.watcher.screen("12:00:00 note     cable: cut for 4 s")
    assert scene.said() == ["ledger line 1: a charge of $47.50, card ••1111", "cable the cable is pulled out"]


def test_the_ledgers_lines_are_told_once_or_all_when_asked(scene: Scene) -> None:
    scene.watcher.show_ledgers()
    scene.ledger.write_bytes(encode(line(1)) + encode(line(2)))
    scene.watcher.show_ledgers()
    scene.watcher.show_ledgers()
    assert len(scene.said()) == 2
    scene.watcher.show_ledgers(whole=True)
    assert len(scene.said()) == 4


def test_a_closed_batch_names_no_card(scene: Scene) -> None:
    scene.ledger.write_bytes(encode(line(1, 12750, kind="batch_close", card="")))
    scene.watcher.show_ledgers()
    assert scene.said() == ["ledger line 1: a batch close, $127.50"]


def test_the_vaults_lines_are_told_as_its_own(scene: Scene) -> None:
    scene.vault.write_bytes(encode(line(1, 0, kind="token_stored", token="ab")))
    scene.watcher.show_ledgers()
    assert scene.said() == ["vault line 1: a stored card, ••1111"]


def test_staff_are_not_bothered_with_steps_between_steps(scene: Scene) -> None:
    for one in (
        reading("operation", "committed"),
        reading("terminal", "busy"),
        reading("terminal", "offline", "unplugged"),
        reading("operation", "in_doubt", "wait"),
    ):
        scene.watcher.reading(one)
    assert scene.said() == ["desk unplugged", "desk wait"]


def test_before_the_story_nothing_is_told(scene: Scene) -> None:
    scene.watcher.quiet = True
    scene.watcher.reading(reading("terminal", "offline"))
    scene.watcher.screen("12:00:00 display  WELCOME")
    assert scene.said() == []


async def test_one_can_wait_for_what_staff_read(scene: Scene) -> None:
    waiting = asyncio.create_task(scene.watcher.until_heard("awaiting_card"))
    scene.watcher.reading(reading("progress", "authorizing"))
    await asyncio.sleep(0)
    assert not waiting.done()
    scene.watcher.reading(reading("progress", "awaiting_card"))
    await waiting
    scene.watcher.forget()
    assert not scene.watcher.heard("awaiting_card")
