"""A UNIX socket that takes one JSON object a line, named by its "do", and answers each with one."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable, Mapping
from pathlib import Path

from simulator.declared import SettingError

_LONGEST_LINE = 65_536
_ANSWER_S = 10.0
Request = dict[str, object]
Answer = dict[str, object]
Verb = Callable[[Request], Answer]


class ControlSocket:
    """Serves verbs at `path`; one that refuses raises SettingError. `described` is where they are told."""

    def __init__(self, path: Path, verbs: Mapping[str, Verb], described: str) -> None:
        self._path, self._verbs, self._described = path, verbs, described
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen; only this user may connect."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self._serve, self._path, limit=_LONGEST_LINE)
        self._path.chmod(0o600)

    def stop(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()
        self._path.unlink(missing_ok=True)

    def obey(self, line: bytes) -> Answer:
        """One request; never raises for what a request may hold."""
        try:
            request = json.loads(line)
        except ValueError:
            return {"ok": False, "error": "not JSON; one object a line is allowed"}
        if not isinstance(request, dict):
            return {"ok": False, "error": f"not an object; see {self._described} for what is allowed"}
        verb = self._verbs.get(str(request.get("do")))
        if verb is None:
            return {"ok": False, "error": f"do is {request.get('do')!r}; allowed: {', '.join(self._verbs)}"}
        try:
            return {"ok": True, **verb(request)}
        except SettingError as error:
            return {"ok": False, "error": str(error)}

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                writer.write(json.dumps(self.obey(line), ensure_ascii=False).encode() + b"\n")
                await writer.drain()
        except (ValueError, ConnectionError):
            pass  # a line beyond the limit, or nobody there any more
        finally:
            writer.close()


def tell(path: Path, request: Request) -> Answer:
    """What the device behind a control socket answers. Raises OSError, ValueError."""
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(_ANSWER_S)
        line.connect(str(path))
        line.sendall(json.dumps(request).encode() + b"\n")
        answer: Answer = json.loads(line.makefile("rb").readline())
    return answer
