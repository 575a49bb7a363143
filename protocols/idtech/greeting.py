"""Getting to know a reader: which security level, which output format, where its key counter stands.

Nothing of it is changed. A question that it does not answer leaves the matter unknown and the next one is
asked; only an answer can make a reader unfit.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from protocols.core.errors import FramingError
from protocols.core.session import Effect, Link, Mono, Report, Send
from protocols.idtech.options import ReaderOptions
from protocols.idtech.settings import Get, Setting, Value, build_command, level_of, parse_answer

LEAST_LEVEL: Final = 3  # 3: encrypting, 4: the same after authentication
_QUESTIONS: Final = (Setting.SECURITY_LEVEL, Setting.OUTPUT_FORMAT, Setting.KSN)
_ASK_AGAIN_S: Final = 0.05  # the answer may not be there at once
_ORIGINAL_OUTPUT: Final = b"0"
_LONGEST_ANSWER: Final = 6 + 255


class Greeting:
    """One round of questions on one link. The reader's own words are in `answers`."""

    def __init__(self, link: Link, options: ReaderOptions) -> None:
        self._link = link
        self._options = options
        self._left = deque(_QUESTIONS if options.commands == "feature" else ())
        self._asked: Setting | None = None
        self._heard = b""
        self._answer_by: Mono = 0.0
        self._again_at: Mono | None = None
        self.answers: dict[Setting, bytes] = {}

    @property
    def done(self) -> bool:
        """Whether nothing is left to be asked."""
        return self._asked is None and not self._left

    def next_deadline(self) -> Mono | None:
        """When it wants to go on by itself."""
        if self._asked is None:
            return None
        return self._answer_by if self._again_at is None else min(self._again_at, self._answer_by)

    def start(self, now: Mono) -> tuple[Effect, ...]:
        """Ask the first question."""
        return self._next(now)

    def hear(self, report: Report, now: Mono) -> tuple[Effect, ...]:
        """Take a feature report, or that the reader would not give or take one."""
        if self._asked is None:
            return ()
        if report.kind == "stalled":
            return self._next(now)
        data = report.data if isinstance(report.data, bytes) else bytes(report.data.view())
        self._heard += data if any(data) else b""
        try:
            answer = parse_answer(self._heard)
        except FramingError:
            return self._next(now)
        if answer is None and not any(data):
            self._again_at = now + _ASK_AGAIN_S
            return ()
        if answer is None and len(self._heard) < _LONGEST_ANSWER:
            return (self._look(),)  # the rest of it
        if isinstance(answer, Value) and answer.setting == self._asked:
            self.answers[self._asked] = answer.value
        return self._next(now)

    def wake(self, now: Mono) -> tuple[Effect, ...]:
        """Look again for the answer, or give it up."""
        if self._asked is None:
            return ()
        if self._answer_by <= now:
            return self._next(now)
        if self._again_at is not None and self._again_at <= now:
            self._again_at = None
            return (self._look(),)
        return ()

    def unfit(self) -> str | None:
        """Why the reader must not be used: code, colon, text. None where nothing speaks against it."""
        level = level_of(self.answers.get(Setting.SECURITY_LEVEL, b""))
        if level == 0:
            return (
                "reader_keys_exhausted: its security level is 0, its DUKPT keys are used up; have it replaced"
            )
        if level is not None and level < LEAST_LEVEL:
            return f"reader_not_encrypting: its security level is {level}; allowed: 3 or 4"
        if self.answers.get(Setting.OUTPUT_FORMAT) == _ORIGINAL_OUTPUT:
            return "reader_not_encrypting: it sends the original format; set it to the enhanced one (85 = 31)"
        return None

    def _next(self, now: Mono) -> tuple[Effect, ...]:
        self._heard, self._again_at, self._asked = b"", None, None
        if not self._left:
            return ()
        self._asked = self._left.popleft()
        self._answer_by = now + self._options.answer_s
        size = self._options.feature_size
        command = build_command(Get(self._asked))
        parts = [command[at : at + size].ljust(size, b"\0") for at in range(0, len(command), size)]
        return (*(Send(self._link, Report("feature", 0, part)) for part in parts), self._look())

    def _look(self) -> Send:
        """Fetch a feature report; the zeros are the room that it needs."""
        return Send(self._link, Report("get_feature", 0, bytes(self._options.feature_size)))
