"""The alarm tells at once, then counts; the doors mask and send. Public test numbers only."""

from __future__ import annotations

import asyncio
import io
import json
import sys
import threading
from collections.abc import Mapping

import pytest

from protocols.contract.messages import Message
from terminal_agent.cloud.guarded import Guarded
from terminal_agent.tripwire import alarm as alarms
from terminal_agent.tripwire import streams
from terminal_agent.tripwire.alarm import Alarm

VISA = "4111111111111111"


class Told(list[tuple[str, Mapping[str, str]]]):
    def __init__(self) -> None:
        super().__init__()
        self.more = asyncio.Event()

    def __call__(self, code: str, details: Mapping[str, str]) -> None:
        self.append((code, details))
        self.more.set()


class Door:
    def __init__(self) -> None:
        self.sent: list[Message] = []

    async def publish(self, message: Message, *, correlation: bytes | None = None) -> None:
        self.sent.append(message)


async def test_what_fired_before_anybody_listened_is_told_then() -> None:
    alarm, told = Alarm(), Told()
    alarm.fired("journal keys", ["digits"])
    alarm.connect(told)
    assert told == [
        ("card_number_stopped", {"where": "journal keys", "form": "digits", "count": "1"}),
    ]


async def test_it_is_told_from_any_thread_at_once_and_then_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alarms, "AGAIN_AFTER_S", 0.05)
    alarm, told = Alarm(), Told()
    alarm.connect(told)
    for form in ("hex", "digits", "digits"):
        thread = threading.Thread(target=alarm.fired, args=("log x", [form]))
        thread.start()
        thread.join()
    await asyncio.sleep(0)
    assert [details["count"] for _, details in told] == ["1"]
    told.more.clear()
    await told.more.wait()
    assert told[1][1] == {"where": "log x", "form": "digits", "count": "2"}


async def test_a_message_is_masked_sent_and_told_of() -> None:
    alarm, told, door = Alarm(), Told(), Door()
    alarm.connect(told)
    payload = json.dumps({"data": {"lines": [f"Karte {VISA}"], "operation_id": "01" + "0" * 8 + VISA}})
    await Guarded(door, alarm).publish(Message("c/v1/x/a/terminal/t1/evt/operation", payload.encode()))
    await asyncio.sleep(0)
    assert json.loads(door.sent[0].payload)["data"] == {
        "lines": ["Karte ************1111"],
        "operation_id": "01" + "0" * 8 + VISA,
    }
    assert told[0][1]["where"] == "message evt/operation"


async def test_a_clean_message_is_the_same_object() -> None:
    alarm, door = Alarm(), Door()
    message = Message("c/v1/x/a/agent/state", b'{"data":{"text":"\xc3\xa9"}}', retain=True)
    await Guarded(door, alarm).publish(message)
    assert door.sent[0] is message


def test_a_commands_output_is_masked_whoever_writes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    out, err = io.StringIO(), io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    streams.mask_standard_streams()
    print(f"typed {VISA}")  # noqa: T201 - standard output is what is tested
    streams.tell_if_masked()
    assert out.getvalue() == "typed ************1111\n"
    assert err.getvalue() == streams.TOLD
