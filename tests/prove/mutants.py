"""Mechanical mutants of the parts that decide: what the histories do not notice is listed.

    python -m tests.prove.mutants [--histories N] [--seed S] [--every K]

Each mutant changes one expression or statement of one function: a comparison turned round, `and` for `or`, a
condition negated, a constant moved by one, a statement left out. What survives the histories is given to the
unit tests. What survives these too is equivalent or shows a gap; `docs/reliability.md` says which.
"""

from __future__ import annotations

import argparse
import ast
import copy
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.prove.planting import ROOT, copied, hunt

TARGETS = (
    "terminal_agent/commands/admission.py",
    "terminal_agent/commands/checks.py",
    "terminal_agent/commands/lifecycle.py",
    "terminal_agent/commands/changes.py",
    "terminal_agent/commands/moves.py",
    "terminal_agent/commands/recovery.py",
    "terminal_agent/cloud/outbox.py",
    "terminal_agent/cloud/syncing.py",
    "protocols/core/evidence.py",
)
_TURNED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.GtE,
    ast.LtE: ast.Gt,
    ast.Gt: ast.LtE,
    ast.GtE: ast.Lt,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}


# The unit tests of these parts, and what they read.
_TESTS = ("tests/unit/terminal_agent", "tests/unit/protocols/core", "tests/contract/journal")
_BESIDE = ("config", "docs/contract", "tests/unit", "tests/contract", "tests/vectors")
_FILES = ("pyproject.toml", "tests/conftest.py", ".ci/system_packages.txt")
_LIMIT_S = 240.0  # a mutant that spins outside the loop is found by standing still


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change: where, what it was, what it is, and the whole new text."""

    path: str
    line: int
    was: str
    became: str
    text: str


def mutants_of(path: str) -> Iterator[Mutant]:
    """Every mutant of a file, in the order of its lines."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    places = {id(node): node for function in functions for node in ast.walk(function)}
    for number, node in enumerate(ast.walk(tree)):
        if id(node) in places and hasattr(node, "lineno"):
            yield from _changed(tree, number, node, path)


def _changed(tree: ast.Module, number: int, node: ast.AST, path: str) -> Iterator[Mutant]:
    for variant in range(2):
        whole = copy.deepcopy(tree)
        place = next(found for at, found in enumerate(ast.walk(whole)) if at == number)
        if not _mutate(place, variant):
            return
        yield Mutant(
            path, getattr(node, "lineno", 0), ast.unparse(node), ast.unparse(place), ast.unparse(whole)
        )


def _mutate(node: ast.AST, variant: int) -> bool:
    """Change this node in place; False where there is nothing (more) to change."""
    match node:
        case ast.Compare(ops=[op]) if variant == 0:
            node.ops = [_TURNED[type(op)]()]
        case ast.BoolOp(op=op) if variant == 0:
            node.op = ast.Or() if isinstance(op, ast.And) else ast.And()
        case ast.If(test=test) if variant == 0 and not isinstance(test, ast.Compare):
            node.test = ast.UnaryOp(ast.Not(), test)
        case ast.IfExp(test=test) if variant == 0:
            node.test = ast.UnaryOp(ast.Not(), test)
        case ast.Constant(value=bool(value)) if variant == 0:
            node.value = not value
        case ast.Constant(value=int(value)) if variant == 0 and not isinstance(value, bool):
            node.value = value + 1
        case ast.Expr(value=ast.Call() | ast.Await()) if variant == 0:
            node.value = ast.Constant(None)
        case ast.Return(value=ast.expr()) if variant == 0 and not isinstance(node.value, ast.Constant):
            node.value = ast.Constant(None)
        case _:
            return False
    ast.fix_missing_locations(node)
    return True


def survives(mutant: Mutant, seed: int, histories: int) -> str:
    """Play histories on a mutant, and then the unit tests: by which promise it was found, or "unit tests", or
    "survived"."""
    with copied() as place:
        (place / mutant.path).write_text(mutant.text, encoding="utf-8")
        found = hunt(place, seed, histories, _LIMIT_S)
        if found.histories is None:
            return "survived" if _passes_its_tests(place) else "unit tests"
    return f"{found.promise} after {found.histories}" if found.histories else found.promise[:20]


def _passes_its_tests(place: Path) -> bool:
    for name in _BESIDE:
        shutil.copytree(ROOT / name, place / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in _FILES:
        (place / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, place / name)
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *_TESTS]
    environment = {"PYTHONPATH": str(place), "PATH": "/usr/bin:/bin"}
    try:
        run = subprocess.run(
            command, cwd=place, env=environment, capture_output=True, timeout=_LIMIT_S, check=False
        )
    except subprocess.TimeoutExpired:
        return False
    return run.returncode == 0


def main(arguments: Sequence[str]) -> int:
    """Play them all and list what noticed each; 1 where the source itself fails its tests."""
    parser = argparse.ArgumentParser(prog="python -m tests.prove.mutants", description=__doc__)
    parser.add_argument("--histories", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--every", type=int, default=4, help="take each K-th mutant")
    parser.add_argument("--workers", type=int, default=2)
    asked = parser.parse_args(arguments)
    chosen = [one for path in TARGETS for one in mutants_of(path)][:: asked.every]
    results_by: Counter[str] = Counter()
    with copied() as place:
        if not _passes_its_tests(place):
            sys.stdout.write("the unit tests fail on the source as it is, or take too long\n")
            return 1
    with ThreadPoolExecutor(asked.workers) as pool:
        results = pool.map(lambda one: survives(one, asked.seed, asked.histories), chosen)
        for mutant, result in zip(chosen, results, strict=True):
            results_by[result if result in ("survived", "unit tests") else "histories"] += 1
            change = f"{_short(mutant.was)} -> {_short(mutant.became)}"
            sys.stdout.write(f"{result:22} {Path(mutant.path).name}:{mutant.line}  {change}\n")
            sys.stdout.flush()
    sys.stdout.write(
        f"{len(chosen)} mutants: {results_by['histories']} found by histories, {results_by['unit tests']} by"
        f" unit tests, {results_by['survived']} survived\n"
    )
    return 0


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 70 else f"{line[:67]}..."


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
