"""How an endpoint is reached. The settings file is checked elsewhere; only the impossible is refused here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from drivers.discovery import UsbIdentity
from drivers.memory_port import NullModem, Side


@dataclass(frozen=True, slots=True)
class SerialConfig:
    """A port by its path, by its adapter's identity, or by both. ZVT speaks 9600 8N2 (PA00P015 ch. 1.1)."""

    path: str | None = None
    identity: UsbIdentity | None = None
    baud: int = 9600
    bytesize: Literal[7, 8] = 8
    parity: Literal["N", "E", "O"] = "N"
    stopbits: Literal[1, 2] = 2

    def __post_init__(self) -> None:
        if self.path is None and self.identity is None:
            raise ValueError("a serial port needs a path or a USB identity")


@dataclass(frozen=True, slots=True)
class TlsConfig:
    """The peer's certificate must lead to `ca_file` (None: the system's authorities) and be for
    `server_name` (None: the host of the address), or, for terminals that only have a common name, carry
    `pinned_cn`. `certificate_file` and `key_file` (PEM) are ours, where the peer wants one."""

    ca_file: str | None = None
    server_name: str | None = None
    pinned_cn: str | None = None
    certificate_file: str | None = None
    key_file: str | None = None


@dataclass(frozen=True, slots=True)
class TcpConfig:
    """A host name or address, and a port; TLS where it is given."""

    host: str
    port: int
    tls: TlsConfig | None = None

    def __post_init__(self) -> None:
        if not 0 < self.port < 65_536:
            raise ValueError(f"port is {self.port}; allowed: 1 to 65535")


@dataclass(frozen=True, slots=True)
class MemoryConfig:
    """One side of a null modem in memory."""

    modem: NullModem
    side: Side = "a"


@dataclass(frozen=True, slots=True)
class UsbConfig:
    """A USB HID device by vendor id, and where that is not enough by product id and serial number."""

    vid: int
    pid: int | None = None
    serial: str | None = None

    def __post_init__(self) -> None:
        for name, number in (("vid", self.vid), ("pid", self.pid or 0)):
            if not 0 <= number < 65_536:
                raise ValueError(f"{name} is {number:#x}; allowed: 0 to 0xffff")


EndpointConfig = SerialConfig | TcpConfig | UsbConfig | MemoryConfig
