"""One thread for the journal, and one commit for all that waits at that moment.

While a commit waits for the disk, further writers queue up; the next commit takes them all. Each of them
still hears of its write only once it is on disk. With one writer there is nobody to wait for, and nothing is
waited for; with 32 terminals at once it is the difference between 32 commits in a row and two.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from concurrent.futures import Future as ThreadFuture
from functools import partial
from threading import Lock
from typing import Any, Generic, TypeVar

T = TypeVar("T")
S = TypeVar("S")

Work = Callable[[], Any]
BATCH_LIMIT = 64


class Batches(Generic[S]):
    """Runs work on the executor's one thread, in the order it was given.

    `run_batch` performs a batch as one transaction and returns one result for each piece of work (an
    exception for one that was refused) and a summary; what it raises goes to every member of the batch.
    `committed` is called with the summary on the loop, before anybody hears of a result.
    """

    def __init__(
        self,
        executor: Executor,
        run_batch: Callable[[Sequence[Work]], tuple[list[Any], S]],
        committed: Callable[[S], None],
    ) -> None:
        self._executor = executor
        self._run_batch = run_batch
        self._committed = committed
        self._queue: deque[tuple[Work, asyncio.Future[Any]]] = deque()
        self._lock = Lock()
        self._running = False

    async def run(self, work: Callable[[], T]) -> T:
        """The work's result, once the batch it was part of is on disk."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        with self._lock:
            self._queue.append((work, future))
            start, self._running = not self._running, True
        if start:
            self._submit(loop)
        return await future

    def _submit(self, loop: asyncio.AbstractEventLoop) -> None:
        batch: list[tuple[Work, asyncio.Future[Any]]] = []
        done = self._executor.submit(self._take_and_run, batch)
        done.add_done_callback(lambda ended: loop.call_soon_threadsafe(partial(self._deliver, batch, ended)))

    def _take_and_run(self, batch: list[tuple[Work, asyncio.Future[Any]]]) -> tuple[list[Any], S]:
        with self._lock:
            while self._queue and len(batch) < BATCH_LIMIT:
                batch.append(self._queue.popleft())
        return self._run_batch([work for work, _ in batch])

    def _deliver(
        self, batch: list[tuple[Work, asyncio.Future[Any]]], ended: ThreadFuture[tuple[list[Any], S]]
    ) -> None:
        with self._lock:
            self._running = bool(self._queue)
        if self._running:
            self._submit(asyncio.get_running_loop())
        failure = ended.exception()
        results: list[Any] = [failure] * len(batch)
        if failure is None:
            results, summary = ended.result()
            self._committed(summary)
        for (_, future), result in zip(batch, results, strict=True):
            if future.cancelled():
                continue
            if isinstance(result, BaseException):
                future.set_exception(result)
            else:
                future.set_result(result)
