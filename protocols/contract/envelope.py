"""The envelope: CloudEvents 1.0, structured mode, JSON (cloudevents.io, spec.md and formats/json-format.md).

Reading is strict about what JSON leaves open (duplicate names, NaN, size, depth) because the content hash
must mean one thing; it is tolerant about attributes it does not know, and a byte order mark. No error
repeats what was read.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

MAX_BYTES = 64 * 1024
MAX_DEPTH = 16
TYPE_PREFIX = "terminal-agent.v1."
_HALF_SURROGATE = re.compile("[\ud800-\udfff]")
CONTENT_TYPE = "application/json"


Detail = Literal[
    "too_large",
    "not_utf8",
    "not_json",
    "duplicate_name",
    "too_deep",
    "missing",
    "wrong_type",
    "unknown_value",
    "out_of_range",
    "malformed",
    "card_number",
]


_ALLOWED: Mapping[Detail, str] = {
    "too_large": f"at most {MAX_BYTES} bytes",
    "too_deep": f"at most {MAX_DEPTH} levels",
    "not_utf8": "UTF-8, no half surrogates",
    "not_json": "JSON (RFC 8259): no NaN, no infinity",
    "duplicate_name": "each name once in an object",
    "card_number": "nothing that could be a card number",
}


class MalformedError(ValueError):
    """A message outside the contract: `path` names the field in words of ours, `detail` what is wrong,
    `allowed` what may stand there, in English ("" where `detail` says it)."""

    def __init__(self, path: str, detail: Detail, allowed: str = "") -> None:
        super().__init__(f"{path}: {detail}")
        self.path = path
        self.detail: Detail = detail
        self.allowed = allowed or _ALLOWED.get(detail, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """One CloudEvent. `epoch`, `seq`, `boot` are our extension attributes, present on facts."""

    id: str
    source: str
    type: str
    data: Mapping[str, Any]
    time: str | None = None
    subject: str | None = None
    epoch: str | None = None
    seq: int | None = None
    boot: int | None = None


def pack(envelope: Envelope) -> bytes:
    """The envelope as JSON, UTF-8. The same envelope always gives the same bytes."""
    attributes: dict[str, Any] = {"specversion": "1.0", "datacontenttype": CONTENT_TYPE}
    for name in ("id", "source", "type", "time", "subject", "epoch", "seq", "boot"):
        if (value := getattr(envelope, name)) is not None:
            attributes[name] = value
    return _compact({**attributes, "data": dict(envelope.data)})


def unpack(payload: bytes, max_bytes: int = MAX_BYTES, max_depth: int = MAX_DEPTH) -> Envelope:
    """The envelope of a payload. Raises MalformedError for any bytes that are not one."""
    return envelope_of(read_object(payload, max_bytes, max_depth))


def envelope_of(fields: Mapping[str, Any]) -> Envelope:
    """The envelope of a JSON object; attributes that we do not know are left out. Raises MalformedError."""
    if fields.get("specversion") != "1.0":
        raise MalformedError(
            "specversion", "unknown_value" if "specversion" in fields else "missing", '"1.0"'
        )
    for name in ("id", "source", "type"):
        if not isinstance(fields.get(name), str) or not fields[name]:
            raise MalformedError(name, "wrong_type" if name in fields else "missing", "a text, not empty")
    if not _is_json(fields.get("datacontenttype")):
        raise MalformedError("datacontenttype", "unknown_value", CONTENT_TYPE)
    if not isinstance(fields.get("data"), dict):
        raise MalformedError("data", "wrong_type" if "data" in fields else "missing", "an object")
    return Envelope(
        **{name: fields[name] for name in ("id", "source", "type", "data")},
        **{name: _optional(fields, name, str) for name in ("time", "subject", "epoch")},
        **{name: _optional(fields, name, int) for name in ("seq", "boot")},
    )


def _is_json(content_type: object) -> bool:
    """Whether a message may say so of its data. Parameters add nothing: JSON is UTF-8 (RFC 8259, 8.1)."""
    if content_type is None:
        return True
    return isinstance(content_type, str) and content_type.partition(";")[0].strip().lower() == CONTENT_TYPE


def canonical(data: Mapping[str, Any]) -> bytes:
    """Canonical JSON: sorted names, no spaces, UTF-8, no escapes but those JSON demands."""
    return _compact(data, sort=True)


def content_hash(data: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical `data`, in hexadecimal: equal for commands that ask the same."""
    return hashlib.sha256(canonical(data)).hexdigest()


def read_object(payload: bytes, max_bytes: int = MAX_BYTES, max_depth: int = MAX_DEPTH) -> dict[str, Any]:
    """One JSON object in UTF-8. Raises MalformedError; every reason it can have is in `Detail`."""
    if len(payload) > max_bytes:
        raise MalformedError("payload", "too_large", f"at most {max_bytes} bytes")
    try:
        value = _STRICT.decode(payload.decode("utf-8-sig"))  # a byte order mark may be ignored: RFC 8259, 8.1
    except MalformedError:
        raise
    except UnicodeDecodeError:
        raise MalformedError("payload", "not_utf8") from None
    except RecursionError:
        raise MalformedError("payload", "too_deep") from None
    except ValueError:
        raise MalformedError("payload", "not_json") from None
    if not isinstance(value, dict):
        raise MalformedError("payload", "wrong_type", "one JSON object")
    _check(value, max_depth)
    return value


def _encoder(*, sort: bool) -> json.JSONEncoder:
    return json.JSONEncoder(sort_keys=sort, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


_AS_GIVEN, _SORTED = _encoder(sort=False), _encoder(sort=True)


def _compact(value: Mapping[str, Any], *, sort: bool = False) -> bytes:
    return (_SORTED if sort else _AS_GIVEN).encode(value).encode("utf-8")


def _optional(fields: Mapping[str, Any], name: str, kind: type) -> Any:
    """An optional attribute of one type, None where it is absent or null."""
    value = fields.get(name)
    if value is not None and (not isinstance(value, kind) or isinstance(value, bool)):
        raise MalformedError(name, "wrong_type")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise MalformedError("payload", "duplicate_name")
    return fields


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise MalformedError("payload", "not_json")
    return number


def _refuse(_: str) -> None:
    raise MalformedError("payload", "not_json")


_STRICT = json.JSONDecoder(object_pairs_hook=_unique, parse_float=_finite, parse_constant=_refuse)


def _check(value: Any, depth_left: int) -> None:
    """Raise MalformedError for nesting beyond the limit and for half surrogates, which UTF-8 cannot carry."""
    if isinstance(value, str):
        if _HALF_SURROGATE.search(value):
            raise MalformedError("payload", "not_utf8")
    elif isinstance(value, dict | list):
        if depth_left == 0:
            raise MalformedError("payload", "too_deep")
        for item in [*value, *value.values()] if isinstance(value, dict) else value:
            _check(item, depth_left - 1)
