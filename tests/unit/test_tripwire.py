"""The tripwire of `tests/conftest.py` really trips: a test that shows a card number fails."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
VISA = "4111111111111111"
LEAKS = {
    "printed": f'print("card {VISA}")',
    "grouped": 'print("4111 1111 1111 1111")',
    "error_stream": f'import sys; sys.stderr.write("{VISA}")',
    "logged": f'import logging; logging.getLogger("terminal_agent").warning("read %s", {VISA})',
    "child": f'import subprocess; subprocess.run(["echo", "{VISA}"], check=True)',
}


def run_inner(folder: Path, body: str, mark: str = "") -> subprocess.CompletedProcess[str]:
    """One test with this body, under the project's conftest, in a pytest of its own."""
    (folder / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers\n", encoding="utf-8")
    test = f"import pytest\n\n{mark}\ndef test_it():\n    {body}\n"
    (folder / "test_it.py").write_text(test, encoding="utf-8")
    options = ["-q", "-c", str(folder / "pytest.ini"), "-p", "tests.conftest", "-p", "no:cacheprovider"]
    command = [sys.executable, "-m", "pytest", *options, "-p", "no:xdist", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, timeout=60)


@pytest.mark.parametrize("way", LEAKS)
def test_a_card_number_that_is_shown_fails_the_test(tmp_path: Path, way: str) -> None:
    run = run_inner(tmp_path, LEAKS[way])
    assert run.returncode == 1, run.stdout
    assert "a card number left the code under test" in run.stdout


def test_only_the_marker_lets_it_pass(tmp_path: Path) -> None:
    run = run_inner(tmp_path, LEAKS["printed"], "@pytest.mark.card_numbers_on_purpose")
    assert run.returncode == 0, run.stdout


def test_a_quiet_test_passes(tmp_path: Path) -> None:
    run = run_inner(tmp_path, 'print("card ************1111, id 4111111111111112")')
    assert run.returncode == 0, run.stdout
