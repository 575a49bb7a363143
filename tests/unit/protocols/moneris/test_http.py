"""One POST and its reply: what is written, and every way in which a reply is none."""

from __future__ import annotations

import pytest

from protocols.core.card import Sealed
from protocols.core.errors import LocalError
from protocols.moneris.codec import Pieces
from protocols.moneris.http import Broken, Exchanges, Whole
from tests.support.vault_paper import http

PIECES = Pieces(b"<a>", Sealed(b"0284"), b"</a>")


def _asked(*, keep_alive: bool = False) -> Exchanges:
    exchanges = Exchanges("mpg1.moneris.io", "/gateway2/servlet/MpgRequest", keep_alive=keep_alive)
    exchanges.request(PIECES)
    return exchanges


def test_the_request_is_three_writes_and_the_second_is_the_frame_itself() -> None:
    head, frame, tail = Exchanges("mpg1.moneris.io", "/gateway2/servlet/MpgRequest").request(PIECES)
    assert frame is PIECES.frame
    assert tail == b"</a>"
    assert isinstance(head, bytes)
    lines = head.split(b"\r\n")
    assert lines[0] == b"POST /gateway2/servlet/MpgRequest HTTP/1.1"
    assert lines[-1] == b"<a>"
    assert {b"Host: mpg1.moneris.io", b"Content-Length: 11", b"Connection: close"} <= set(lines)


def test_a_request_without_a_frame_is_one_write() -> None:
    (head,) = Exchanges("h", "/").request(Pieces(b"<a/>"))
    assert isinstance(head, bytes)
    assert head.endswith(b"\r\n\r\n<a/>")


@pytest.mark.parametrize(
    "reply",
    [
        http(b"<r/>"),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n<r\r\n2\r\n/>\r\n0\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" + http(b"<r/>", "200 OK", "Content-Type: text/html"),
        http(b"<r/>", "200 OK", "Content-Encoding: identity"),
    ],
    ids=["length", "chunked", "continued", "identity"],
)
def test_a_whole_reply_is_whole_in_every_form_and_byte_by_byte(reply: bytes) -> None:
    assert _asked().receive(reply) == Whole(b"<r/>")
    exchanges = _asked()
    found = [exchanges.receive(reply[at : at + 1]) for at in range(len(reply))]
    assert found == [None] * (len(reply) - 1) + [Whole(b"<r/>")]


def test_a_reply_without_a_length_ends_with_the_connection() -> None:
    exchanges = _asked()
    assert exchanges.receive(b"HTTP/1.1 200 OK\r\n\r\n<r/>") is None
    assert exchanges.receive(b"") == Whole(b"<r/>")


@pytest.mark.parametrize(
    "reply",
    [
        http(b"", "503 Service Unavailable"),
        http(b"<r/>", "302 Found", "Location: /"),
        http(b"<r/>", "200 OK", "Content-Encoding: gzip"),
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 10_000,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        http(b" " * ((1 << 20) + 1)),
    ],
    ids=["503", "302", "gzip", "not http", "endless headers", "bad chunk", "too large"],
)
def test_any_other_reply_is_broken(reply: bytes) -> None:
    found = _asked().receive(reply)
    assert isinstance(found, Broken)
    assert found.why.startswith("vault_garbled: ")


@pytest.mark.parametrize("upto", range(len(http(b"<r/>"))))
def test_a_reply_that_is_cut_anywhere_is_broken(upto: int) -> None:
    exchanges = _asked()
    assert exchanges.receive(http(b"<r/>")[:upto]) is None if upto else True
    assert isinstance(exchanges.receive(b""), Broken)


def test_a_connection_takes_one_request_or_one_after_the_other() -> None:
    once, again = _asked(), _asked(keep_alive=True)
    with pytest.raises(LocalError, match="waits for a reply"):
        again.request(PIECES)
    for exchanges in (once, again):
        assert exchanges.receive(http(b"<r/>")) == Whole(b"<r/>")
    assert (once.reusable, again.reusable) == (False, True)
    again.request(PIECES)
    assert again.receive(http(b"<s/>", "200 OK", "Connection: close")) == Whole(b"<s/>")
    assert not again.reusable
