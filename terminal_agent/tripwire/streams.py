"""Standard output and error of a command: everything that is written is masked, whoever writes it.

A usage error repeats what was typed, and an exception nobody caught shows its text.
"""

from __future__ import annotations

import sys
from typing import Any, TextIO, cast

from terminal_agent.tripwire.masking import mask_text

TOLD = "a card number was masked in the output above; docs/security.md says what to do\n"


class MaskedStream:
    """A text stream whose `write` masks; all else is the stream's own."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.masked = 0

    def write(self, text: str) -> int:
        """Write it masked. TypeError for bytes, as text streams do."""
        masked, found = mask_text(text)
        self.masked += len(found)
        return self._stream.write(masked)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def mask_standard_streams() -> None:
    """From now on in this process."""
    sys.stdout = cast(TextIO, MaskedStream(sys.stdout))
    sys.stderr = cast(TextIO, MaskedStream(sys.stderr))


def tell_if_masked() -> None:
    """The last line of a command in whose output something was masked."""
    streams = (sys.stdout, sys.stderr)
    if any(isinstance(stream, MaskedStream) and stream.masked for stream in streams):
        sys.stderr.write(TOLD)
