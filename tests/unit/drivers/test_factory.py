"""From configurations to endpoints."""

from __future__ import annotations

import pytest

from drivers.config import EndpointConfig, MemoryConfig, SerialConfig, TcpConfig, UsbConfig
from drivers.factory import endpoint_factory
from drivers.memory_port import MemoryPort, NullModem
from drivers.serial_port import SerialPort
from drivers.tcp_port import TcpPort
from drivers.usb_port import UsbPort


@pytest.mark.parametrize(
    ("config", "made"),
    [
        (SerialConfig(path="/dev/ttyS0"), SerialPort),
        (TcpConfig("192.0.2.1", 20007), TcpPort),
        (UsbConfig(0x0ACD), UsbPort),
        (MemoryConfig(NullModem(), "b"), MemoryPort),
    ],
)
def test_each_call_makes_a_fresh_endpoint_of_the_kind(config: EndpointConfig, made: type[object]) -> None:
    make = endpoint_factory(config)
    first, second = make(), make()
    assert isinstance(first, made)
    assert first is not second
    assert not first.sent_any


def test_a_serial_port_of_no_name_is_refused() -> None:
    with pytest.raises(ValueError, match="a path or a USB identity"):
        SerialConfig()


@pytest.mark.parametrize("port", [0, -1, 65_536])
def test_an_impossible_tcp_port_is_refused(port: int) -> None:
    with pytest.raises(ValueError, match=f"port is {port}; allowed: 1 to 65535"):
        TcpConfig("192.0.2.1", port)


@pytest.mark.parametrize(("vid", "pid"), [(-1, None), (0x10000, None), (0x0ACD, 0x10000)])
def test_an_impossible_usb_id_is_refused(vid: int, pid: int | None) -> None:
    with pytest.raises(ValueError, match="allowed: 0 to 0xffff"):
        UsbConfig(vid, pid)
