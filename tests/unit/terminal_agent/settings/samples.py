"""Settings files for the tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from terminal_agent.settings import Settings, SettingsError, load

EXAMPLE = Path(__file__).resolve().parents[4] / "config" / "agent.example.toml"


def minimal() -> str:
    """The least that a settings file must say, without a terminal."""
    return (
        '[agent]\nclinic = "clinic"\nid = "agent"\npoint_of_service = "Accueil"\nstate_dir = "state"\n'
        '[broker]\nhost = "127.0.0.1"\n'
    )


def one_terminal(extra: str = "", endpoint: str = 'serial = {path = "/dev/ttyS0"}') -> str:
    """A terminal's table, with more lines for it."""
    return f'[[terminals]]\nid = "front"\nname = "Accueil"\nprotocol = "zvt"\n{endpoint}\n{extra}\n'


def read(folder: Path, text: str) -> Settings:
    """Write and load a settings file."""
    path = folder / "agent.toml"
    path.write_text(text, encoding="utf-8")
    return load(path)


def refused(folder: Path, text: str) -> str:
    """Write and load a settings file that must be refused; what is said of it."""
    with pytest.raises(SettingsError) as caught:
        read(folder, text)
    assert str(folder / "agent.toml") in str(caught.value)
    return str(caught.value)
