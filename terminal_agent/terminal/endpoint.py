"""From a terminal's settings to its endpoint."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from drivers.config import EndpointConfig, SerialConfig, TcpConfig, TlsConfig, UsbConfig
from drivers.discovery import UsbIdentity
from drivers.factory import endpoint_factory
from drivers.transport import Endpoint
from terminal_agent.settings.terminal import Serial, Tcp, Terminal, Usb


def endpoints_of(terminal: Terminal) -> Mapping[str, Callable[[], Endpoint]]:
    """What makes a fresh endpoint for each opening, by the name of its link."""
    made = {"terminal": endpoint_of(terminal)} if terminal.usb is None else {"reader": _reader(terminal.usb)}
    if terminal.gateway is not None:
        made["gateway"] = endpoint_factory(_tcp(terminal.gateway))
    return made


def config_of(terminal: Terminal) -> EndpointConfig:
    """The endpoint's configuration; the settings have made sure that there is exactly one."""
    if terminal.serial is not None:
        return _serial(terminal.serial)
    if terminal.tcp is not None:
        return _tcp(terminal.tcp)
    raise ValueError(f"terminal {terminal.id!r} has neither a serial line nor an address")


def endpoint_of(terminal: Terminal) -> Callable[[], Endpoint]:
    """What makes a fresh endpoint for each opening."""
    return endpoint_factory(config_of(terminal))


def _reader(usb: Usb) -> Callable[[], Endpoint]:
    vid, pid = int(usb.vid, 16), int(usb.pid, 16) if usb.pid is not None else None
    return endpoint_factory(UsbConfig(vid, pid, usb.serial_number))


def _serial(serial: Serial) -> SerialConfig:
    identity = None
    if serial.vid is not None and serial.pid is not None:
        identity = UsbIdentity(int(serial.vid, 16), int(serial.pid, 16), serial.serial_number)
    data, parity, stop = tuple(serial.format)
    return SerialConfig(
        path=serial.path,
        identity=identity,
        baud=serial.baud,
        bytesize=7 if data == "7" else 8,
        parity="E" if parity == "E" else "O" if parity == "O" else "N",
        stopbits=1 if stop == "1" else 2,
    )


def _tcp(tcp: Tcp) -> TcpConfig:
    if tcp.tls is None:
        return TcpConfig(tcp.host, tcp.port)
    tls = tcp.tls
    return TcpConfig(
        tcp.host,
        tcp.port,
        TlsConfig(
            ca_file=str(tls.ca),
            server_name=tls.server_name,
            certificate_file=str(tls.certificate) if tls.certificate else None,
            key_file=str(tls.key) if tls.key else None,
        ),
    )
