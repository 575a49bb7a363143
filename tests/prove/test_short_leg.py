"""The short leg of the proof in the test run: histories, their determinism, and a bug that must be found.

In processes of their own: the histories quieten the logs and take the excepthook.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.prove.campaign import seeds_of
from tests.prove.matrix import AT_THE_VAULT, FAULTS, KINDS, ONLY, STAGES, cells
from tests.prove.planting import ROOT, copied, hunt, patches, plant
from tests.prove.schedule import plan_of

HISTORIES = 150
SEED = 3
LIMIT_S = 100


def prove(*arguments: str, hash_seed: str = "0") -> subprocess.CompletedProcess[str]:
    """One run of the command."""
    return subprocess.run(
        [sys.executable, "-m", "tests.prove", *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )


def test_no_history_of_the_short_leg_breaks_a_promise() -> None:
    done = prove("--histories", str(HISTORIES), "--seed", str(SEED), "--workers", "2")
    assert done.returncode == 0, done.stdout[-6000:]
    assert f"{HISTORIES} histories" in done.stdout
    assert "no promise was broken" in done.stdout


@pytest.mark.parametrize("seed", ["162", "2294", "180"])
def test_a_seed_is_replayed_step_for_step_whatever_the_hash_seed(seed: str) -> None:
    stories = {prove("--replay", seed, hash_seed=hash_seed).stdout for hash_seed in ("1", "2")}
    assert len(stories) == 1
    assert "The ledger:" in stories.pop()


@pytest.mark.parametrize("name", ["timeout_is_failure", "vault_timeout_is_failure"])
def test_a_planted_bug_is_found(name: str) -> None:
    [patch] = patches([name])
    with copied() as place:
        plant(patch, place)
        found = hunt(place, seed=1, histories=300)
    assert found.histories
    assert found.promise.startswith("I")


@pytest.mark.parametrize("patch", patches(), ids=lambda path: path.stem)
def test_every_planted_bug_still_fits_the_source(patch: Path) -> None:
    with copied() as place:
        before = {path: path.read_bytes() for path in place.rglob("*.py")}
        plant(patch, place)
        assert 1 <= sum(path.read_bytes() != text for path, text in before.items()) <= 2


def test_every_fault_has_its_place_in_a_plan() -> None:
    drawn = {fault.kind for seed in range(400) for fault in plan_of(seed).faults}
    assert drawn == set(KINDS)
    assert len(KINDS) == sum(map(len, FAULTS.values()))


def test_one_history_in_four_is_at_a_reader_and_has_what_has_a_meaning_there() -> None:
    plans = [plan for plan in map(plan_of, range(2000)) if plan.terminal == "reader"]
    assert 400 < len(plans) < 600
    assert any(plan_of(seed).terminal == "reader" for seed in seeds_of(SEED, HISTORIES))
    assert {fault.kind for plan in plans for fault in plan.faults} == AT_THE_VAULT
    assert {step.op for plan in plans for step in plan.steps} == {
        "store_card", "sale", "charge_card", "refund", "reversal", "verify_card", "delete_card",
        "list_expiring",
    }  # fmt: skip


def test_each_cell_that_can_be_reached_is_aimed_at_and_the_others_have_a_reason() -> None:
    assert set(ONLY) <= set(KINDS)
    assert all(set(stages) < set(STAGES) and why for stages, why in ONLY.values())
    assert len(list(cells())) == len(KINDS) * len(STAGES) - sum(
        9 - len(stages) for stages, _ in ONLY.values()
    )


def test_a_history_has_three_commands_and_two_faults_at_least() -> None:
    plans = [plan_of(seed) for seed in range(200)]
    assert min(len(plan.steps) for plan in plans) >= 3
    assert min(len(plan.faults) for plan in plans) >= 2
    assert {fault.stage for plan in plans for fault in plan.faults} == set(STAGES)
