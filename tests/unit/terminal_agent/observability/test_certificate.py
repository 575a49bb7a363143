"""Whom our certificate names and when it ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from terminal_agent.observability.certificate import Certificate, CertificateError, read, read_apart
from tests.support.pki import Authority


@pytest.mark.parametrize("days", [30, 1])
def test_common_name_and_days_left(tmp_path: Path, days: int) -> None:
    found = read(Authority(tmp_path).client("agent-a", days=days).certificate)
    assert found.common_name == "agent-a"
    assert found.days_left(datetime.now(UTC)) == days - 1
    assert found.not_before < datetime.now(UTC) < found.not_after


def test_past_its_end_the_days_are_negative() -> None:
    end = datetime(2026, 11, 22, tzinfo=UTC)
    assert Certificate("a", end, end).days_left(end + timedelta(hours=1)) == -1


async def test_a_child_process_tells_the_same(tmp_path: Path) -> None:
    path = Authority(tmp_path).client("agent-a").certificate
    assert await read_apart(path) == read(path)


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "cannot be read: No such file"), ("hello", "holds no certificate in PEM form")],
)
async def test_a_file_that_is_no_certificate(tmp_path: Path, content: str | None, said: str) -> None:
    path = tmp_path / "agent.pem"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(CertificateError, match=said):
        read(path)
    with pytest.raises(CertificateError, match=said):
        await read_apart(path)
