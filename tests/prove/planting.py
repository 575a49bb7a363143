"""Does the proof prove? Bugs are planted in a copy of the source, and the histories must find each of them.

    python -m tests.prove.planting [NAME ...] [--histories N] [--seeds 1 2 3]

A planted bug is a patch file; the product has no hooks for it. It is found by the checker of the histories,
which reads nothing but the ledger and the backend's inbox.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PLANTED = Path(__file__).with_name("planted")
_LIMIT_S = 1800.0


@dataclass(frozen=True, slots=True)
class Found:
    """What a hunt came to. `histories` is how many it took, None when none of them broke a promise."""

    histories: int | None
    promise: str


@contextmanager
def copied() -> Iterator[Path]:
    """The source in a place of its own."""
    with tempfile.TemporaryDirectory(prefix="planted-") as folder:
        place = Path(folder)
        ignore = shutil.ignore_patterns("__pycache__")
        for name in ("protocols", "drivers", "simulator", "terminal_agent"):
            shutil.copytree(ROOT / name, place / name, ignore=ignore)
        for name in ("support", "prove"):
            shutil.copytree(ROOT / "tests" / name, place / "tests" / name, ignore=ignore)
        (place / "tests" / "__init__.py").write_text('"""Tests."""\n')
        yield place


def patches(names: Sequence[str] = ()) -> tuple[Path, ...]:
    """The patch files, all or those of these names."""
    return tuple(path for path in sorted(PLANTED.glob("*.patch")) if not names or path.stem in names)


def title_of(patch: Path) -> str:
    """What the bug is: the first line."""
    return patch.read_text(encoding="utf-8").partition("\n")[0]


def plant(patch: Path, place: Path) -> None:
    """Apply a patch to a copy. Raises CalledProcessError where the source has moved away from it."""
    subprocess.run(
        ["patch", "--strip=1", "--quiet", "--no-backup-if-mismatch", "--fuzz=2", "--input", str(patch)],
        cwd=place,
        check=True,
        capture_output=True,
    )


def hunt(place: Path, seed: int, histories: int, limit_s: float = _LIMIT_S) -> Found:
    """Play the histories of a seed in a copy until one breaks a promise."""
    try:
        return _hunt(place, seed, histories, limit_s)
    except subprocess.TimeoutExpired:
        return Found(0, f"hung for {limit_s:.0f} s")


def _hunt(place: Path, seed: int, histories: int, limit_s: float) -> Found:
    done = subprocess.run(
        [sys.executable, "-m", "tests.prove", "--hunt", "--seed", str(seed), "--histories", str(histories)],
        cwd=place,
        env={"PYTHONPATH": str(place), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=limit_s,
        check=False,
    )
    words = done.stdout.split()
    if done.returncode == 1 and len(words) >= 3 and words[0] == "found":
        return Found(int(words[1]), words[2])
    if done.returncode == 0:
        return Found(None, "-")
    return Found(0, f"crashed: {done.stderr.strip().splitlines()[-1] if done.stderr else '?'}")


def sought(patch: Path, seeds: Sequence[int], histories: int) -> tuple[Found, ...]:
    """One bug, on each of these seeds."""
    with copied() as place:
        plant(patch, place)
        return tuple(hunt(place, seed, histories) for seed in seeds)


def main(arguments: Sequence[str]) -> int:
    """Hunt them all; 1 when one was not found."""
    parser = argparse.ArgumentParser(prog="python -m tests.prove.planting", description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--histories", type=int, default=10_000)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--workers", type=int, default=2)
    asked = parser.parse_args(arguments)
    missed = 0
    with ThreadPoolExecutor(asked.workers) as pool:
        chosen = patches(asked.names)
        results = pool.map(lambda patch: sought(patch, asked.seeds, asked.histories), chosen)
        for patch, found in zip(chosen, results, strict=True):
            missed += any(not one.histories for one in found)
            shown = ", ".join(f"{one.histories or 'NOT FOUND'} ({one.promise})" for one in found)
            sys.stdout.write(f"{patch.stem:24} {shown:40} {title_of(patch)}\n")
            sys.stdout.flush()
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
