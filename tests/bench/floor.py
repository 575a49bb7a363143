"""The floor: the same frames, commits and two MQTT messages for each sale, and nothing else.

    python -m tests.bench.floor '{"port": 1883, "paths": [...], "database": "..."}'

One process, one loop: aiomqtt with TCP_NODELAY, os.read and os.write on the ptys, bare sqlite3 in WAL with
synchronous=FULL, called where it stands. It decodes, checks and remembers nothing, so it is no agent.
"""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import sys
import tty

from tests.bench import mqtt
from tests.bench.dialogue import SALE

_ROW = "x" * 900  # what the agent writes at one commit: an operation's row, and its event


class Database:
    """Commits as the journal does, one row each."""

    def __init__(self, path: str) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "wal_autocheckpoint=4000"):
            self._db.execute(f"PRAGMA {pragma}")
        self._db.execute("CREATE TABLE IF NOT EXISTS facts (no INTEGER PRIMARY KEY, data TEXT NOT NULL)")

    def commit(self) -> None:
        """One durable row."""
        self._db.execute("BEGIN IMMEDIATE")
        self._db.execute("INSERT INTO facts (data) VALUES (?)", (_ROW,))
        self._db.execute("COMMIT")


class Ecr:
    """Our side of one terminal, step by step."""

    def __init__(self, path: str, database: Database, loop: asyncio.AbstractEventLoop) -> None:
        self._fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        tty.setraw(self._fd)
        self._database = database
        self._at = 0
        self._heard = 0
        self.ended = asyncio.Event()
        loop.add_reader(self._fd, self._hear)

    def begin(self) -> None:
        """Start a sale."""
        self._at, self._heard = 0, 0
        self._say()

    def _say(self) -> None:
        step = SALE[self._at]
        if step.acknowledgement:
            os.write(self._fd, step.acknowledgement)
        if step.commits:
            self._database.commit()
        if step.message:
            os.write(self._fd, step.message)
        if self._at == len(SALE) - 1:
            self._database.commit()
            self.ended.set()

    def _hear(self) -> None:
        self._heard += len(os.read(self._fd, 4096))
        if self._at < len(SALE) - 1 and self._heard >= len(SALE[self._at].answer):
            self._heard -= len(SALE[self._at].answer)
            self._at += 1
            self._say()


async def serve(port: int, paths: list[str], database: Database) -> None:
    """Until cancelled."""
    loop = asyncio.get_running_loop()
    async with mqtt.client(port, "floor") as client, asyncio.TaskGroup() as tasks:
        await client.subscribe(mqtt.FLOOR_COMMANDS, qos=1)
        ecrs = {mqtt.terminal_name(n): Ecr(path, database, loop) for n, path in enumerate(paths)}
        for name, ecr in ecrs.items():
            tasks.create_task(_tell(client, name, ecr))
        sys.stdout.write('"ready"\n')
        sys.stdout.flush()
        async for message in client.messages:
            ecrs[str(message.topic).split("/")[-3]].begin()


async def _tell(client: mqtt.Client, name: str, ecr: Ecr) -> None:
    while True:
        await ecr.ended.wait()
        ecr.ended.clear()
        await client.publish(mqtt.floor_event(name), mqtt.APPROVED.ljust(len(_ROW)), qos=1)


if __name__ == "__main__":
    given = json.loads(sys.argv[1])
    asyncio.run(serve(given["port"], given["paths"], Database(given["database"])))
