"""Whatever an ECR sends, the terminal neither raises nor grows, and serves the next good command."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.zvt.framing import serial_frame
from simulator.acquirer.ledger import MemoryLedger
from simulator.acquirer.totals import balance, live_charges
from simulator.scenario import Scenario
from simulator.zvt.device import Bytes, Device, build
from simulator.zvt.state import MemoryStore, decode, encode

ENQUIRY = bytes.fromhex("050103000000")
COMMANDS = st.integers(0x0600, 0x06FF) | st.sampled_from([0x0501, 0x0830, 0x8000, 0x8400, 0x849C, 0x849D])


def _device(*, on_tcp: bool) -> tuple[Device, MemoryLedger]:
    ledger = MemoryLedger()
    device = build(
        Scenario(),
        ledger=ledger,
        store=MemoryStore(),
        wall=lambda: datetime(2026, 11, 22, tzinfo=UTC),
        on_tcp=on_tcp,
    )
    return device, ledger


def _settle(device: Device, now: float) -> float:
    """Let everything under way run out."""
    for _ in range(500):
        due = device.next_deadline()
        if due is None:
            return now
        now = max(now, due)
        device.wake(now)
    return now


@st.composite
def apdus(draw: st.DrawFn) -> bytes:
    data = draw(st.binary(max_size=60))
    return draw(COMMANDS).to_bytes(2, "big") + bytes([len(data)]) + data


@pytest.mark.parametrize("on_tcp", [True, False])
@given(chunks=st.lists(st.binary(max_size=200), max_size=8))
@settings(max_examples=60, deadline=None)
def test_noise_is_survived(on_tcp: bool, chunks: list[bytes]) -> None:
    device, _ = _device(on_tcp=on_tcp)
    now = 0.0
    for chunk in chunks:
        device.receive(chunk, now)
        now += 0.05
    now = _settle(device, now) + 100.0
    device.disconnected(now)
    device.connected(now)
    good = ENQUIRY if on_tcp else b"\x10\x03\x00\x00" + serial_frame(ENQUIRY)
    outputs = device.receive(good, now)
    assert any(isinstance(output, Bytes) for output in outputs)


@given(commands=st.lists(apdus(), max_size=12), gaps=st.lists(st.floats(0, 5), min_size=12, max_size=12))
@settings(max_examples=80, deadline=None)
def test_any_commands_in_any_order_are_survived_and_the_books_stay_sound(
    commands: list[bytes], gaps: list[float]
) -> None:
    device, ledger = _device(on_tcp=True)
    now = 0.0
    for command, gap in zip(commands, gaps, strict=False):
        device.receive(command, now)
        for _ in range(20):
            due = device.next_deadline()
            if due is None or due > now + gap:
                break
            now = max(now, due)
            device.wake(now)
        now += gap
        device.receive(b"\x80\x00\x00", now)
    _settle(device, now)
    assert sum(line.amount_minor for line in live_charges(ledger.lines())) >= balance(ledger.lines()).get(
        "CAD", 0
    )
    state = device.terminal.console.state
    assert decode(encode(state)) == state


@given(size=st.integers(1, 30))
@settings(max_examples=10, deadline=None)
def test_an_endless_frame_does_not_grow_the_terminal(size: int) -> None:
    device, _ = _device(on_tcp=False)
    device.receive(b"\x10\x02", 0.0)
    answers = 0
    for _ in range(size * 10):
        answers += len(device.receive(b"A" * 4096, 0.0))
    assert answers == 0


def test_a_flood_of_commands_is_answered_one_by_one_and_queues_nothing() -> None:
    device, _ = _device(on_tcp=True)
    outputs = device.receive(bytes.fromhex("06010A04000000001250490124") * 1000, 0.0)
    written = [output.data for output in outputs if isinstance(output, Bytes)]
    assert written[0] == b"\x80\x00\x00"
    assert set(written[1:]) == {b"\x84\x9c\x00"}
