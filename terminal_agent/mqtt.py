"""aiomqtt's client, whose limits swallow no cancellation."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable
from typing import TypeVar

import aiomqtt

T = TypeVar("T")


class MqttClient(aiomqtt.Client):
    """As its base, which waits by `asyncio.wait_for`: in Python 3.11 a cancellation that comes together with
    the awaited answer is lost there (github.com/python/cpython/issues/86296), and whoever cancelled would
    wait for a task that goes on."""

    async def _wait_for(self, fut: Awaitable[T], timeout: float | None) -> T:
        limit_s = self.timeout if timeout is None else timeout
        try:
            async with asyncio.timeout(None if limit_s == math.inf else limit_s):
                return await fut
        except TimeoutError:
            raise aiomqtt.MqttError("the broker did not answer in time") from None
