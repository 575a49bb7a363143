"""TLV containers: tags, lengths, nesting, and what a hostile one may not do."""

import pytest

from protocols.core.errors import DecodingError, LocalError
from protocols.zvt.tlv import (
    Container,
    every,
    find,
    is_constructed,
    node,
    read_container,
    read_tag,
    split_index_and_hash,
    write_container,
    write_length,
)


def read(data: str) -> Container:
    """The nodes of a container."""
    raw = bytes.fromhex(data)
    return read_container(raw, 0, len(raw))[0]


def test_nested_nodes_are_found_by_path_and_by_tag() -> None:
    container = read("2F 08 1F1201 01 1F1001 03 60 06 4304 A0000003")
    assert find(container, 0x2F, 0x1F10) == node(0x1F10, b"\x03")
    assert find(container, 0x60, 0x44) is None
    assert find(None, 0x60) is None
    assert [entry.digits for entry in every(container, 0x43)] == ["A0000003"]


def test_a_built_container_is_read_back() -> None:
    built = (node(0x1F07, b"\x01"), node(0x25, node(0x09, b"\x40"), node(0x07, b"x" * 200)))
    raw = write_container(built)
    assert read_container(raw, 0, len(raw)) == (built, 0)


@pytest.mark.parametrize(
    ("length", "size", "written"),
    [
        (0, 0, "00"),
        (127, 0, "7F"),
        (128, 0, "8180"),
        (255, 0, "81FF"),
        (256, 0, "820100"),
        (5, 2, "8105"),
        (5, 3, "820005"),
        (300, 2, "82012C"),
    ],
)
def test_lengths(length: int, size: int, written: str) -> None:
    assert write_length(length, size).hex().upper() == written


def test_a_length_that_does_not_fit() -> None:
    with pytest.raises(LocalError):
        write_length(0x10000)


@pytest.mark.parametrize(
    ("tag", "constructed"), [(0x07, False), (0x25, True), (0x1F07, False), (0x1F8000, False), (0xFF40, True)]
)
def test_constructed_tags(tag: int, constructed: bool) -> None:
    assert is_constructed(tag) == constructed


def test_tags_of_three_bytes() -> None:
    assert read_tag(bytes.fromhex("1F8000"), 0, 3) == (0x1F8000, 3)
    assert read_tag(bytes.fromhex("1F8180"), 0, 3) == (0x1F8180, 3)


def test_a_vendors_tag_that_only_looks_constructed() -> None:
    container = read("E4 0F FF40 03 123456 FF41 06 112233445566")
    assert find(container, 0xE4, 0xFF40) == node(0xFF40, bytes.fromhex("123456"))
    assert write_container(container).hex().upper() == "E40FFF4003123456FF4106112233445566"


def test_an_unknown_tag_is_passed_over_whatever_it_holds() -> None:
    container = read("3A 03 4142FF BF7E 02 0000 1F12 01 02")
    assert container == (node(0x3A, b"AB\xff"), node(0xBF7E, node(0x00)), node(0x1F12, b"\x02"))
    assert write_container(container).hex().upper() == "3A034142FFBF7E0200001F120102"


@pytest.mark.parametrize(
    ("data", "code", "at"),
    [
        ("1F", "tlv_truncated", 0),
        ("1F8F", "tlv_truncated", 0),
        ("07", "tlv_truncated", 1),
        ("0781", "tlv_truncated", 1),
        ("0780", "tlv_bad_length", 1),
        ("0783000001", "tlv_bad_length", 1),
        ("070201", "tlv_truncated", 1),
        ("25030705", "tlv_truncated", 1),
        ("2503070500", "tlv_truncated", 3),
    ],
)
def test_malformed_containers(data: str, code: str, at: int) -> None:
    with pytest.raises(DecodingError) as caught:
        read(data)
    assert (caught.value.code, caught.value.at) == (code, at)


def test_nesting_has_an_end() -> None:
    nested = b"\x07\x00"
    for _ in range(100):
        nested = b"\x25" + write_length(len(nested)) + nested
    with pytest.raises(DecodingError) as caught:
        read_container(nested, 0, len(nested))
    assert caught.value.code == "tlv_too_deep"


def test_nesting_of_vendors_tags_has_an_end_too() -> None:
    nested = b"\x07\x00"
    for _ in range(100):
        nested = b"\xff\x40" + write_length(len(nested)) + nested
    with pytest.raises(DecodingError) as caught:
        read_container(nested, 0, len(nested))
    assert caught.value.code == "tlv_too_deep"


def test_a_token_of_another_length_is_no_token() -> None:
    with pytest.raises(DecodingError):
        split_index_and_hash(bytes(33))
