"""From a configuration to what makes endpoints: one for each opening."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from drivers.config import EndpointConfig, MemoryConfig, SerialConfig, TcpConfig, UsbConfig
from drivers.serial_port import SerialPort
from drivers.tcp_port import TcpPort
from drivers.transport import Endpoint
from drivers.usb_port import UsbPort


def endpoint_factory(config: EndpointConfig) -> Callable[[], Endpoint]:
    """A function for `Pump(endpoints=…)` that makes a fresh, unopened endpoint at each call."""
    match config:
        case SerialConfig():
            return partial(SerialPort, config)
        case TcpConfig():
            return partial(TcpPort, config)
        case UsbConfig():
            return partial(UsbPort, config)
        case MemoryConfig(modem, side):
            return partial(modem.end, side)
