"""From a terminal's settings to what opens its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.config import SerialConfig, TcpConfig, TlsConfig
from drivers.discovery import UsbIdentity
from drivers.serial_port import SerialPort
from drivers.tcp_port import TcpPort
from terminal_agent.settings.terminal import Serial, Tcp, Terminal
from terminal_agent.settings.types import Tls
from terminal_agent.terminal.endpoint import config_of, endpoint_of


def serial(**keys: object) -> Terminal:
    line = Serial.model_validate(keys)
    return Terminal(id="front", name="Accueil", protocol="zvt", serial=line)


def test_a_path_is_opened_with_the_speed_and_format_of_the_protocol() -> None:
    assert config_of(serial(path="/dev/ttyS0")) == SerialConfig(
        path="/dev/ttyS0", baud=9600, bytesize=8, parity="N", stopbits=2
    )


@pytest.mark.parametrize(
    ("format_", "expected"), [("7E1", (7, "E", 1)), ("8O2", (8, "O", 2)), ("8N1", (8, "N", 1))]
)
def test_each_format_of_the_settings_is_understood(format_: str, expected: tuple[int, str, int]) -> None:
    config = config_of(serial(path="/dev/ttyS0", format=format_, baud=115200))
    assert isinstance(config, SerialConfig)
    assert (config.bytesize, config.parity, config.stopbits, config.baud) == (*expected, 115200)


def test_an_adapter_is_known_by_its_usb_ids() -> None:
    config = config_of(serial(vid="0403", pid="6001", serial_number="A50285BI"))
    assert config == SerialConfig(identity=UsbIdentity(0x0403, 0x6001, "A50285BI"))


def test_a_network_terminal_with_and_without_tls() -> None:
    plain = Terminal(id="front", name="Accueil", protocol="zvt", tcp=Tcp(host="pt.local", port=20007))
    assert config_of(plain) == TcpConfig("pt.local", 20007)
    tls = Tls(ca=Path("/ca.pem"), certificate=Path("/c.pem"), key=Path("/k.pem"), server_name="pt")
    secured = plain.model_copy(update={"tcp": Tcp(host="pt.local", port=20008, tls=tls)})
    assert config_of(secured) == TcpConfig(
        "pt.local", 20008, TlsConfig("/ca.pem", "pt", certificate_file="/c.pem", key_file="/k.pem")
    )


def test_each_opening_gets_an_endpoint_of_its_own() -> None:
    make = endpoint_of(serial(path="/dev/ttyS0"))
    one, other = make(), make()
    assert isinstance(one, SerialPort)
    assert one is not other
    network = Terminal(id="front", name="Accueil", protocol="zvt", tcp=Tcp(host="pt.local", port=20007))
    assert isinstance(endpoint_of(network)(), TcpPort)


def test_a_terminal_without_a_line_is_our_mistake() -> None:
    nowhere = serial(path="/dev/ttyS0").model_copy(update={"serial": None})
    with pytest.raises(ValueError, match="'front' has neither a serial line nor an address"):
        config_of(nowhere)
