"""`make demo`: start everything, tell the story, stay up to be played with, judge.

ONCE=1 ends after the story. TAMPER=1 falsifies a line of the ledger before the judge sees it. LANG chooses
the language. Exit codes: 0 all went as it must and the judge agrees, 1 not, 2 it could not run, 130
interrupted.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Literal

from simulator.clinic.cancelling import end
from simulator.clinic.desk import DeskError
from simulator.demo import phrases
from simulator.demo.bench import Bench
from simulator.demo.child import ChildError
from simulator.demo.on_file import OnFile
from simulator.demo.pages import PagesError
from simulator.demo.places import Places, new_places, shown
from simulator.demo.playing import Play, keyboard
from simulator.demo.recorder import RecorderError
from simulator.demo.remote import RemoteError
from simulator.demo.story import Story
from simulator.demo.tampering import tamper
from simulator.demo.telling import Teller
from simulator.demo.tour import invite
from simulator.demo.transcript import Transcript, money, to_stdout
from simulator.demo.watching import Watcher

GOOD, BAD, UNABLE, INTERRUPTED = 0, 1, 2, 130
_ROOT = Path("build") / "demo"
_STORY_WITHIN_S = 120.0


class Demo:
    """One run in its `places`."""

    def __init__(self, places: Places, transcript: Transcript, *, once: bool) -> None:
        self._places = places
        self._transcript = transcript
        self._once = once
        self._watcher = Watcher(transcript, places)
        self._stage: Literal["starting", "telling", "playing", "ending"] = "starting"
        self._quit = asyncio.Event()

    async def run(self) -> bool | None:
        """Whether all went as it must; None when interrupted. Raises what a part raises that cannot go on."""
        session = asyncio.create_task(self._session())
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, self._asked_to_stop, session)
        await asyncio.wait((session,))
        return None if session.cancelled() else session.result()

    def _asked_to_stop(self, session: asyncio.Task[bool | None]) -> None:
        """Ctrl-C ends the play or breaks the story off; a second one does not disturb the tidying up."""
        if self._stage == "starting" and not self._quit.is_set():
            session.cancel()
        self._quit.set()

    async def _session(self) -> bool | None:
        async with Bench(
            self._places,
            locale=self._transcript.speaks[0],
            on_started=self._transcript.started,
            on_screen=self._watcher.screen,
            on_reading=self._watcher.reading,
        ) as bench:
            self._stage, self._watcher.quiet = "telling", False
            following = asyncio.create_task(self._watcher.follow())
            try:
                good = await self._tell(bench)
                if good is not None and not self._once:
                    await self._play(bench)
                self._stage, self._watcher.quiet = "ending", True
                if good is not None:
                    self._transcript.plain()
                    self._transcript.says("demo", phrases.ENDING)
                    await bench.finish()
            finally:
                await end((following,))
        return good

    async def _tell(self, bench: Bench) -> bool | None:
        """Tell the story: whether it went as it must; None when it was broken off."""
        teller = Teller(self._watcher, self._transcript)
        telling = asyncio.create_task(self._story(bench, teller))
        quitting = asyncio.create_task(self._quit.wait())
        both = (telling, quitting)
        await asyncio.wait(both, timeout=_STORY_WITHIN_S, return_when=asyncio.FIRST_COMPLETED)
        quitting.cancel()
        if telling.done():
            telling.result()
            return teller.good
        await end((telling,))
        if self._quit.is_set():
            return None
        raise TimeoutError

    @staticmethod
    async def _story(bench: Bench, teller: Teller) -> None:
        """At the terminal, and then in the pages. Raises DeskError, RemoteError, PagesError, TimeoutError."""
        await Story(bench.desk, bench.remote, teller).tell()
        language = teller.transcript.speaks[0]
        await OnFile(bench.pages, bench.hands, teller, language).tell()

    async def _play(self, bench: Bench) -> None:
        self._stage = "playing"
        play = Play(bench, self._watcher, self._transcript, self._quit.set)
        with keyboard(play.press) as with_keys:
            invite(bench, self._transcript, with_keys=with_keys)
            await self._quit.wait()
        await play.close()


async def judge(places: Places) -> int:
    """The verdict of a process that gets these files and nothing else: its exit code."""
    files = (str(places.ledger), str(places.vault_ledger), str(places.traffic))
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "simulator.demo.verdict", *files)
    return await process.wait()


def falsify(places: Places, transcript: Transcript) -> None:
    """Change a line of the ledger and say which."""
    done = tamper(places.ledger)
    if done is None:
        transcript.check(False, phrases.NOTHING_TO_TAMPER)
        return
    phrase = phrases.TAMPERED.format(
        n=done.number, before=money(done.before_minor), after=money(done.after_minor)
    )
    transcript.says("demo", phrase)


async def demonstrate(places: Places, transcript: Transcript, environment: Mapping[str, str]) -> int:
    """Run, falsify where asked, judge: the exit code."""
    try:
        good = await Demo(places, transcript, once=_wanted(environment, "ONCE")).run()
    except (ChildError, RecorderError, RemoteError, DeskError, PagesError, TimeoutError, OSError) as error:
        transcript.check(False, phrases.FAILED.format(why=str(error) or phrases.TOO_LONG))
        transcript.note(phrases.FILES.format(folder=shown(places.folder)))
        return UNABLE
    if good is None:
        transcript.says("demo", phrases.INTERRUPTED)
        return INTERRUPTED
    if _wanted(environment, "TAMPER"):
        falsify(places, transcript)
    transcript.act(phrases.VERDICT)
    verdict = await judge(places)
    if not good:
        transcript.check(False, phrases.STORY_FAILED)
    transcript.note(phrases.FILES.format(folder=shown(places.folder)))
    return GOOD if good and verdict == GOOD else BAD


def _wanted(environment: Mapping[str, str], name: str) -> bool:
    return environment.get(name, "") not in ("", "0", "no", "non")


def main() -> int:
    """The program."""
    transcript = to_stdout(os.environ)
    transcript.title(phrases.TITLE)
    transcript.note(phrases.LEGEND)
    transcript.plain()
    with new_places(_ROOT, datetime.now().astimezone()) as places:
        return asyncio.run(demonstrate(places, transcript, os.environ))


if __name__ == "__main__":
    sys.exit(main())
