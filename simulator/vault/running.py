"""A simulated vault as a process: the composition root of `terminal-simulator vault`."""

from __future__ import annotations

import asyncio
import signal
import ssl
from pathlib import Path

from simulator.acquirer.ledger import FileLedger
from simulator.declared import SettingError
from simulator.reader.opening import open_frame
from simulator.vault.certificate import kept
from simulator.vault.desk import VaultDesk
from simulator.vault.diary import Diary
from simulator.vault.http_side import PATH
from simulator.vault.server import VaultServer
from simulator.vault.settings import VaultPlan
from simulator.wire.station import wall_clock


def opened(plan: VaultPlan, ledger: Path, state: Path | None) -> VaultDesk:
    """The desk, as it was when it was closed. What it remembers stands beside the ledger unless `state` says
    where. Raises LedgerError, DiaryError, OSError."""
    diary = Diary(state or ledger.with_suffix(".vault.jsonl"), plan.settings)
    return VaultDesk(
        ledger=FileLedger(ledger), opens=open_frame, settings=plan.settings, faults=plan.faults, diary=diary
    )


async def serve(desk: VaultDesk, host: str, port: int, tls: ssl.SSLContext) -> None:
    """Serve until SIGINT or SIGTERM. OSError where it cannot listen."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    server = VaultServer(desk, wall_clock, tls)
    taken = await server.start(host, port)
    print(f"ready: the vault answers at https://{host}:{taken}{PATH}", flush=True)
    try:
        await stop.wait()
    finally:
        await server.stop()


def certified(folder: Path, host: str) -> ssl.SSLContext:
    """A server's context with a certificate of our own; says what the client is to trust. Raises SettingError
    where something else stands in its place."""
    try:
        ca, certificate, key = kept(folder, host)
    except ValueError:
        raise SettingError(
            f"{folder / 'vault.pem'}: is no certificate; give another --certificates"
        ) from None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    print(f"trust {ca}, good for {host} and localhost", flush=True)
    return context
