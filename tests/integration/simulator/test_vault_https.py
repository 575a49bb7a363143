"""The simulated vault over real HTTPS, by requests and replies that know nothing of our codec.

The requests are written down by hand in the order in which another client (dbt/moneris-api, PHP) writes them:
cvd_info before the fields, and without the payment_information of "0" and the empty issuer_id, which its
language takes for nothing.
"""

from __future__ import annotations

import asyncio
import json
import re
import signal
import ssl
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from urllib.parse import urlencode
from xml.etree import ElementTree

import pytest

from simulator.acquirer.ledger import FileLedger, read
from simulator.reader.opening import open_frame
from simulator.vault.certificate import make
from simulator.vault.desk import VaultDesk
from simulator.vault.server import VaultServer
from simulator.vault.settings import VaultFault, VaultSettings
from simulator.wire.station import wall_clock

DEADLINE_S = 10.0
ACCOUNT = "<store_id>moneris</store_id><api_token>hurgle</api_token>"
COF = "<cof_info><payment_indicator>C</payment_indicator></cof_info>"
CVD = "<cvd_info><cvd_indicator>1</cvd_indicator><cvd_value>123</cvd_value></cvd_info>"


def keyed_frame() -> str:
    """4242424242424242, December 2029, code 123, encrypted under the public demo key."""
    entries = json.loads((Path(__file__).parents[2] / "vectors" / "idtech.json").read_text(encoding="utf-8"))
    return str(next(entry["text"] for entry in entries if entry["id"] == "SYNTHETIC-keyed-1"))


class Client:
    """Writes HTTP by hand on a TLS socket."""

    def __init__(self, port: int, trusted: ssl.SSLContext) -> None:
        self._port, self._trusted = port, trusted

    async def raw(self, request: bytes) -> bytes:
        """Everything that comes back until the other side closes."""
        async with asyncio.timeout(DEADLINE_S):
            reader, writer = await asyncio.open_connection("localhost", self._port, ssl=self._trusted)
            writer.write(request)
            try:
                return await reader.read()
            except ConnectionError:
                return b""
            finally:
                writer.transport.abort()

    async def post(self, path: str, body: str) -> bytes:
        return await self.raw(
            f"POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}".encode()
        )

    async def asked(self, inner: str, account: str = ACCOUNT, beside: str = "") -> dict[str, str | None]:
        """The receipt of a transaction, tag by tag, by another XML parser."""
        document = f'<?xml version="1.0"?><request>{account}{beside}{inner}</request>'
        head, _, body = (await self.post("/gateway2/servlet/MpgRequest", document)).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 ")
        receipt = ElementTree.fromstring(body).find("receipt")
        assert receipt is not None
        return {element.tag: element.text for element in receipt}


Start = Callable[..., Awaitable[Client]]


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    """Starts a vault with these faults and settings, and gives a client of it."""
    servers: list[VaultServer] = []

    async def begin(*faults: VaultFault, settings: VaultSettings | None = None) -> Client:
        ca, certificate, key = make(tmp_path, "localhost")
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate, key)
        ledger = FileLedger(tmp_path / "ledger.jsonl")
        desk = VaultDesk(ledger=ledger, opens=open_frame, settings=settings, faults=faults)
        server = VaultServer(desk, wall_clock, tls)
        servers.append(server)
        return Client(await server.start("localhost"), ssl.create_default_context(cafile=str(ca)))

    yield begin
    for server in servers:
        await server.stop()


async def test_another_clients_requests_store_and_charge_a_card(start: Start, tmp_path: Path) -> None:
    client = await start()
    verified = await client.asked(
        f"<enc_card_verification>{CVD}{COF}<order_id>v-1</order_id><crypt_type>7</crypt_type>"
        f"<device_type>idtech_bdk</device_type><enc_track2>{keyed_frame()}</enc_track2></enc_card_verification>"
    )
    assert verified["ResponseCode"] == "027"
    assert verified["CvdResultCode"] == "1M"
    assert verified["AvsResultCode"] == "null"
    kept = await client.asked(
        f"<res_tokenize_cc><txn_number>{verified['TransID']}</txn_number><order_id>v-1</order_id></res_tokenize_cc>"
    )
    assert kept["ResSuccess"] == "true"
    charged = await client.asked(
        "<res_purchase_cc><cof_info><payment_information>2</payment_information>"
        f"<issuer_id>{verified['IssuerId']}</issuer_id><payment_indicator>U</payment_indicator></cof_info>"
        f"<amount>20.00</amount><crypt_type>7</crypt_type><order_id>p-1</order_id>"
        f"<data_key>{kept['DataKey']}</data_key></res_purchase_cc>"
    )
    assert charged["Message"] == "APPROVED           *                    ="
    assert re.fullmatch("[0-9]{18}", charged["ReferenceNum"] or "")
    lines = read(tmp_path / "ledger.jsonl")
    assert [(line.kind, line.order, line.amount_minor) for line in lines] == [
        ("verification", "v-1", 0), ("token_stored", "v-1", 0), ("charge", "p-1", 2000),
    ]  # fmt: skip


async def test_a_pan_in_clear_is_taken_as_the_gateway_takes_it(start: Start) -> None:
    client = await start()
    bought = await client.asked(
        "<purchase><order_id>p-1</order_id><amount>2.05</amount><pan>5454545454545454</pan>"
        "<expdate>3012</expdate><crypt_type>7</crypt_type></purchase>"
    )
    assert (bought["ResponseCode"], bought["ISO"], bought["CardType"]) == ("481", "05", "M")
    told = await client.asked(
        "<purchase><order_id>p-1</order_id></purchase>", beside="<status_check>true</status_check>"
    )
    assert (told["ResponseCode"], told["status_code"], told["status_message"]) == ("481", "001", "found")


async def test_a_wrong_token_a_wrong_document_and_a_wrong_path(start: Start) -> None:
    client = await start()
    for account in (ACCOUNT.replace("hurgle", "x"), ""):
        refused = await client.asked("<res_get_expiring></res_get_expiring>", account)
        assert refused["ReceiptId"] == "Global Error Receipt"
        assert refused["Message"] == "API token mismatch"
    broken = await client.post("/gateway2/servlet/MpgRequest", "<request><store_id>")
    assert b"<Message>XML parse error</Message>" in broken
    assert (await client.post("/elsewhere", "x")).startswith(b"HTTP/1.1 404 ")
    assert (
        await client.raw(b"GET /gateway2/servlet/MpgRequest HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    )[9:12] == b"405"
    assert (await client.post("/gateway2/servlet/MpgRequest", "x" * 70_000)).startswith(b"HTTP/1.1 413 ")
    assert (await client.raw(b"garbage\r\n\r\n")).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize(("what", "length"), [("cut", 0), ("half", None)])
async def test_a_reply_is_cut_after_the_money_is_booked(
    start: Start, tmp_path: Path, what: str, length: int | None
) -> None:
    client = await start(VaultFault(when="done", what=what))  # type: ignore[arg-type]  # both are troubles
    body = (
        f"<request>{ACCOUNT}<purchase><order_id>p-1</order_id><amount>20.00</amount>"
        "<pan>5454545454545454</pan><expdate>3012</expdate><crypt_type>7</crypt_type></purchase></request>"
    )
    got = await client.post("/gateway2/servlet/MpgRequest", body)
    assert b"</response>" not in got
    assert len(got) == length if length is not None else got.startswith(b"HTTP/1.1 200 ")
    assert [line.kind for line in read(tmp_path / "ledger.jsonl")] == ["charge"]


async def test_the_entry_page_gives_a_temporary_token_that_can_be_kept(start: Start, tmp_path: Path) -> None:
    client = await start(settings=VaultSettings(frame_ancestors=("https://clinic.example",)))
    page = await client.raw(b"GET /hpp/?id=moneris&lang=fr HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    assert b"frame-ancestors https://clinic.example\r\n" in page
    assert "Numéro de la carte".encode() in page
    form = {"id": "moneris", "number": "4242 4242 4242 4242", "expiry": "1230", "code": "123"}
    reply = json.loads((await client.post("/hpp/token", urlencode(form))).partition(b"\r\n\r\n")[2])
    assert reply["responseCode"] == ["001"]
    assert reply["dataKey"].startswith("ot-")
    kept = await client.asked(
        f"<res_add_token><data_key>{reply['dataKey']}</data_key><crypt_type>7</crypt_type></res_add_token>"
    )
    assert (kept["ResSuccess"], (kept["DataKey"] or "ot-")[:3] == "ot-") == ("true", False)
    (line,) = read(tmp_path / "ledger.jsonl")
    assert (line.kind, line.card, line.token) == ("token_stored", "************4242", kept["DataKey"])


async def test_the_program_serves_and_shows_what_it_kept(tmp_path: Path) -> None:
    program = (sys.executable, "-m", "simulator.cli")
    process = await asyncio.create_subprocess_exec(
        *program, "vault", "--https", "localhost:0", "--certificates", str(tmp_path),
        "--ledger", str(tmp_path / "ledger.jsonl"), stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        async with asyncio.timeout(30):
            trust, ready = await process.stdout.readline(), await process.stdout.readline()
        assert trust.decode().startswith(f"trust {tmp_path / 'ca.pem'}")
        found = re.search(r"https://localhost:([0-9]+)/gateway2", ready.decode())
        assert found is not None
        client = Client(int(found[1]), ssl.create_default_context(cafile=str(tmp_path / "ca.pem")))
        form = {"id": "store5", "number": "4242424242424242", "expiry": "1230", "code": ""}
        reply = json.loads((await client.post("/hpp/token", urlencode(form))).partition(b"\r\n\r\n")[2])
        account = ACCOUNT.replace("moneris", "store5").replace("hurgle", "yesguy")
        inner = f"<data_key>{reply['dataKey']}</data_key><cust_id>c-7</cust_id>"
        kept = await client.asked(f"<res_add_token>{inner}</res_add_token>", account)
    finally:
        process.send_signal(signal.SIGTERM)
        await process.communicate()
    assert process.returncode == 0
    shown = await asyncio.create_subprocess_exec(
        *program, "tokens", str(tmp_path / "ledger.jsonl"), stdout=asyncio.subprocess.PIPE
    )
    told = (await shown.communicate())[0].decode()
    assert "visa 4242 customer c-7" in told
    assert told.endswith("1 cards kept\n")
    assert str(kept["DataKey"]) not in told
