"""The vault's machine: connecting, asking, the answer, every loss, and the wiping of frames."""

from __future__ import annotations

import pytest

from protocols.core.errors import LocalError
from protocols.core.session import Close, Closed, Link, Open, Opened, Received, Send, Wake
from protocols.core.vault import NoAnswer, VaultAnswer, VerifyFrame
from protocols.moneris.options import MonerisOptions
from protocols.moneris.vault import MonerisVault
from tests.support.vault_paper import (
    APPROVED,
    CREDENTIALS,
    LINK,
    OPTIONS,
    PEER,
    http,
    no_show,
    purchase,
    receipt,
    verify,
    written,
)

DONE = http(receipt(**{**APPROVED, "TransType": "06"}))


def _vault(*, keep_alive: bool = False) -> MonerisVault:
    return MonerisVault(MonerisOptions(keep_alive=keep_alive), CREDENTIALS)


def _asked() -> tuple[MonerisVault, VerifyFrame]:
    vault, request = _vault(), verify()
    assert vault.ask(request, 10.0) == (Open(LINK),)
    assert written(vault.handle(Opened(LINK, PEER), 10.1)).startswith(b"POST ")
    return vault, request


def _is_wiped(request: VerifyFrame) -> bool:
    return not any(request.frame.view())


def test_an_answer_is_told_once_and_the_connection_closed() -> None:
    vault, request = _asked()
    assert vault.busy
    assert not _is_wiped(request)
    assert vault.handle(Received(LINK, DONE), 11.0) == (Close(LINK),)
    answer = vault.take_answer()
    assert isinstance(answer, VaultAnswer)
    assert answer.verdict == "done"
    assert (vault.take_answer(), vault.busy, vault.reached, vault.next_deadline()) == (
        None,
        False,
        False,
        None,
    )
    assert _is_wiped(request)


def test_the_frame_is_sent_as_it_is_between_what_stands_around_it() -> None:
    vault, request = _vault(), verify()
    vault.ask(request, 0.0)
    sends = [effect for effect in vault.handle(Opened(LINK, PEER), 0.0) if isinstance(effect, Send)]
    assert [send.data is request.frame for send in sends] == [False, True, False]


def test_it_can_be_reached_before_it_is_asked() -> None:
    vault = _vault()
    assert vault.reach(0.0) == (Open(LINK),)
    assert vault.reach(0.1) == ()
    assert [vault.reached] == [False]
    assert vault.handle(Opened(LINK, PEER), 0.2) == ()
    assert [vault.reached] == [True]
    assert b"<amount>40.00</amount>" in written(vault.ask(no_show(), 60.0))
    assert vault.next_deadline() == 60.0 + OPTIONS.total_s


def test_a_connection_that_went_while_nothing_was_asked_is_made_anew() -> None:
    vault = _vault()
    vault.reach(0.0)
    vault.handle(Opened(LINK, PEER), 0.1)
    assert vault.handle(Closed(LINK, "peer_closed: idle", sent=False), 30.0) == ()
    assert (vault.reached, vault.why, vault.take_answer()) == (False, "", None)
    assert vault.ask(no_show(), 31.0) == (Open(Link("gateway", 2)),)
    vault.handle(Opened(Link("gateway", 2), PEER), 31.1)
    assert (vault.reached, vault.why) == (True, "")


def test_a_connection_that_never_opened_sent_nothing() -> None:
    vault, request = _vault(), verify()
    vault.ask(request, 0.0)
    assert vault.handle(Closed(LINK, "refused: no", sent=False), 1.0) == ()
    assert vault.take_answer() == NoAnswer("refused: no", sent=False)
    assert (vault.why, vault.busy) == ("refused: no", False)
    assert _is_wiped(request)


@pytest.mark.parametrize("sent", [True, False])
def test_a_connection_that_went_after_the_request_tells_whether_bytes_left(sent: bool) -> None:
    vault, request = _asked()
    vault.handle(Closed(LINK, "reset: gone", sent=sent), 11.0)
    assert vault.take_answer() == NoAnswer("reset: gone", sent=sent)
    assert _is_wiped(request)


@pytest.mark.parametrize("upto", range(0, len(DONE), 7))
def test_a_cut_answer_is_no_answer(upto: int) -> None:
    vault, request = _asked()
    if upto:
        vault.handle(Received(LINK, DONE[:upto]), 11.0)
    vault.handle(Closed(LINK, "peer_closed: gone", sent=True), 11.1)
    assert vault.take_answer() == NoAnswer("peer_closed: gone", sent=True)
    assert _is_wiped(request)


def test_an_answer_without_a_length_ends_with_the_connection() -> None:
    vault, _ = _asked()
    vault.handle(Received(LINK, b"HTTP/1.1 200 OK\r\n\r\n" + DONE.partition(b"\r\n\r\n")[2]), 11.0)
    vault.handle(Closed(LINK, "peer_closed: end", sent=True), 11.1)
    assert isinstance(vault.take_answer(), VaultAnswer)


@pytest.mark.parametrize("opened", [True, False])
def test_past_the_deadline_it_gives_up(opened: bool) -> None:
    vault, request = _asked() if opened else (_vault(), verify())
    if not opened:
        vault.ask(request, 10.0)
    assert vault.next_deadline() == 45.0
    assert vault.handle(Wake(), 44.9) == ()
    assert vault.handle(Received(LINK, DONE[:40]), 44.9) == () if opened else True
    assert vault.handle(Wake(), 45.0) == (Close(LINK),)
    answer = vault.take_answer()
    assert isinstance(answer, NoAnswer)
    assert (answer.why.partition(":")[0], answer.sent) == ("vault_silent", opened)
    assert _is_wiped(request)
    assert vault.handle(Received(LINK, DONE), 45.1) == ()
    assert vault.take_answer() is None


@pytest.mark.parametrize(
    "reply",
    [http(b"", "500 Oops"), http(b"<html/>"), http(b"<response>"), b"garbage\r\n\r\n"],
    ids=["500", "html", "cut xml", "garbage"],
)
def test_what_cannot_be_read_is_no_answer(reply: bytes) -> None:
    vault, request = _asked()
    assert vault.handle(Received(LINK, reply), 11.0) == (Close(LINK),)
    answer = vault.take_answer()
    assert isinstance(answer, NoAnswer)
    assert answer.sent
    assert answer.why.startswith("vault_garbled: ")
    assert _is_wiped(request)


def test_one_request_at_a_time() -> None:
    vault, _ = _asked()
    with pytest.raises(LocalError, match="a request is under way"):
        vault.ask(no_show(), 11.0)


def test_a_request_that_cannot_be_written_is_wiped_and_leaves_it_free() -> None:
    vault, request = _vault(), verify(b"02\x00")
    with pytest.raises(LocalError, match="no printable ASCII"):
        vault.ask(request, 0.0)
    assert _is_wiped(request)
    assert vault.ask(no_show(), 0.0) == (Open(LINK),)


def test_bytes_that_nobody_asked_for_end_the_connection() -> None:
    vault = _vault()
    vault.reach(0.0)
    vault.handle(Opened(LINK, PEER), 0.1)
    assert vault.handle(Received(LINK, b"HTTP/1.1 408 Request Timeout\r\n\r\n"), 9.0) == (Close(LINK),)
    assert not vault.reached


def test_a_connection_may_serve_again() -> None:
    vault = _vault(keep_alive=True)
    vault.ask(verify(), 0.0)
    vault.handle(Opened(LINK, PEER), 0.1)
    assert vault.handle(Received(LINK, DONE), 0.2) == ()
    assert vault.reached
    assert b"POST " in written(vault.ask(purchase(), 1.0))
    assert vault.handle(Received(LINK, http(receipt(**APPROVED), "200 OK", "Connection: close")), 2.0) == (
        Close(LINK),
    )


def test_other_links_are_none_of_its_business() -> None:
    vault, _ = _asked()
    for cause in (
        Opened(Link("reader", 1), PEER),
        Received(Link("gateway", 9), DONE),
        Closed(Link("reader", 1), "x", sent=True),
    ):
        assert vault.handle(cause, 11.0) == ()
    assert vault.busy


def test_nothing_of_it_shows_the_account() -> None:
    vault, _ = _asked()
    assert "yesguy" not in repr(vault)
    assert "store5" not in repr(vault)
