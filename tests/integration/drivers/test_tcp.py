"""TCP and TLS on loopback: whom we talk to, and what we say when it is somebody else."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from drivers.config import TcpConfig, TlsConfig
from drivers.tcp_port import TcpPort
from drivers.transport import EndpointClosed, EndpointUnavailable
from protocols.core.session import Peer
from tests.support.tls_authority import TlsAuthority

HOST = "127.0.0.1"


@asynccontextmanager
async def listening(tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A server that echoes; its port."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(4096):
                writer.write(data)
        except (ssl.SSLError, ConnectionError):
            pass
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(echo, HOST, 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await asyncio.sleep(0)


def server_context(files: tuple[str, str], client_ca: str | None = None) -> ssl.SSLContext:
    """A server's side; `client_ca` makes it demand a certificate."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=client_ca)
    context.load_cert_chain(*files)
    if client_ca is not None:
        context.verify_mode = ssl.CERT_REQUIRED
    return context


async def unavailable(port: int, tls: TlsConfig | None, timeout_s: float = 5.0) -> EndpointUnavailable:
    """Why it does not open; it can be closed nevertheless."""
    endpoint = TcpPort(TcpConfig(HOST, port, tls))
    with pytest.raises(EndpointUnavailable) as caught:
        await endpoint.open(timeout_s)
    await endpoint.aclose()
    assert not endpoint.sent_any
    return caught.value


@pytest.fixture
def authority(tmp_path: Path) -> TlsAuthority:
    return TlsAuthority(tmp_path)


async def test_bytes_leave_at_once_and_a_dead_peer_is_noticed() -> None:
    async with listening() as port:
        endpoint = TcpPort(TcpConfig(HOST, port))
        await endpoint.open(5)
        assert endpoint._wire is not None
        sock = endpoint._wire._transport.get_extra_info("socket")
        options = [
            sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY),
            sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE),
        ]
        await endpoint.aclose()
    assert all(options)


async def test_the_peer_of_a_tls_connection_is_known_by_its_common_name(authority: TlsAuthority) -> None:
    context = server_context(authority.issue("terminal-7", (HOST,)))
    async with listening(context) as port:
        endpoint = TcpPort(TcpConfig(HOST, port, TlsConfig(ca_file=authority.ca_file)))
        assert await endpoint.open(5) == Peer(where=f"{HOST}:{port}", certificate_cn="terminal-7")
        await endpoint.write(b"hello")
        assert await endpoint.read() == b"hello"
        await endpoint.aclose()


async def test_a_peer_that_says_nothing_holds_up_no_write_within_tls(authority: TlsAuthority) -> None:
    """A gateway thinks for seconds before it answers; the request has left all the same."""
    heard = asyncio.Event()

    async def think(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(9)
        heard.set()
        await reader.read()
        writer.transport.abort()

    context = server_context(authority.issue("terminal-7", (HOST,)))
    server = await asyncio.start_server(think, HOST, 0, ssl=context)
    tls = TlsConfig(ca_file=authority.ca_file)
    endpoint = TcpPort(TcpConfig(HOST, server.sockets[0].getsockname()[1], tls))
    await endpoint.open(5)
    for part in (b"one", b"two", b"all"):
        await endpoint.write(part)
    await asyncio.wait_for(heard.wait(), 5)
    await endpoint.aclose()
    server.close()


async def test_a_pinned_common_name_needs_no_host_name_in_the_certificate(authority: TlsAuthority) -> None:
    context = server_context(authority.issue("terminal-7"))
    async with listening(context) as port:
        endpoint = TcpPort(
            TcpConfig(HOST, port, TlsConfig(ca_file=authority.ca_file, pinned_cn="terminal-7"))
        )
        assert (await endpoint.open(5)).certificate_cn == "terminal-7"
        await endpoint.aclose()
        error = await unavailable(port, TlsConfig(ca_file=authority.ca_file, pinned_cn="terminal-8"))
    assert error.code == "tls_name"
    assert "'terminal-7', not 'terminal-8'" in error.message


@pytest.mark.parametrize("server_name", [None, "terminal-8.local"])
async def test_a_certificate_for_another_name_is_refused(
    authority: TlsAuthority, server_name: str | None
) -> None:
    context = server_context(authority.issue("terminal-7", ("terminal-7.local",)))
    async with listening(context) as port:
        error = await unavailable(port, TlsConfig(ca_file=authority.ca_file, server_name=server_name))
    assert error.code == "tls_name"


async def test_the_expected_name_may_differ_from_the_address(authority: TlsAuthority) -> None:
    context = server_context(authority.issue("terminal-7", ("terminal-7.local",)))
    tls = TlsConfig(ca_file=authority.ca_file, server_name="terminal-7.local")
    async with listening(context) as port:
        endpoint = TcpPort(TcpConfig(HOST, port, tls))
        assert (await endpoint.open(5)).certificate_cn == "terminal-7"
        await endpoint.aclose()


async def test_an_unknown_authority_is_refused(authority: TlsAuthority, tmp_path: Path) -> None:
    stranger = TlsAuthority(tmp_path, "Strange CA")
    async with listening(server_context(stranger.issue("terminal-7", (HOST,)))) as port:
        assert (await unavailable(port, TlsConfig(ca_file=authority.ca_file))).code == "tls_untrusted"


async def test_a_pin_does_not_replace_trust(authority: TlsAuthority, tmp_path: Path) -> None:
    stranger = TlsAuthority(tmp_path, "Strange CA")
    async with listening(server_context(stranger.issue("terminal-7"))) as port:
        error = await unavailable(port, TlsConfig(ca_file=authority.ca_file, pinned_cn="terminal-7"))
    assert error.code == "tls_untrusted"


async def test_an_expired_certificate_is_refused(authority: TlsAuthority) -> None:
    files = authority.issue("terminal-7", (HOST,), valid_for=timedelta(hours=-1))
    async with listening(server_context(files)) as port:
        assert (await unavailable(port, TlsConfig(ca_file=authority.ca_file))).code == "tls_expired"


async def test_tls_to_a_server_without_it_is_refused(authority: TlsAuthority) -> None:
    async with listening() as port:
        assert (await unavailable(port, TlsConfig(ca_file=authority.ca_file))).code == "tls_failed"


async def test_a_certificate_of_ours_is_shown_where_it_is_wanted(authority: TlsAuthority) -> None:
    context = server_context(authority.issue("terminal-7", (HOST,)), client_ca=authority.ca_file)
    certificate, key = authority.issue("agent-1")
    with_ours = TlsConfig(ca_file=authority.ca_file, certificate_file=certificate, key_file=key)
    async with listening(context) as port:
        endpoint = TcpPort(TcpConfig(HOST, port, with_ours))
        await endpoint.open(5)
        await endpoint.write(b"it is me")
        assert await endpoint.read() == b"it is me"
        await endpoint.aclose()


async def test_a_peer_that_misses_a_certificate_of_ours_ends_tls(authority: TlsAuthority) -> None:
    context = server_context(authority.issue("terminal-7", (HOST,)), client_ca=authority.ca_file)

    def refuse(listener: socket.socket) -> str | None:
        sock, _address = listener.accept()
        with sock, pytest.raises(ssl.SSLError) as refused:
            context.wrap_socket(sock, server_side=True)
        return refused.value.reason

    with socket.create_server((HOST, 0)) as listener:
        refusing = asyncio.create_task(asyncio.to_thread(refuse, listener))
        endpoint = TcpPort(TcpConfig(HOST, listener.getsockname()[1], TlsConfig(ca_file=authority.ca_file)))
        await endpoint.open(5)
        with pytest.raises(EndpointClosed) as caught:
            await endpoint.read()
        await endpoint.aclose()
        assert await refusing == "PEER_DID_NOT_RETURN_A_CERTIFICATE"
    assert caught.value.code == "tls_failed"


@pytest.mark.parametrize("content", [None, "no PEM"])
async def test_files_that_cannot_be_loaded_are_named(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content, encoding="ascii")
    error = await unavailable(9, TlsConfig(ca_file=str(path)))
    assert error.code == "tls_files"
    assert str(path) in error.message


async def test_a_host_without_an_address_is_named() -> None:
    endpoint = TcpPort(TcpConfig("terminal.invalid", 20007))
    with pytest.raises(EndpointUnavailable) as caught:
        await endpoint.open(5)
    assert caught.value.code == "name_unknown"


async def test_a_peer_that_never_finishes_the_handshake_is_given_up(authority: TlsAuthority) -> None:
    with socket.create_server((HOST, 0)) as silent:
        error = await unavailable(
            silent.getsockname()[1], TlsConfig(ca_file=authority.ca_file), timeout_s=0.05
        )
    assert error.code == "timeout"


async def test_an_answer_can_still_be_written_after_the_peer_closed_its_half() -> None:
    received = asyncio.get_running_loop().create_future()

    async def half_closing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"result")
        writer.write_eof()
        received.set_result(await reader.read(3))
        writer.close()

    server = await asyncio.start_server(half_closing, HOST, 0)
    endpoint = TcpPort(TcpConfig(HOST, server.sockets[0].getsockname()[1]))
    await endpoint.open(5)
    assert await endpoint.read() == b"result"
    with pytest.raises(EndpointClosed, match="closed the connection"):
        await endpoint.read()
    await endpoint.write(b"ack")
    assert await received == b"ack"
    await endpoint.aclose()
    server.close()


async def test_a_reset_by_the_peer_is_told() -> None:
    async def resetting(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        writer.transport.abort()

    server = await asyncio.start_server(resetting, HOST, 0)
    endpoint = TcpPort(TcpConfig(HOST, server.sockets[0].getsockname()[1]))
    await endpoint.open(5)
    with pytest.raises(EndpointClosed) as caught:
        await endpoint.read()
    assert caught.value.code == "reset"
    with pytest.raises(EndpointClosed):
        await endpoint.write(b"never")
    assert not endpoint.sent_any
    await endpoint.aclose()
    server.close()
