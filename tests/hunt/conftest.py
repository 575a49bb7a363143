"""What the hunt counted goes into build/hunt.json, beside the other measurements."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.broker import Broker, tls_broker

REPORT = Path(__file__).resolve().parents[2] / "build" / "hunt.json"


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """Mosquitto with mutual TLS and the ACL that we ship."""
    with tls_broker(tmp_path_factory.mktemp("broker")) as (running, _):
        yield running


@pytest.fixture(scope="session")
def report() -> Iterator[dict[str, object]]:
    """Figures by name."""
    figures: dict[str, object] = {}
    yield figures
    if figures:
        REPORT.parent.mkdir(exist_ok=True)
        REPORT.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
