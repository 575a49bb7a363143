"""ULIDs: ids that sort by the time they were made (github.com/ulid/spec). Time and entropy are arguments."""

from __future__ import annotations

LATEST_MS = (1 << 48) - 1
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = tuple(first + second for first in _CROCKFORD for second in _CROCKFORD)  # ten bits at once


def make_ulid(unix_ms: int, entropy: bytes) -> str:
    """26 characters of a time (milliseconds since 1970) and ten bytes of entropy. Raises ValueError."""
    if len(entropy) != 10 or not 0 <= unix_ms <= LATEST_MS:
        raise ValueError(f"a ULID takes 48 bits of time and 10 bytes of entropy, not {len(entropy)} bytes")
    number = (unix_ms << 80) | int.from_bytes(entropy, "big")
    return "".join([_PAIRS[(number >> shift) & 1023] for shift in range(120, -1, -10)])


def ulid_ms(name: str) -> int:
    """When a ULID was made, in milliseconds since 1970, by its maker's clock: its first ten characters."""
    ms = 0
    for mark in name[:10]:
        ms = ms << 5 | _CROCKFORD.index(mark)
    return ms
