"""The options of `terminal-simulator zvt` as a technician types them, right and wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.declared import SettingError
from simulator.running import tls, wire_end


@pytest.mark.parametrize(
    ("tcp", "address"),
    [
        ("0.0.0.0:5577", "0.0.0.0:5577"),
        ("terminal.local", "terminal.local:20007"),
        (":22000", "127.0.0.1:22000"),
        (":0", "127.0.0.1:0"),
        ("::1:20007", "::1:20007"),
    ],
)
def test_where_to_listen(tcp: str, address: str) -> None:
    assert wire_end(None, tcp).address == address


@pytest.mark.parametrize("tcp", ["localhost:99999", "localhost:many", "localhost:", "20007"])
def test_nonsense_is_named_with_what_is_allowed(tcp: str) -> None:
    with pytest.raises(SettingError, match="allowed: HOST:PORT, :PORT or HOST, port 0 to 65535"):
        wire_end(None, tcp)


@pytest.mark.parametrize(("serial", "tcp"), [(None, None), ("/tmp/tty", ":0")])
def test_one_wire_is_wanted(serial: str | None, tcp: str | None) -> None:
    with pytest.raises(SettingError, match="either --serial PATH or --tcp HOST:PORT"):
        wire_end(serial, tcp)


def test_tls_names_the_file_that_is_wrong(tmp_path: Path) -> None:
    text = tmp_path / "text.pem"
    text.write_text("nothing of the kind")
    assert tls(None, None) is None
    with pytest.raises(SettingError, match="--tls-key is given without --tls-cert"):
        tls(None, text)
    with pytest.raises(SettingError, match=r"--tls-cert is .*absent\.pem.*no such file"):
        tls(tmp_path / "absent.pem", None)
    with pytest.raises(SettingError, match=r"text\.pem are no certificate"):
        tls(text, text)
