"""Every code that a reader, its vault or the session that joins them can tell has a sentence of its own."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import protocols
from drivers.transport import EndpointClosed, EndpointUnavailable
from protocols.contract.wording import TEXTS
from protocols.core.card_source import Ready
from protocols.idtech.refusals import REFUSALS
from protocols.moneris import codes

# What takes a code, and which of its arguments that is. `code=…` counts everywhere.
_TAKES = {
    "progress": 1,
    "refused": 0,
    "Alert": 0,
}
_WHY = re.compile(r"([a-z]+(?:_[a-z]+)+): ")
_ENTRY_MODES = {"keyed"}  # compared with, beside a code
_FOLDER = Path(protocols.__file__).parent


def _constants(node: ast.expr) -> Iterator[str]:
    for one in ast.walk(node):
        if isinstance(one, ast.Constant) and isinstance(one.value, str):
            yield one.value


def _named(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _of_call(call: ast.Call) -> Iterator[str]:
    for keyword in call.keywords:
        if keyword.arg == "code":
            yield from _constants(keyword.value)
    place = _TAKES.get(_named(call))
    if place is not None and place < len(call.args):
        yield from _constants(call.args[place])


def told_by(package: str) -> set[str]:
    """The codes in a package's source: those given to what takes one, and those that begin a reason."""
    found: set[str] = set()
    for path in (_FOLDER / package).glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                found |= {code for code in _of_call(node) if re.fullmatch(r"[a-z_]+", code)}
            elif isinstance(node, ast.Constant) and (why := _WHY.match(str(node.value))) is not None:
                found.add(why[1])
    return found - _ENTRY_MODES


@pytest.mark.parametrize("package", ["reader_vault", "idtech", "moneris"])
def test_every_code_in_the_source_has_words(package: str) -> None:
    found = told_by(package)
    assert len(found) > 2
    assert found - set(TEXTS) == set()


def test_every_code_of_the_tables_has_words() -> None:
    refused = {code for _beginning, code in codes.REFUSALS}
    assert {*REFUSALS, *codes.ISO.values(), *codes.RESPONSE.values(), *refused} - set(TEXTS) == set()


def test_every_state_of_a_part_has_words() -> None:
    states = {ready.value for ready in Ready} - {"down", "unfit"}  # these two always come with a reason
    assert states | {"not_connected", "reader_away", "vault_unreachable"} <= set(TEXTS)


def test_every_reason_of_an_endpoint_has_words() -> None:
    documented = f"{EndpointUnavailable.__doc__} {EndpointClosed.__doc__}"
    lists = " ".join(re.findall(r"Codes: ([^.]*)\.", documented))
    reasons = set(re.findall(r"[a-z]+(?:_[a-z]+)*", re.sub(r"\(.*?\)", "", lists)))
    assert {"port_missing", "tls_untrusted", "reset"} <= reasons
    assert reasons - set(TEXTS) == set()
