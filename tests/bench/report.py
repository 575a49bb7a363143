"""The results as a page of text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_SPANS = {
    "first_byte_ms": "command → first byte",
    "payment_ms": "command → whole 06 01",
    "outcome_ms": "last byte → outcome",
    "whole_ms": "command → outcome",
}


def page(results: Mapping[str, Any]) -> str:
    """The whole page."""
    parts = (
        _machine(results),
        _latency(results["latency"]),
        _shares(results["latency"]),
        _clicks(results["clinic"]),
        _aims(results["aims"]),
    )
    return "\n".join(line for part in parts for line in part) + "\n"


def _machine(results: Mapping[str, Any]) -> Iterator[str]:
    machine, commits = results["machine"], results["commits"]
    yield f"{machine['cores']} cores, Python {machine['python']}, broker: {machine['broker']}"
    yield "The floor: the same frames on the same ptys, the same number of commits"
    first, all_ = commits["before_first_byte"], commits["before_outcome"]
    yield f"({first} before the first byte, {all_} before the outcome), one MQTT message in and one out."
    yield "The terminal takes no time to answer."


def _latency(latency: Mapping[str, Any]) -> Iterator[str]:
    yield ""
    yield _row("latency in ms", "floor p50", "p99", "agent p50", "p99", "added p50", "p99")
    for terminals, found in latency.items():
        yield f"{terminals} at once, {found['operations']} sales"
        for span, words in _SPANS.items():
            cells = [
                found[who][span][share] for who in ("floor", "agent", "added") for share in ("p50", "p99")
            ]
            yield _row(f"  {words}", *(f"{cell:.2f}" for cell in cells))


def _shares(latency: Mapping[str, Any]) -> Iterator[str]:
    """Whose CPU it was: what the load costs is not the agent's, but it is taken from the same cores."""
    yield ""
    yield _row("CPU per sale in ms", "itself", "terminal", "backend", "broker")
    for terminals, found in latency.items():
        for who in ("floor", "agent"):
            used = found[who]["cpu_ms_per_operation"]
            cells = (f"{used[name]:.2f}" for name in ("ecr", "peer", "backend", "broker"))
            yield _row(f"  {who}, {terminals} at once", *cells)


def _clicks(clinic: Mapping[str, Any]) -> Iterator[str]:
    """The whole way from the front desk's browser. Nothing where it could not be measured."""
    yield ""
    yield _row("click to prompt in ms", "p50", "p99")
    for name, words in (("floor_ms", "floor"), ("save_ms", "keep a card"), ("pay_ms", "take a payment")):
        cells = [f"{clinic[name][share]:.1f}" if clinic[name] else "?" for share in ("p50", "p99")]
        yield _row(f"  {words}", *cells)


def _aims(rows: list[dict[str, Any]]) -> Iterator[str]:
    yield ""
    yield f"{'aim':<44}{'measured':>10}{'wanted':>10}  {'unit':<14}met"
    for row in rows:
        wanted = f"{'≥' if row['bound'] == 'at_least' else '≤'} {row['aim']:,g}"
        measured = "?" if row["measured"] is None else f"{row['measured']:,.6g}"
        yield f"{row['name']:<44}{measured:>10}{wanted:>10}  {row['unit']:<14}{'yes' if row['met'] else 'NO'}"
    missed = sum(not row["met"] for row in rows)
    yield ""
    yield f"{len(rows) - missed} of {len(rows)} aims are met." + (" A miss fails nothing." if missed else "")


def _row(name: str, *cells: str) -> str:
    return f"{name:<28}" + "".join(f"{cell:>11}" for cell in cells)
