"""How many APDUs a second are decoded: every sound wire example that a terminal sends, over and over."""

from __future__ import annotations

import time
from statistics import median
from typing import Any

from protocols.core.framing import Frame
from protocols.zvt.codec import decode
from protocols.zvt.framing import SerialFramer, serial_frame
from tests.support.vectors import load

_REPEATS = 5
_AT_LEAST_S = 0.4


def decoding() -> dict[str, Any]:
    """The median of some runs: decoding alone, and from the serial line's bytes (frame, CRC, decoding)."""
    apdus = [
        bytes.fromhex(str(vector.get("apdu", vector["hex"])))
        for vector in load("zvt")
        if vector["kind"] in ("apdu", "serial_frame")
        and vector["direction"] != "ECR->PT"
        and not vector.get("negative_test")
    ]
    return {
        "examples": len(apdus),
        "apdus_per_s": _speed(apdus),
        "from_serial_bytes_per_s": _speed(apdus, framed=True),
    }


def _speed(apdus: list[bytes], *, framed: bool = False) -> int:
    frames = [serial_frame(apdu) for apdu in apdus]
    runs = []
    for _ in range(_REPEATS):
        count, began = 0, time.perf_counter()
        while time.perf_counter() - began < _AT_LEAST_S:
            if framed:
                _decode_frames(frames)
            else:
                for apdu in apdus:
                    decode(apdu, from_terminal=True)
            count += len(apdus)
        runs.append(count / (time.perf_counter() - began))
    return round(median(runs))


def _decode_frames(frames: list[bytes]) -> None:
    framer = SerialFramer()
    for frame in frames:
        for finding in framer.feed(frame):
            if not isinstance(finding, Frame):
                raise TypeError("an example does not come through its own frame")
            decode(finding.body, from_terminal=True)
