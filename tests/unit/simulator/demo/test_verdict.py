"""The judge as a program."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.acquirer.lines import Line, encode
from simulator.demo import verdict
from simulator.demo.tampering import tamper
from tests.unit.simulator.demo.paper import Paper, line


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "en_CA.UTF-8")


def files(folder: Path, lines: list[Line], paper: Paper) -> list[str]:
    ledger, traffic = folder / "ledger.jsonl", folder / "traffic.jsonl"
    ledger.write_bytes(b"".join(map(encode, lines)))
    traffic.write_text("\n".join(paper.lines) + "\n", encoding="utf-8")
    return [str(ledger), str(traffic)]


def test_it_says_yes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert verdict.main(files(tmp_path, [line(1)], Paper().sale(1))) == verdict.AGREE
    out = capsys.readouterr().out
    assert "✓   VERDICT: ledgers and traffic agree." in out
    assert "✗" not in out


def test_it_says_no_and_where(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = files(tmp_path, [line(1), line(2, 8000)], Paper().sale(1).sale(2, amount_minor=8000))
    done = tamper(Path(arguments[0]))
    assert done is not None
    assert (done.number, done.before_minor, done.after_minor) == (2, 8000, 8100)
    assert verdict.main(arguments) == verdict.DISAGREE
    out = capsys.readouterr().out
    assert "Ledger, line 2: a charge of $81.00" in out
    assert "do NOT agree" in out


def test_there_may_be_nothing_to_tamper_with(tmp_path: Path) -> None:
    ledger = Path(files(tmp_path, [line(1, kind="refund")], Paper())[0])
    before = ledger.read_bytes()
    assert tamper(ledger) is None
    assert ledger.read_bytes() == before


@pytest.mark.parametrize("broken", [0, 1])
def test_a_file_that_is_not_what_it_should_be_is_no_verdict(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], broken: int
) -> None:
    arguments = files(tmp_path, [line(1)], Paper().sale(1))
    Path(arguments[broken]).write_text("nonsense\n", encoding="utf-8")
    assert verdict.main(arguments) == verdict.UNUSABLE
    assert "line 1" in capsys.readouterr().err
    Path(arguments[broken]).unlink()
    assert verdict.main(arguments) == verdict.UNUSABLE


def test_it_wants_its_files(capsys: pytest.CaptureFixture[str]) -> None:
    assert verdict.main(["one"]) == verdict.UNUSABLE
    assert "LEDGER [VAULT] TRAFFIC" in capsys.readouterr().err
