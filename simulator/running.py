"""A simulated terminal as a process: the composition root of `terminal-simulator zvt`."""

from __future__ import annotations

import asyncio
import signal
import ssl
import sys
from dataclasses import dataclass
from pathlib import Path

from simulator.acquirer.ledger import Ledger
from simulator.control import Control
from simulator.declared import SettingError
from simulator.keys import LEGEND, Keys
from simulator.scenario import Scenario
from simulator.screen import LiveScreen, PlainScreen
from simulator.wire.end import WireEnd
from simulator.wire.pty_end import PtyEnd, is_real_device
from simulator.wire.serial_end import SerialEnd
from simulator.wire.station import Station, wall_clock
from simulator.wire.tcp_end import DEFAULT_PORT, TcpEnd
from simulator.zvt.device import build
from simulator.zvt.state import StateStore


@dataclass(frozen=True, slots=True)
class Running:
    """What is to run. `keys`: the cardholder is at the keyboard, nobody comes by plan."""

    scenario: Scenario
    end: WireEnd
    ledger: Ledger
    store: StateStore
    control: Path | None = None
    keys: bool = False


async def run(what: Running) -> None:
    """Run it until SIGINT, SIGTERM, the key q or the control channel's stop. OSError if it cannot start."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    settings = what.scenario.terminal
    device = build(
        what.scenario,
        ledger=what.ledger,
        store=what.store,
        wall=wall_clock,
        on_tcp=what.end.on_tcp,
        by_hand=what.keys,
    )
    legend = LEGEND if what.keys else ""
    screen = LiveScreen(f"ZVT {settings.terminal_id}", legend) if sys.stdout.isatty() else PlainScreen()
    station = Station(device, what.end, screen)
    await station.start()
    control = Control(what.control, station, stop.set) if what.control is not None else None
    keys = Keys(station, screen, stop.set) if what.keys else None
    try:
        if control is not None:
            await control.start()
        if keys is not None:
            keys.start()
        screen.note(f"ready: {what.scenario.title}; the ECR connects to {what.end.address}")
        await stop.wait()
    finally:
        if keys is not None:
            keys.stop()
        if control is not None:
            control.stop()
        station.stop()
        screen.close()


def wire_end(
    serial: str | None,
    tcp: str | None,
    *,
    baud: int = 9600,
    idle_close_s: float = 0.0,
    tls: ssl.SSLContext | None = None,
) -> WireEnd:
    """The end that the options name. Raises SettingError when they name none, two, or nonsense."""
    if (serial is None) == (tcp is None):
        raise SettingError("give either --serial PATH or --tcp HOST:PORT")
    if serial is not None:
        if serial != "-" and is_real_device(Path(serial)):
            return SerialEnd(serial, baud)
        return PtyEnd(None if serial == "-" else Path(serial))
    host, port = address("--tcp", tcp or "", DEFAULT_PORT)
    return TcpEnd(host, port, tls=tls, idle_close_s=idle_close_s)


def address(option: str, text: str, default_port: int) -> tuple[str, int]:
    """HOST:PORT, HOST alone, or :PORT on this machine alone. Raises SettingError naming the option."""
    host, colon, port = text.rpartition(":")
    if not colon:
        host, port = port, str(default_port)
    if host.isdecimal() or not (port.isdecimal() and int(port) <= 0xFFFF):
        raise SettingError(f"{option} is {text!r}; allowed: HOST:PORT, :PORT or HOST, port 0 to 65535")
    return host or "127.0.0.1", int(port)


def tls(certificate: Path | None, key: Path | None) -> ssl.SSLContext | None:
    """A server's context, TLS 1.2 or later; None without a certificate. SettingError names the wrong file."""
    if certificate is None:
        if key is not None:
            raise SettingError("--tls-key is given without --tls-cert; TLS needs both")
        return None
    for option, path in (("--tls-cert", certificate), ("--tls-key", key)):
        if path is not None and not path.is_file():
            raise SettingError(f"{option} is {str(path)!r}: there is no such file; a PEM file is wanted")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate, key)
    except ssl.SSLError:
        together = str(certificate) if key is None else f"{certificate} and {key}"
        raise SettingError(
            f"--tls-cert, --tls-key: {together} are no certificate and its key; PEM is wanted, the key"
            " without a passphrase, in the same file or in its own"
        ) from None
    return context
