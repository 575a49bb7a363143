"""aiomqtt's client, whose limits swallow no cancellation, and which tells of what a broker refuses."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import aiomqtt

T = TypeVar("T")


class MqttClient(aiomqtt.Client):
    """As its base, which waits by `asyncio.wait_for`: in Python 3.11 a cancellation that comes together with
    the awaited answer is lost there (github.com/python/cpython/issues/86296), and whoever cancelled would
    wait for a task that goes on. `on_refused` hears why a publish was refused (MQTT 5, 3.4.2.1); 3.1.1 has no
    word for it."""

    on_refused: Callable[[str], None] | None = None

    def _on_publish(self, client: Any, userdata: Any, mid: int, reason_code: Any, properties: Any) -> None:
        if reason_code.is_failure and self.on_refused is not None:
            self.on_refused(str(reason_code))
        super()._on_publish(client, userdata, mid, reason_code, properties)

    async def _wait_for(self, fut: Awaitable[T], timeout: float | None) -> T:
        limit_s = self.timeout if timeout is None else timeout
        try:
            async with asyncio.timeout(None if limit_s == math.inf else limit_s):
                return await fut
        except TimeoutError:
            raise aiomqtt.MqttError("the broker did not answer in time") from None
