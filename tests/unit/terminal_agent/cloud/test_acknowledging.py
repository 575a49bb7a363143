"""What the backend says that it has stored."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from tests.support.agent_desk import Desk
from tests.support.operations import operation_id


async def test_an_ack_of_an_earlier_epoch_is_refused_and_told() -> None:
    desk = Desk()
    await desk.sync()
    await desk.ask("sale")
    ours = desk.journal.head
    await desk.ack(operation_id(desk.clock.wall() - timedelta(days=1)), 1)
    assert desk.journal.head == ours
    assert desk.alerts[0][0] == "ack_refused"
    assert desk.alerts[0][1]["our_epoch"] == ours.epoch


async def test_an_ack_that_is_none_changes_nothing() -> None:
    desk = Desk()
    await desk.syncing.acknowledged(b'{"seq": 4242424242424242}')
    assert desk.alerts[0][0] == "ack_refused"
    assert "4242" not in repr(desk.alerts)
    assert not desk.backend_time.trusted


@pytest.mark.parametrize(
    ("change", "path", "detail"),
    [
        ({"seq": 1.0}, "data.seq", "wrong_type"),
        ({"time": None}, "data.time", "missing"),
        ({"time": "0001-01-01T00:00:00Z"}, "data.time", "out_of_range"),
        ({"epoch": "1"}, "data.epoch", "malformed"),
    ],
)
async def test_an_ack_that_is_malformed_is_told_by_its_field(
    change: dict[str, Any], path: str, detail: str
) -> None:
    desk = Desk()
    await desk.sync()
    data = {"epoch": desk.journal.head.epoch, "seq": 0, "time": desk.clock.wall().isoformat(), **change}
    whole = {"specversion": "1.0", "id": "1", "source": "/x", "type": "t", "data": data}
    await desk.syncing.acknowledged(json.dumps(whole).encode())
    ((code, details),) = desk.alerts
    assert (code, details["path"], details["detail"]) == ("ack_refused", path, detail)
    assert details["allowed"] or detail == "missing"


async def test_an_ack_tells_the_time() -> None:
    desk = Desk()
    await desk.ack(desk.journal.head.epoch, 0)
    assert desk.backend_time.trusted
