"""The envelope: CloudEvents in JSON, read strictly where JSON leaves something open."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.contract.envelope import (
    Detail,
    Envelope,
    MalformedError,
    canonical,
    content_hash,
    pack,
    read_object,
    unpack,
)

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
DATA = st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), JSON, max_size=5)
WHOLE: dict[str, Any] = {"specversion": "1.0", "id": "1", "source": "/x", "type": "t", "data": {}}


@given(DATA, st.none() | st.integers(0, 2**31))
def test_what_is_packed_is_unpacked(data: dict[str, Any], seq: int | None) -> None:
    envelope = Envelope(id="1", source="/x", type="t", data=data, time="2026-01-31T14:05:00Z", seq=seq)
    assert unpack(pack(envelope), max_bytes=1 << 20, max_depth=64) == envelope


@given(DATA)
def test_the_hash_does_not_see_the_order_of_names_nor_spaces(data: dict[str, Any]) -> None:
    shuffled = json.loads(json.dumps(dict(reversed(data.items())), indent=3))
    assert content_hash(shuffled) == content_hash(data)
    assert json.loads(canonical(data)) == data


def test_the_canonical_form_is_what_the_contract_says() -> None:
    data = {"b": 1, "a": {"é": [True, None], "A": "x y"}}
    assert canonical(data) == '{"a":{"A":"x y","é":[true,null]},"b":1}'.encode()
    # printf '…' | sha256sum
    assert content_hash(data) == "5b99a1ccdceeb533202143ff2733074e5300a3d89e52139b497f21c758a859d0"


@pytest.mark.parametrize(
    ("payload", "detail"),
    [
        (b"", "not_json"),
        (b"[]", "wrong_type"),
        (b"{", "not_json"),
        (b'{"a":NaN}', "not_json"),
        (b'{"a":-Infinity}', "not_json"),
        (b'{"a":1e999}', "not_json"),
        (b'{"a":1,"a":1}', "duplicate_name"),
        (b'{"x":{"a":1,"a":2}}', "duplicate_name"),
        (b"\xff\xfe{}", "not_utf8"),
        (b'{"a":"\\ud800"}', "not_utf8"),
        (b'{"\\udfff":1}', "not_utf8"),
        (b'{"a":' + b"9" * 5000 + b"}", "not_json"),
        (b'{"a":' * 17 + b"1" + b"}" * 17, "too_deep"),
        (b"[" * 60_000, "too_deep"),
        (b'{"a":"' + b"x" * 65_536 + b'"}', "too_large"),
    ],
)
def test_what_is_not_one_plain_object_is_refused(payload: bytes, detail: Detail) -> None:
    with pytest.raises(MalformedError) as refused:
        read_object(payload)
    assert (refused.value.path, refused.value.detail) == ("payload", detail)


def test_the_limits_are_inclusive() -> None:
    assert read_object(b'{"a":"' + b"x" * (65_536 - 8) + b'"}')["a"].startswith("x")
    assert read_object(b'{"a":' * 16 + b"1" + b"}" * 16)


@pytest.mark.parametrize(
    ("change", "path", "detail"),
    [
        ({"specversion": "0.3"}, "specversion", "unknown_value"),
        ({"specversion": None}, "specversion", "unknown_value"),
        ({"id": ""}, "id", "wrong_type"),
        ({"id": 7}, "id", "wrong_type"),
        ({"source": []}, "source", "wrong_type"),
        ({"type": None}, "type", "wrong_type"),
        ({"data": []}, "data", "wrong_type"),
        ({"datacontenttype": "text/xml"}, "datacontenttype", "unknown_value"),
        ({"seq": "7"}, "seq", "wrong_type"),
        ({"seq": True}, "seq", "wrong_type"),
        ({"time": 7}, "time", "wrong_type"),
    ],
)
def test_a_wrong_attribute_is_named(change: dict[str, Any], path: str, detail: Detail) -> None:
    with pytest.raises(MalformedError) as refused:
        unpack(json.dumps({**WHOLE, **change}).encode())
    assert (refused.value.path, refused.value.detail) == (path, detail)


@pytest.mark.parametrize("name", ["specversion", "id", "source", "type", "data"])
def test_a_missing_attribute_is_named(name: str) -> None:
    whole = {key: value for key, value in WHOLE.items() if key != name}
    with pytest.raises(MalformedError) as refused:
        unpack(json.dumps(whole).encode())
    assert (refused.value.path, refused.value.detail) == (name, "missing")


def test_attributes_that_we_do_not_know_are_tolerated() -> None:
    assert unpack(json.dumps({**WHOLE, "traceparent": "00-1", "dataschema": 7}).encode()).id == "1"


def test_what_json_lets_a_sender_write_is_read() -> None:
    """A byte order mark, and parameters of the content type."""
    sound = pack(Envelope(id="1", source="/x", type="t", data={"a": 1}))
    assert unpack(b"\xef\xbb\xbf" + sound) == unpack(sound)
    for content_type in ("application/json; charset=utf-8", "Application/JSON", None):
        whole = json.loads(sound) | {"datacontenttype": content_type}
        assert unpack(json.dumps(whole).encode()) == unpack(sound)
