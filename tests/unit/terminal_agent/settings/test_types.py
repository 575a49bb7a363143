"""The shared kinds of value."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.terminal_agent.settings.samples import minimal, one_terminal, read, refused


@pytest.mark.parametrize("bad", ["A", "a_b", "", "a" * 37, "a/b", "+"])
def test_an_id_is_opaque_and_fit_for_a_topic(tmp_path: Path, bad: str) -> None:
    text = refused(tmp_path, minimal().replace('id = "agent"', f'id = "{bad}"'))
    assert f"agent.id: is {bad!r} (text); allowed:" in text


def test_an_id_may_not_look_like_a_card_number(tmp_path: Path) -> None:
    text = refused(tmp_path, minimal().replace('id = "agent"', 'id = "4111111111111111"'))
    assert "agent.id: has the form of a card number" in text
    assert "411111111111" not in text


@pytest.mark.parametrize("written", ['"0403"', '"0x0403"', "0x0403", "1027"])
def test_usb_ids_are_taken_as_lsusb_or_toml_write_them(tmp_path: Path, written: str) -> None:
    line = f'serial = {{vid = {written}, pid = "AB01"}}'
    serial = read(tmp_path, minimal() + one_terminal(endpoint=line)).terminals[0].serial
    assert serial is not None
    assert (serial.vid, serial.pid) == ("0403", "ab01")


@pytest.mark.parametrize("bad", ['"403"', '"04030"', '"zzzz"', "true", "70000"])
def test_other_usb_ids_are_refused(tmp_path: Path, bad: str) -> None:
    line = f'serial = {{vid = {bad}, pid = "6001"}}'
    assert "terminals[0].serial.vid: is " in refused(tmp_path, minimal() + one_terminal(endpoint=line))


@pytest.mark.parametrize("bad", ["0", "65536", '"8883"', "1.5", "true"])
def test_a_port_is_a_whole_number_in_range(tmp_path: Path, bad: str) -> None:
    assert "broker.port: is " in refused(tmp_path, minimal() + f"port = {bad}\n")


def test_an_absolute_path_stays(tmp_path: Path) -> None:
    settings = read(tmp_path, minimal().replace('"state"', '"/var/lib/agent"'))
    assert settings.agent.state_dir == Path("/var/lib/agent")
