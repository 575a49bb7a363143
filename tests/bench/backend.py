"""The backend: sends the commands of a round at once, notes when each left and when its outcome came.

    python -m tests.bench.backend '{"port": 1883, "terminals": 8, "rounds": 100, "floor": false}'

Prints a line once the rounds that count begin, and then [[command, outcome], …] per terminal, by
time.monotonic_ns; ends with its standard input. Of what it hears it reads the number of the last fact alone,
which it acknowledges between two rounds.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from time import monotonic_ns

from tests.bench import mqtt

# Between two rounds: what follows an outcome (its acknowledgement, the states) is no part of the next one.
REST_S = 0.05
_LIMIT_S = 60.0
_WARM_UP = 20  # sales before those that count
_ACK_AFTER = 24  # facts; the agent sends at most 64 without the backend's word
_PLACE = re.compile(rb'"epoch":"(\w+)","seq":(\d+)')


class Backend:
    """One backend node on one client."""

    def __init__(self, client: mqtt.Client, terminals: int, *, floor: bool) -> None:
        self._client = client
        self._floor = floor
        self._names = [mqtt.terminal_name(n) for n in range(terminals)]
        self._waiting: dict[str, asyncio.Future[int]] = {}
        self._place: tuple[str, int] | None = None
        self._acked = 0
        self._acknowledging: set[asyncio.Task[None]] = set()

    async def ready(self) -> None:
        """Subscribe, and wait until every terminal takes money."""
        client, topics = self._client, mqtt.TOPICS
        if self._floor:
            await client.subscribe(mqtt.FLOOR_EVENTS, qos=1)
            return
        states = topics.of_terminal("t", "state").replace("/t/", "/+/")
        await client.subscribe([(states, 1), (topics.reply(), 1)])
        await client.publish(topics.of_agent("cmd", "sync"), mqtt.sync(), qos=1)
        left, synced = set(self._names), False
        async for message in client.messages:
            name = str(message.topic).split("/")[-2]
            synced = synced or name == "rsp"
            if b'"state":"ready"' in message.payload:
                left.discard(name)
            if synced and not left:
                break
        await client.unsubscribe(states)
        events = topics.of_terminal("t", "evt", "operation").replace("/t/", "/+/")
        await client.subscribe(events, qos=1)

    async def rounds(self, count: int) -> list[list[tuple[int, int]]]:
        """Run them; moments per terminal."""
        listening = asyncio.create_task(self._listen())
        async with asyncio.timeout(_LIMIT_S):
            found = [await self._round() for _ in range(count)]
        listening.cancel()
        return [list(one) for one in zip(*found, strict=True)]

    async def _round(self) -> list[tuple[int, int]]:
        commands = [mqtt.sale() for _ in self._names]
        pairs = zip(self._names, commands, strict=True)
        moments = await asyncio.gather(*(self._sale(name, command) for name, command in pairs))
        await self._acknowledge()
        await asyncio.sleep(REST_S)
        return moments

    async def _sale(self, name: str, command: bytes) -> tuple[int, int]:
        topic = mqtt.floor_command(name) if self._floor else mqtt.TOPICS.of_terminal(name, "cmd", "sale")
        outcome = self._waiting[name] = asyncio.get_running_loop().create_future()
        sent = monotonic_ns()
        await self._client.publish(topic, command, qos=1)
        return sent, await outcome

    async def _listen(self) -> None:
        async for message in self._client.messages:
            now = monotonic_ns()
            levels = str(message.topic).split("/")
            if levels[-2] != "evt":
                continue
            if mqtt.APPROVED in message.payload:
                self._waiting[levels[-3]].set_result(now)
            elif any(end in message.payload for end in mqtt.OTHER_ENDS):
                self._waiting[levels[-3]].set_exception(RuntimeError(message.payload.decode()))
            if not self._floor:
                self._note(message.payload)

    def _note(self, payload: bytes) -> None:
        found = _PLACE.search(payload)
        if found is None:
            raise RuntimeError("a fact without its place")
        self._place = (found[1].decode(), int(found[2]))
        if self._place[1] - self._acked >= _ACK_AFTER:
            task = asyncio.create_task(self._acknowledge())
            self._acknowledging.add(task)
            task.add_done_callback(self._acknowledging.discard)

    async def _acknowledge(self) -> None:
        if self._place is not None and self._place[1] > self._acked:
            self._acked = self._place[1]
            await self._client.publish(mqtt.TOPICS.of_agent("ack"), mqtt.ack(*self._place), qos=1)


async def run(port: int, terminals: int, rounds: int, *, floor: bool) -> None:
    """One phase."""
    async with mqtt.client(port, "backend") as client:
        backend = Backend(client, terminals, floor=floor)
        async with asyncio.timeout(_LIMIT_S):
            await backend.ready()
        await backend.rounds(max(_WARM_UP // terminals, 2))
        _say("begun")
        _say(await backend.rounds(rounds))
        await asyncio.to_thread(sys.stdin.read)


def _say(value: object) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(run(**json.loads(sys.argv[1])))
