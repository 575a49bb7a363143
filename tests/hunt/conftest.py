"""What the hunt counted goes into build/hunt.json, beside the other measurements."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from tests.support.broker import Broker, tls_broker

# `make hunt` takes every path; `make test` those that differ most, within half a minute.
ALL = os.environ.get("HUNT") == "all"
REPORT = Path(__file__).resolve().parents[2] / "build" / "hunt.json"


def chosen(paths: Iterable[str], short: frozenset[str]) -> list[str]:
    """The paths of this run, in their order."""
    return [path for path in paths if ALL or path in short]


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
    if figures and ALL:
        REPORT.parent.mkdir(exist_ok=True)
        REPORT.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
