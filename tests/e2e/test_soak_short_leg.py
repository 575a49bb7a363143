"""The short leg of the soak: replugs and restarts under load leave the ledger right and nothing open."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.soak.running import soak

pytestmark = pytest.mark.system


async def test_a_short_soak_loses_no_money_and_no_descriptors(tmp_path: Path) -> None:
    results = await soak(tmp_path, minutes=0.3, terminals=2, pause_s=0.2)
    assert not results["agent_died"]
    ledger = results["ledger"]
    assert ledger["agrees"], ledger
    assert ledger["needs_human"] == 0
    assert ledger["approved"] == ledger["booked"]
    assert ledger["approved"]["count"] > 10
    assert (results["replugs"], results["broker_restarts"]) >= (1, 1)
    for name in ("descriptors", "threads"):
        # Only root may look at the descriptors of a process that keeps its memory private.
        grown = results[name]
        assert grown is not None or name == "descriptors"
        # In a quarter of a minute one more or less at a moment is no growth; what leaks shows in both.
        flat = grown is None or grown["growth"] <= 0 or grown["last"] <= grown["first"]
        assert flat, results["samples"]
