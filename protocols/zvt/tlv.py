"""TLV containers (PA00P015 ch. 9): nested tag, length, value, after BMP 06.

A tag is an integer as printed in the specification (0x07, 0x1F14, 0x1F8000). Lengths: 00-7F, 81 nn, 82 hi lo;
the form that was read is remembered, so that what is well-formed is written back byte for byte.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from protocols.core.errors import DecodingError, LocalError
from protocols.core.scrub import scrub_bcd, scrub_bytes

_MAX_DEPTH = 8  # the specification nests three deep; a hostile peer must not exhaust the stack
_TRACK_TAGS = frozenset((0x1F08, 0x1F09, 0x1F0A))  # tracks 1 to 3 in clear
_VALUE_ADDED = 0xE8  # may hold customer card numbers in BCD


@dataclass(frozen=True, slots=True, kw_only=True)
class TlvNode:
    """One data object: `value` of a primitive one, `children` of a constructed one.

    `length_size` is how many bytes the length took on the wire (1, 2 or 3); 0 means the shortest form.
    """

    tag: int
    value: bytes = b""
    children: tuple[TlvNode, ...] = ()
    length_size: int = field(default=0, compare=False, repr=False)

    @property
    def number(self) -> int:
        """The value as an unsigned integer, most significant byte first."""
        return int.from_bytes(self.value, "big")

    @property
    def digits(self) -> str:
        """The value as packed digits, i.e. its hexadecimal text in capitals."""
        return self.value.hex().upper()


Container = tuple[TlvNode, ...]


def node(tag: int, *content: bytes | TlvNode) -> TlvNode:
    """Build a node: bytes for a primitive tag, nodes for a constructed one."""
    value = b"".join(part for part in content if isinstance(part, bytes))
    return TlvNode(tag=tag, value=value, children=tuple(p for p in content if isinstance(p, TlvNode)))


def find(container: Container | None, *path: int) -> TlvNode | None:
    """The first node at a path of tags, e.g. find(tlv, 0x60, 0x43); None when there is none."""
    found: TlvNode | None = None
    level = container or ()
    for tag in path:
        found = next((child for child in level if child.tag == tag), None)
        if found is None:
            return None
        level = found.children
    return found


def every(container: Container | None, tag: int) -> Iterator[TlvNode]:
    """All nodes with this tag, at any depth, in wire order."""
    for child in container or ():
        if child.tag == tag:
            yield child
        yield from every(child.children, tag)
