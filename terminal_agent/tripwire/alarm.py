"""That the tripwire fired is told: at once the first time in a place, then once a minute with the count.

What fired is masked already; the alarm says where, in which form and how often, never what. It may fire in
any thread, and before there is anybody to tell.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from terminal_agent.tripwire.forms import Find, Form
from terminal_agent.tripwire.masking import mask_json_text

CODE = "card_number_stopped"
AGAIN_AFTER_S = 60.0

Tell = Callable[[str, Mapping[str, str]], None]


class Alarm:
    """`connect` it on the loop that runs when there is somebody to tell; what fired before is told then."""

    def __init__(self) -> None:
        self._fired: dict[str, Counter[str]] = {}
        self._quiet: set[str] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tell: Tell | None = None

    def connect(self, tell: Tell) -> None:
        """From now on it is told here, on the running loop."""
        self._loop, self._tell = asyncio.get_running_loop(), tell
        for where in tuple(self._fired):
            self._say(where)

    def fired(self, where: str, forms: Sequence[str]) -> None:
        """Card numbers were masked somewhere. From any thread; never raises."""
        loop = self._loop
        if loop is None:
            self._count(where, forms)
        elif not loop.is_closed():
            loop.call_soon_threadsafe(self._heard, where, tuple(forms))

    def guard(self, where: str) -> Callable[[str, str], str]:
        """A function that masks JSON or plain text (with the name of its field) and fires for this place."""

        def guarded(text: str, name: str) -> str:
            masked, found = mask_json_text(text, name)
            if found:
                self.fired(f"{where} {name}", forms_of(found))
            return masked

        return guarded

    def _heard(self, where: str, forms: Sequence[str]) -> None:
        self._count(where, forms)
        if where not in self._quiet:
            self._say(where)

    def _count(self, where: str, forms: Sequence[str]) -> None:
        self._fired.setdefault(where, Counter()).update(forms)

    def _say(self, where: str) -> None:
        counts = self._fired.pop(where, None)
        if counts is None or self._tell is None or self._loop is None:
            self._quiet.discard(where)
            return
        self._quiet.add(where)
        self._loop.call_later(AGAIN_AFTER_S, self._say, where)
        details = {"where": where, "form": ", ".join(sorted(counts)), "count": str(counts.total())}
        self._tell(CODE, details)


def forms_of(found: Sequence[Find]) -> tuple[Form, ...]:
    """The forms in which numbers were found, each as often as it was."""
    return tuple(find.form for find in found)
