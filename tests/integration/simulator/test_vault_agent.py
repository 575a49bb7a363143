"""The agent's vault over a real TLS connection: frames of a virtual reader, opened at the far end."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from drivers.config import TcpConfig, TlsConfig
from drivers.tcp_port import TcpPort
from drivers.transport import EndpointClosed
from protocols.core.card import Sealed
from protocols.core.session import Closed, Effect, Link, Opened, Received, Send
from protocols.core.vault import NoAnswer, StatusOf, VaultAnswer, VaultRequest, VerifyFrame
from protocols.idtech.codec import encode
from protocols.moneris.options import MonerisOptions
from protocols.moneris.vault import MonerisVault
from simulator import dukpt
from simulator.acquirer.ledger import FileLedger, read
from simulator.cards import CARDS
from simulator.reader import sealing
from simulator.reader.opening import open_frame
from simulator.reader.tracks import track1, track2
from simulator.vault.certificate import make
from simulator.vault.desk import VaultDesk
from simulator.vault.server import VaultServer
from simulator.vault.settings import VaultFault
from simulator.wire.station import wall_clock
from tests.support.vault_paper import CREDENTIALS
from tests.support.vault_shop import sale, tokenize, verify

KSN = bytes.fromhex("FFFF9876543210E00001")
DEADLINE_S = 10.0


class Far:
    """A served vault, and the agent's machine that reaches it through the real driver."""

    def __init__(self, port: int, ca: Path, desk: VaultDesk, ledger: Path) -> None:
        self.config = TcpConfig("localhost", port, TlsConfig(ca_file=str(ca)))
        self.desk, self.ledger = desk, ledger
        self.vault = MonerisVault(MonerisOptions(host="localhost"), CREDENTIALS)

    async def ask(self, request: VaultRequest) -> VaultAnswer | NoAnswer:
        """One request on a connection of its own."""
        link = self._opened(self.vault.ask(request, 0.0))
        port = TcpPort(self.config)
        async with asyncio.timeout(DEADLINE_S):
            peer = await port.open(5.0)
            try:
                for effect in self.vault.handle(Opened(link, peer), 0.0):
                    assert isinstance(effect, Send)
                    await port.write(effect.data)
                while (answer := self.vault.take_answer()) is None:
                    self.vault.handle(Received(link, await port.read()), 0.0)
            except EndpointClosed as closed:
                self.vault.handle(Closed(link, closed.why, port.sent_any), 0.0)
                answer = self.vault.take_answer()
            finally:
                await port.aclose()
        assert answer is not None
        return answer

    @staticmethod
    def _opened(effects: tuple[Effect, ...]) -> Link:
        (wish,) = effects
        return wish.link  # type: ignore[union-attr]  # an Open


@pytest.fixture
async def far(tmp_path: Path) -> AsyncIterator[Far]:
    ca, certificate, key = make(tmp_path, "localhost")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    ledger = tmp_path / "ledger.jsonl"
    desk = VaultDesk(ledger=FileLedger(ledger), opens=open_frame)
    server = VaultServer(desk, wall_clock, tls)
    yield Far(await server.start("localhost"), ca, desk, ledger)
    await server.stop()


def swiped(name: str) -> Sealed:
    """A frame as typed by a keyboard reader, encrypted."""
    card = CARDS[name]
    return encode(sealing.enhanced((track1(card), track2(card), ""), KSN, dukpt.PUBLIC_BASE_KEY), "text")


def keyed(name: str, code: str) -> Sealed:
    card = CARDS[name]
    return encode(sealing.keyed(card.number, card.expiry_yymm, code, KSN, dukpt.PUBLIC_BASE_KEY), "text")


def _with(request: VerifyFrame, frame: Sealed) -> VerifyFrame:
    return replace(request, frame=frame)


@pytest.mark.parametrize("frame", [swiped("visa"), keyed("visa", "123")], ids=["swiped", "keyed"])
async def test_an_encrypted_card_is_stored_and_its_frame_wiped(far: Far, frame: Sealed) -> None:
    verified = await far.ask(_with(verify("A1", b""), frame))
    assert isinstance(verified, VaultAnswer)
    assert (verified.verdict, bool(verified.keys["issuer_id"])) == ("done", True)
    assert not any(frame.view())
    kept = await far.ask(tokenize("A1", verified.keys["transaction"]))
    assert isinstance(kept, VaultAnswer)
    assert kept.token is not None
    lines = read(far.ledger)
    assert [(line.kind, line.card) for line in lines] == [
        ("verification", "************1111"), ("token_stored", "************1111"),
    ]  # fmt: skip
    assert lines[1].token == kept.token.value


@pytest.mark.parametrize(("when", "verdict"), [("received", "unknown_order"), ("done", "done")])
async def test_a_cut_connection_is_asked_about(far: Far, when: str, verdict: str) -> None:
    far.desk.plan(VaultFault(when=when, what="cut"))  # type: ignore[arg-type]  # both are moments
    frame = swiped("mastercard")
    lost = await far.ask(replace(sale("A1", b"", keyed=False), frame=frame))
    assert isinstance(lost, NoAnswer)
    assert lost.sent
    assert not any(frame.view())
    found = await far.ask(StatusOf("A1", "purchase_frame"))
    assert isinstance(found, VaultAnswer)
    assert found.verdict == verdict
    assert len(read(far.ledger)) == (verdict == "done")
