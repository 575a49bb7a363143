"""The only door to pyserial: serial ports as endpoints, and the list of them.

Settings, exclusive opening, modem lines and Windows are pyserial's; bytes are carried by `serial_carrier`.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import serial
from serial.tools import list_ports as pyserial_list

from drivers.config import SerialConfig
from drivers.discovery import PortInfo, resolve
from drivers.opening import open_in_thread
from drivers.port_holder import holders
from drivers.serial_carrier import Carrier, LoopCarrier, RawPort, ThreadCarrier
from drivers.transport import WRITE_LIMIT_S, EndpointClosed, EndpointUnavailable, octets
from protocols.core.session import Data, Peer

# systemd.resource-control(5), DeviceAllow=: adapters, terminals with their own serial line, built-in ports.
DEVICE_CLASSES = ("char-ttyUSB", "char-ttyACM", "char-ttyS")

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

MakeCarrier = Callable[[RawPort, str, asyncio.AbstractEventLoop], Carrier]

_CODES = {
    errno.ENOENT: "port_missing",
    errno.ENODEV: "port_missing",
    errno.ENXIO: "port_missing",
    errno.EACCES: "permission",
    errno.EPERM: "permission",
    errno.EAGAIN: "port_busy",
    errno.EBUSY: "port_busy",
    errno.ENOTTY: "not_serial",
    errno.EISDIR: "not_serial",
}
_CURES = {
    "port_missing": "{path} does not exist; plug the adapter in or correct the path",
    "permission": "{path} may not be opened by us; add our user to group dialout or install the udev rule",
    "port_busy": "{path} is held by {holder}; stop that program",
    "not_serial": "{path} is not a serial port; correct the path",
    "port_failed": "{path} could not be opened or set up ({reason}); unplug the adapter and plug it in again",
}


def list_ports() -> tuple[PortInfo, ...]:
    """The serial ports of this machine, by path. Reads sysfs or the registry: some milliseconds."""
    found = [
        PortInfo(port.device, port.vid, port.pid, port.serial_number, port.product, port.location)
        for port in pyserial_list.comports()
    ]
    return tuple(sorted(found, key=lambda port: port.path))


def watched_or_threaded(port: RawPort, name: str, loop: asyncio.AbstractEventLoop) -> Carrier:
    """The one guarded spot: on POSIX the loop watches the port, elsewhere a thread reads it."""
    return LoopCarrier(port, name, loop) if os.name == "posix" else ThreadCarrier(port, name, loop)


class _Port(serial.Serial):
    """pyserial's port, with the language's own name for a write that takes too long."""

    def write(self, data: ReadableBuffer, /) -> int | None:
        """As serial.Serial, but raises TimeoutError."""
        try:
            return super().write(data)
        except serial.SerialTimeoutException:
            raise TimeoutError from None


class SerialPort:
    """One opening of a serial port. It is looked up each time, so that a replugged adapter is found."""

    def __init__(
        self,
        config: SerialConfig,
        ports: Callable[[], Sequence[PortInfo]] = list_ports,
        make_carrier: MakeCarrier = watched_or_threaded,
    ) -> None:
        self._config = config
        self._ports = ports
        self._make_carrier = make_carrier
        self._port: _Port | None = None
        self._carrier: Carrier | None = None
        self._name = config.path or str(config.identity)

    @property
    def sent_any(self) -> bool:
        """See Endpoint."""
        return self._carrier is not None and self._carrier.sent_any

    async def open(self, timeout_s: float) -> Peer:
        """Opens in a thread: drivers may take their time. One that comes back too late is closed again."""
        info, port = await open_in_thread(
            self._find_and_open, lambda late: late[1].close(), self._name, timeout_s
        )
        loop = asyncio.get_running_loop()
        self._name, self._port = info.path, port
        self._carrier = self._make_carrier(port, info.path, loop)
        return Peer(where=info.path, serial=info.serial_number)

    async def read(self) -> bytes:
        """See Endpoint."""
        return await self._opened().inlet.read()

    async def write(self, data: Data) -> None:
        """See Endpoint."""
        await self._opened().write(octets(data))

    async def aclose(self) -> None:
        """See Endpoint."""
        port, self._port = self._port, None
        if port is None or self._carrier is None:
            return
        self._carrier.inlet.end(EndpointClosed("closed", f"{self._name} was closed on our side"))
        self._carrier.inlet.discard()
        await self._carrier.stop()
        with contextlib.suppress(OSError):  # an unplugged port may refuse even this; it is gone either way
            port.close()

    def _opened(self) -> Carrier:
        if self._carrier is None:
            raise EndpointClosed("closed", f"{self._name} is not open")
        return self._carrier

    def _find_and_open(self) -> tuple[PortInfo, _Port]:
        info = resolve(self._config.path, self._config.identity, self._ports())
        if in_use := holders(info.path):
            raise _unavailable("port_busy", info.path, holder=str(in_use[0]))
        return info, _open_port(info.path, self._config)


def _open_port(path: str, config: SerialConfig) -> _Port:
    """Exclusive for others who lock too. Reads without a timeout: the thread blocks, the loop never does."""
    try:
        port = _Port(
            path,
            baudrate=config.baud,
            bytesize=config.bytesize,
            parity=config.parity,
            stopbits=config.stopbits,
            timeout=None,
            write_timeout=WRITE_LIMIT_S,
            exclusive=True,
        )
    except (OSError, ValueError) as error:
        raise _refused(path, error) from None
    # USB adapters hold back bytes for up to 16 ms unless told not to; not every driver or system can be told.
    with contextlib.suppress(OSError, ValueError, AttributeError, NotImplementedError):
        port.set_low_latency_mode(True)
    return port


def _refused(path: str, error: OSError | ValueError) -> EndpointUnavailable:
    code = _CODES.get(_number_of(error), "port_failed")
    in_use = holders(path) if code == "port_busy" else ()
    holder = str(in_use[0]) if in_use else "a program of another user"
    return _unavailable(code, path, holder, reason=str(error))


def _number_of(error: OSError | ValueError) -> int:
    """The system's error number, 0 for none. Where a port cannot be set up pyserial hides it."""
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno
    behind = error.__context__
    number = behind.args[0] if behind is not None and behind.args else 0  # a termios.error
    return number if isinstance(number, int) else 0


def _unavailable(code: str, path: str, holder: str, reason: str = "") -> EndpointUnavailable:
    text = _CURES[code].format(path=path, holder=holder, reason=reason)
    return EndpointUnavailable(code, text, holder if code == "port_busy" else None)
