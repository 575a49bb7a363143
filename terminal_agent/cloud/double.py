"""Notice another agent that runs under our id, for instance from a copied disk.

A broker may say "session taken over" (MQTT 5, 0x8E); Mosquitto 2.0 just closes. But a double announces
itself: what stands retained in our own state when we come back was then not said by us.
"""

from __future__ import annotations

import hashlib
from collections import deque

from protocols.contract.envelope import MalformedError, unpack

_ALIVE = ("init", "ready", "degraded", "stopping")


class OwnStates:
    """Remembers what this process said of itself."""

    def __init__(self, keep: int = 64) -> None:
        self._said: deque[bytes] = deque(maxlen=keep)
        self._gave_way_to: bytes | None = None

    def say(self, payload: bytes) -> None:
        """Note a state, or a will, before it is published."""
        self._said.append(hashlib.sha256(payload).digest())

    def is_double(self, retained: bytes) -> bool:
        """Whether a retained state tells of a living agent that is not this process.

        False in a process that said nothing yet: it finds what its predecessor left. And false for the very
        state that we gave way to before: a double that lives has announced itself anew when it came back to
        the session that we had taken from it. One that was switched off meanwhile has no will any more: its
        session went on with us (MQTT 5, 3.1.3.2.2).
        """
        digest = hashlib.sha256(retained).digest()
        if not self._said or digest in self._said or digest == self._gave_way_to:
            return False
        try:
            lives = unpack(retained).data.get("state") in _ALIVE
        except MalformedError:
            return False
        self._gave_way_to = digest if lives else None
        return lives
