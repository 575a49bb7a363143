"""What HTTP the vault's side of a connection takes, and that nothing of it ends in an error of ours."""

from __future__ import annotations

import pytest

from simulator.acquirer.ledger import MemoryLedger
from simulator.vault.desk import VaultDesk
from simulator.vault.entry_page import EntryPage
from simulator.vault.http_side import PATH, HangUp, HttpSide, Write
from tests.support.vault_shop import NOW, opens

DOCUMENT = b"<request><store_id>store5</store_id><api_token>yesguy</api_token><res_get_expiring/></request>"
LENGTH = b"content-LENGTH: %d\r\n" % len(DOCUMENT)


def _side() -> HttpSide:
    desk = VaultDesk(ledger=MemoryLedger(), opens=opens)
    return HttpSide(desk, EntryPage(desk))


def _head(target: str = PATH, more: bytes = LENGTH, method: bytes = b"POST") -> bytes:
    return b"%s %s HTTP/1.1\r\nhost: x\r\n%s\r\n" % (method, target.encode(), more)


def _statuses(side: HttpSide, data: bytes) -> list[int]:
    written = [act.data for act in side.receive(data, NOW) if isinstance(act, Write)]
    return [int(one.split(b" ", 2)[1]) for one in written]


@pytest.mark.parametrize(
    "request_",
    [
        _head() + DOCUMENT,
        _head(f"https://mpg1t.moneris.io{PATH}") + DOCUMENT,
        _head(more=b"TRANSFER-ENCODING: Chunked\r\n")
        + b"%x;a=b\r\n%s\r\n0\r\n\r\n" % (len(DOCUMENT), DOCUMENT),
    ],
)
def test_requests_are_served_one_after_the_other(request_: bytes) -> None:
    side = _side()
    assert _statuses(side, request_ + request_) == [200, 200]
    assert [status for at in range(len(request_)) for status in _statuses(side, request_[at : at + 1])] == [
        200
    ]


def test_a_client_that_waits_to_be_asked_for_its_body_is_asked() -> None:
    side = _side()
    assert _statuses(side, _head(more=LENGTH + b"Expect: 100-continue\r\n")) == [100]
    assert _statuses(side, DOCUMENT) == [200]


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (_head(method=b"GET", more=b""), 405),
        (_head("/gateway2/other", more=b""), 404),
        (_head("//[/hpp/", more=b"", method=b"GET"), 400),
        (b"\x16\x03\x01 TLS\r\n\r\n", 400),
        (_head(more=b"Content-Length: 70000\r\n") + bytes(70_000), 413),
    ],
)
def test_other_requests_are_told_by_a_status(data: bytes, status: int) -> None:
    assert _statuses(_side(), data) == [status]


def test_an_old_client_is_hung_up_on_after_its_reply() -> None:
    acts = _side().receive(_head().replace(b"HTTP/1.1", b"HTTP/1.0") + DOCUMENT, NOW)
    assert [type(act) for act in acts] == [Write, HangUp]
