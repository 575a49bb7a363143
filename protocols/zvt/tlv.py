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
# Those that the specification defines (ch. 9); in any other tag bit 20 may mean nothing.
_CONSTRUCTED = frozenset(
    (*range(0x20, 0x29), *range(0x2D, 0x30), 0x34, *range(0x60, 0x63), *range(0x64, 0x69))
) | {0xE1, 0xE2, 0xE4, 0xE8, 0xE9}
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


def split_index_and_hash(value: bytes) -> tuple[int, bytes]:
    """1F61 customer token (card complete): a two-byte index, low byte first, then a SHA-256 of 32 bytes."""
    if len(value) != 34:
        raise DecodingError("bad_token", f"tag 1F61 holds {len(value)} bytes; 34 were expected")
    return int.from_bytes(value[:2], "little"), value[2:]


def read_tag(data: bytes, at: int, end: int) -> tuple[int, int]:
    """The tag that begins at `at`, and where it ends: one byte, or two or three when it begins with x1F."""
    if at >= end:
        raise DecodingError("tlv_truncated", "the TLV container ends where a tag was expected", at)
    tag, after = data[at], at + 1
    if tag & 0x1F != 0x1F:
        return tag, after
    while after < end:
        tag, after = tag << 8 | data[after], after + 1
        if not tag & 0x80 or after == at + 3:  # the third byte is the last whatever it says (1F8000)
            return tag, after
    raise DecodingError("tlv_truncated", "the TLV container ends inside a tag", at)


def read_length(data: bytes, at: int, end: int) -> tuple[int, int]:
    """The length that begins at `at`, and where it ends."""
    if at >= end:
        raise DecodingError("tlv_truncated", "the TLV container ends where a length was expected", at)
    first = data[at]
    if first < 0x80:
        return first, at + 1
    size = first - 0x80
    if size not in (1, 2):
        raise DecodingError(
            "tlv_bad_length", f"a TLV length begins with {first:02X}; 00-82 without 80 are legal", at
        )
    if at + 1 + size > end:
        raise DecodingError("tlv_truncated", "the TLV container ends inside a length", at)
    return int.from_bytes(data[at + 1 : at + 1 + size], "big"), at + 1 + size


def read_container(data: bytes, at: int, end: int, depth: int = 0) -> tuple[Container, int]:
    """All nodes between two offsets, masked, and how many whole card numbers were masked.

    Raises DecodingError `tlv_truncated`, `tlv_bad_length` or `tlv_too_deep`.
    """
    if depth > _MAX_DEPTH:
        raise DecodingError("tlv_too_deep", f"TLV is nested more than {_MAX_DEPTH} deep", at)
    nodes, masked = [], 0
    while at < end:
        tag, after_tag = read_tag(data, at, end)
        length, start = read_length(data, after_tag, end)
        if start + length > end:
            raise DecodingError(
                "tlv_truncated", f"tag {tag:X} says {length} bytes, {end - start} are left", after_tag
            )
        at = start + length
        value, children, count = _read_content(tag, data, start, at, depth)
        nodes.append(TlvNode(tag=tag, value=value, children=children, length_size=start - after_tag))
        masked += count
    return tuple(nodes), masked


def _read_content(tag: int, data: bytes, start: int, end: int, depth: int) -> tuple[bytes, Container, int]:
    """Value, children, and how many card numbers were masked in them."""
    if is_constructed(tag):
        try:
            children, masked = read_container(data, start, end, depth + 1)
        except DecodingError as error:
            # An unknown tag is skipped whatever it holds; vendors' FF40.. only look constructed (seen: Feig).
            if tag in _CONSTRUCTED or error.code == "tlv_too_deep":
                raise
        else:
            more = 0
            if tag == _VALUE_ADDED:
                children, more = _mask_bcd(children)
            return b"", children, masked + more
    value, masked = _masked_value(tag, data[start:end])
    return value, (), masked


def is_constructed(tag: int) -> bool:
    """Whether bit 20 of the first byte says that nodes are inside."""
    while tag > 0xFF:
        tag >>= 8
    return bool(tag & 0x20)


def _masked_value(tag: int, value: bytes) -> tuple[bytes, int]:
    if tag in _TRACK_TAGS:
        hidden = b"\xee" * len(value)
        return hidden, int(value != hidden)
    return scrub_bytes(value) if len(value) >= 12 else (value, 0)


def _mask_bcd(children: Container) -> tuple[Container, int]:
    nodes, masked = [], 0
    for child in children:
        value, count = scrub_bcd(child.value)
        below, more = _mask_bcd(child.children)
        nodes.append(TlvNode(tag=child.tag, value=value, children=below, length_size=child.length_size))
        masked += count + more
    return tuple(nodes), masked


def write_container(container: Container) -> bytes:
    """The bytes of all nodes, each with the length form that it was read with."""
    return b"".join(map(_write_node, container))


def _write_node(entry: TlvNode) -> bytes:
    content = write_container(entry.children) if entry.children else entry.value
    tag = entry.tag.to_bytes((entry.tag.bit_length() + 7) // 8 or 1, "big")
    return tag + write_length(len(content), entry.length_size) + content


def write_length(length: int, size: int = 0) -> bytes:
    """A length in the shortest form that holds it, or in `size` bytes when that is longer."""
    if length > 0xFFFF:
        raise LocalError("too_long", f"{length} bytes of TLV; at most 65535 fit")
    shortest = 1 if length < 0x80 else 2 if length <= 0xFF else 3
    size = max(size, shortest)
    return (
        length.to_bytes(1, "big") if size == 1 else bytes((0x7F + size,)) + length.to_bytes(size - 1, "big")
    )
