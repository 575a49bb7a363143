"""One door per foreign library: each is imported in its own files and nowhere else."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOORS: dict[str, set[str]] = {
    "usb": {"drivers/usb_port.py", "simulator/wire/usb_backend.py"},
    "libusb_package": {"drivers/usb_port.py"},
    "serial": {"drivers/serial_port.py", "simulator/wire/serial_end.py"},
    "sqlite3": {"terminal_agent/journal/sqlite.py", "simulator/clinic/database.py"},
    "aiomqtt": {
        "terminal_agent/mqtt.py",
        "terminal_agent/cloud/link.py",
        "terminal_agent/client/",
        "simulator/demo/",
    },
    "paho": {"terminal_agent/cloud/link.py", "terminal_agent/client/"},
    "iotcore": {"simulator/demo/"},
    "starlette": {"simulator/clinic/web/"},
    "uvicorn": {"simulator/clinic/running.py"},
    "jinja2": {"simulator/clinic/web/page.py"},
    "babel": {"simulator/clinic/wording.py"},
    "pydantic": {"protocols/contract/", "terminal_agent/settings/", "terminal_agent/journal/codec.py"},
}


def imports(path: Path) -> set[str]:
    """The top-level packages that a file imports, anywhere in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found


def sources() -> list[Path]:
    """Every shipped Python file."""
    return [
        path
        for package in ("protocols", "drivers", "terminal_agent", "simulator")
        for path in sorted((ROOT / package).rglob("*.py"))
    ]


@pytest.mark.parametrize("library", sorted(DOORS))
def test_a_foreign_library_has_its_own_doors_only(library: str) -> None:
    using = {path.relative_to(ROOT).as_posix() for path in sources() if library in imports(path)}
    strangers = {name for name in using if not any(name.startswith(door) for door in DOORS[library])}
    assert not strangers


def test_the_search_sees_imports() -> None:
    assert "sqlite3" in imports(ROOT / "terminal_agent/journal/sqlite.py")
