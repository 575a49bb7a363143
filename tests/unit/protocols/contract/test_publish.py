"""What is published is what the contract says, and a difference is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from protocols.contract import publish
from protocols.contract.catalogue import entries


def test_the_committed_files_are_current() -> None:
    assert publish.differences(publish.PUBLISHED) == []


def test_a_difference_fails_the_check_and_writing_mends_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert publish.main([], tmp_path) == 0
    assert publish.main(["--check"], tmp_path) == 0
    (tmp_path / "README.md").write_text("old", encoding="utf-8")
    (tmp_path / "schemas" / "reply.json").unlink()
    (tmp_path / "schemas" / "gone.json").write_text("{}", encoding="utf-8")
    assert publish.main(["--check"], tmp_path) == 1
    told = capsys.readouterr().err
    assert all(name in told for name in ("README.md", "reply.json", "gone.json"))
    assert publish.main([], tmp_path) == 0
    assert publish.main(["--check"], tmp_path) == 0
    assert not (tmp_path / "schemas" / "gone.json").exists()


def test_wrong_use_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert publish.main(["--chekc"], tmp_path) == 2
    assert "--check" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_the_page_shows_every_message_and_the_rules_to_live_by() -> None:
    text = publish.rendered()["README.md"]
    for entry in entries():
        assert f"schemas/{entry.name}.json" in text
        assert f"### {entry.name}\n" in text
    for rule in ("never retained", "duplicate", "conflict", "clock_untrusted", "not_after", "reply_to"):
        assert rule in text
