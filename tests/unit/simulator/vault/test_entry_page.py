"""The hosted entry page: who may frame it, what it takes, and that the number goes nowhere else."""

from __future__ import annotations

import json
from datetime import timedelta
from urllib.parse import urlencode

import pytest

from simulator.acquirer.ledger import MemoryLedger
from simulator.vault.desk import VaultDesk
from simulator.vault.entry_page import EntryPage, Page
from simulator.vault.http_side import HttpSide, Write
from simulator.vault.settings import VaultSettings
from tests.support.vault_shop import NOW, VISA, opens

GOOD = {"id": "store5", "number": "4242 4242 4242 4242", "expiry": "1230", "code": "123"}
ACCOUNT = "<store_id>store5</store_id><api_token>yesguy</api_token>"


@pytest.fixture
def desk() -> VaultDesk:
    return VaultDesk(ledger=MemoryLedger(), opens=opens)


def _posted(desk: VaultDesk, **changed: str) -> dict[str, object]:
    page = EntryPage(desk).serve("POST", "/hpp/token", urlencode({**GOOD, **changed}).encode(), NOW)
    assert page is not None
    told: dict[str, object] = json.loads(page.body)
    return told


def _page(desk: VaultDesk, target: str, *origins: str) -> Page:
    page = EntryPage(desk, origins).serve("GET", target, b"", NOW)
    assert page is not None
    return page


def test_only_the_origins_named_may_frame_it_and_hear_of_its_tokens(desk: VaultDesk) -> None:
    alone, framed = _page(desk, "/hpp/?id=store5"), _page(desk, "/hpp/?id=store5", "https://a.example")
    assert "frame-ancestors 'none'" in dict(alone.headers)["Content-Security-Policy"]
    assert "frame-ancestors https://a.example" in dict(framed.headers)["Content-Security-Policy"]
    assert b"[&quot;https://a.example&quot;]" in framed.body


def test_it_speaks_both_languages_and_escapes_what_it_is_told(desk: VaultDesk) -> None:
    assert "Numéro de la carte" in _page(desk, "/hpp/").body.decode()
    assert "Card number" in _page(desk, "/hpp/?lang=en").body.decode()
    assert b'method="post"' in _page(desk, "/hpp/").body  # without a script no number gets into an address
    assert b"<script>x" not in _page(desk, "/hpp/?id=%3Cscript%3Ex&lang=xx").body


def test_script_and_style_are_files_of_their_own(desk: VaultDesk) -> None:
    assert b"postMessage" in _page(desk, "/hpp/entry.js").body
    assert dict(_page(desk, "/hpp/entry.css").headers)["Content-Type"].startswith("text/css")
    assert EntryPage(desk).serve("GET", "/hpp/other", b"", NOW) is None


@pytest.mark.parametrize(
    ("field", "value"),
    [("number", "4242424242424241"), ("number", "4242"), ("number", "٤٢٤٢٤٢٤٢٤٢٤٢٤٢٤٢"), ("expiry", "1330"),
     ("expiry", "12"), ("code", "12"), ("id", "stranger")],
)  # fmt: skip
def test_a_wrong_field_is_named_and_not_shown(desk: VaultDesk, field: str, value: str) -> None:
    told = _posted(desk, **{field: value})
    assert told["field"] == field
    assert "dataKey" not in told
    assert value not in json.dumps(told)


def test_a_temporary_token_lives_for_fifteen_minutes_and_is_used_up(desk: VaultDesk) -> None:
    kept = _keep(desk, str(_posted(desk)["dataKey"]), 0)
    assert b"<ResSuccess>true" in kept
    assert VISA.encode() not in kept
    used, forgotten = str(_posted(desk)["dataKey"]), str(_posted(desk)["dataKey"])
    assert b"<ResSuccess>true" in _keep(desk, used, 899)
    assert b"Invalid data key" in _keep(desk, used, 899)
    assert b"Invalid data key" in _keep(desk, forgotten, 900)


def _keep(desk: VaultDesk, token: str, after_s: float) -> bytes:
    inner = (
        f"<res_add_token><data_key>{token}</data_key><data_key_format>0U</data_key_format></res_add_token>"
    )
    return desk.answer(
        f"<request>{ACCOUNT}{inner}</request>".encode(), NOW + timedelta(seconds=after_s)
    ).reply


def test_a_plain_hook_serves_the_page_without_a_socket(desk: VaultDesk) -> None:
    side = HttpSide(desk, EntryPage(desk, VaultSettings().frame_ancestors))
    (write,) = side.receive(b"GET /hpp/entry.js HTTP/1.1\r\nHost: a\r\n\r\n", NOW)
    assert isinstance(write, Write)
    assert write.data.startswith(b"HTTP/1.1 200 ")
    (again,) = side.receive(b"GET /hpp/ HTTP/1.1\r\nHost: a\r\n\r\n", NOW)
    assert isinstance(again, Write)
