"""Everything that goes over the broker, written down as it passes: JSON lines, one message each.

at        UTC, ISO 8601, when it was heard
topic     as published
retained  whether the broker had kept it from before we came
payload   as text; or payload_hex where it is not UTF-8
"""

from __future__ import annotations

import asyncio
import json
import socket
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Self, TextIO

import aiomqtt

from simulator.clinic.cancelling import end

EVERYTHING = "#"
END_TOPIC = "demo/end"
"""Our own mark behind the last message; no part of the contract."""
_UP_WITHIN_S = 10.0


class RecorderError(Exception):
    """The traffic could not be recorded whole; a verdict on a part of it would be worth nothing."""


class Recorder:
    """Use as an async context manager: it listens once inside."""

    def __init__(self, host: str, port: int, path: Path) -> None:
        self._path = path
        self._client = aiomqtt.Client(
            host,
            port,
            identifier="recorder",
            protocol=aiomqtt.ProtocolVersion.V5,
            socket_options=((socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),),
        )
        self._task: asyncio.Task[None] | None = None
        self._ended = asyncio.Event()
        self.count = 0

    async def __aenter__(self) -> Self:
        """Connect and listen to everything. Raises RecorderError."""
        try:
            await self._client.__aenter__()
            await self._client.subscribe(EVERYTHING, qos=1)
        except aiomqtt.MqttError as error:
            raise RecorderError(f"the recorder cannot reach the broker: {error}") from None
        self._task = asyncio.create_task(self._record())
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop listening. Use `finish` first where the record must be whole."""
        if self._task is not None:
            await end((self._task,))
        with suppress(aiomqtt.MqttError):
            await self._client.__aexit__(None, None, None)

    async def finish(self) -> None:
        """Return once all that was published before is in the file. Raises RecorderError."""
        try:
            await self._client.publish(END_TOPIC, b"", qos=1)
            async with asyncio.timeout(_UP_WITHIN_S):
                await self._ended.wait()
        except (aiomqtt.MqttError, TimeoutError) as error:
            raise RecorderError(f"the recorder did not hear the end of the traffic: {error}") from None

    async def _record(self) -> None:
        # A connection that breaks ends the record; finish() then waits in vain for its mark and says so.
        with self._path.open("a", encoding="utf-8") as out, suppress(aiomqtt.MqttError):
            async for message in self._client.messages:
                if str(message.topic) == END_TOPIC:
                    self._ended.set()
                else:
                    self._write(out, message)

    def _write(self, out: TextIO, message: aiomqtt.Message) -> None:
        payload = bytes(message.payload or b"")
        try:
            said = {"payload": payload.decode("utf-8")}
        except UnicodeDecodeError:
            said = {"payload_hex": payload.hex()}
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = {"at": at, "topic": str(message.topic), "retained": bool(message.retain), **said}
        out.write(json.dumps(line, ensure_ascii=False) + "\n")
        out.flush()
        self.count += 1
