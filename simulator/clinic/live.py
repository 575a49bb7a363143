"""What pages that are open must hear of: something changed, and what terminals are waiting for now."""

from __future__ import annotations

import asyncio

from protocols.contract.events import Progress

_KEPT = 500


class Live:
    """Whoever shows something waits for the next change and looks again."""

    def __init__(self) -> None:
        self._change = asyncio.Event()
        self._progress: dict[str, Progress] = {}

    def changed(self) -> None:
        """Something that a page may show is another."""
        self._change.set()
        self._change = asyncio.Event()

    def next_change(self) -> asyncio.Event:
        """Set by the next change after this call: take it before looking, so that none is missed."""
        return self._change

    def heard(self, progress: Progress) -> None:
        """The newest word on an operation; lossy, and not kept over a restart."""
        if progress.operation_id is not None:
            self._progress.pop(progress.operation_id, None)
            self._progress[progress.operation_id] = progress
            while len(self._progress) > _KEPT:
                self._progress.pop(next(iter(self._progress)))
        self.changed()

    def progress(self, operation: str) -> Progress | None:
        """What its terminal waits for, as far as it was told since we started."""
        return self._progress.get(operation)
