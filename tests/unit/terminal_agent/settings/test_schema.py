"""The published JSON Schema."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from terminal_agent.settings.schema import PUBLISHED, main, schema
from tests.unit.terminal_agent.settings.samples import EXAMPLE


def test_the_published_schema_is_the_models() -> None:
    assert json.loads(PUBLISHED.read_text(encoding="utf-8")) == schema()
    assert main(["--check"]) == 0


def test_the_example_holds_against_the_schema_and_a_typo_does_not() -> None:
    Draft202012Validator.check_schema(schema())
    validator = Draft202012Validator(schema())
    example = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))
    assert list(validator.iter_errors(example)) == []
    example["broker"]["prot"] = 1
    assert [error.validator for error in validator.iter_errors(example)] == ["additionalProperties"]


def test_a_stale_schema_is_found_and_written_anew(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    published = tmp_path / "schema.json"
    assert main(["--check"], published) == 1
    published.write_text("{}", encoding="utf-8")
    assert main(["--check"], published) == 1
    assert "run `make schemas`" in capsys.readouterr().err
    assert main(["--schema"], published) == 0
    assert main(["--check"], published) == 0


def test_other_arguments_are_answered_with_the_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--nonsense"]) == 2
    assert "usage:" in capsys.readouterr().err
