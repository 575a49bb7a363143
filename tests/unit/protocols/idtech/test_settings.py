"""Settings commands and answers, byte for byte."""

from __future__ import annotations

import pytest

from protocols.core.errors import FramingError
from protocols.idtech.settings import (
    ENHANCED_OUTPUT,
    Answer,
    Command,
    Get,
    NotTaken,
    Set,
    Setting,
    Taken,
    Value,
    build_answer,
    build_command,
    encrypt_always,
    ksn_of,
    level_of,
    parse_answer,
    parse_command,
)

# ID TECH knowledge base, on pre- and postamble: what a SecureMag answers when it is asked for setting D3.
TOLD = bytes.fromhex("0602D3010003D3")

COMMANDS: list[tuple[Command, str]] = [
    (Get(0xD3), "0252d30380"),
    (Get(Setting.SECURITY_LEVEL), "02527e032d"),
    (Get(Setting.KSN), "0252510302"),
    (ENHANCED_OUTPUT, "025385013103e7"),
    (encrypt_always(0x17), "025384011703c0"),
    (Set(Setting.SHOW_EXPIRY, b"0"), "02535001300333"),
]
ANSWERS: list[tuple[Answer, str]] = [
    (Value(0xD3, b"\0"), "0602d3010003d3"),
    (Value(Setting.SECURITY_LEVEL, b"3"), "06027e0133034d"),
    (Taken(), "06"),
    (NotTaken(), "15"),
]


def test_the_makers_own_answer() -> None:
    assert parse_answer(TOLD) == Value(0xD3, b"\0")
    assert build_answer(Value(0xD3, b"\0")) == TOLD


@pytest.mark.parametrize(("command", "wire"), COMMANDS)
def test_commands_both_ways(command: Command, wire: str) -> None:
    assert build_command(command).hex() == wire
    assert parse_command(bytes.fromhex(wire)) == command
    assert parse_command(bytes.fromhex(wire).ljust(8, b"\0")) == command


@pytest.mark.parametrize(("answer", "wire"), ANSWERS)
def test_answers_both_ways(answer: Answer, wire: str) -> None:
    assert build_answer(answer).hex() == wire
    assert parse_answer(bytes.fromhex(wire).ljust(8, b"\0")) == answer


def test_an_unsupported_setting_is_not_taken() -> None:
    assert parse_answer(b"\x16") == NotTaken()


@pytest.mark.parametrize("size", range(7))
def test_an_answer_that_is_not_whole_is_waited_for(size: int) -> None:
    assert parse_answer(TOLD[:size]) is None


@pytest.mark.parametrize("answer", ["ff", "0611", "0602d301000300", "0602d3010000d3"])
def test_a_wrong_answer(answer: str) -> None:
    with pytest.raises(FramingError) as caught:
        parse_answer(bytes.fromhex(answer))
    assert caught.value.code == "bad_answer"


@pytest.mark.parametrize(
    "command", ["", "02", "0253", "0252d30381", "0252d30487", "025385023103e7", "0311d30380"]
)
def test_a_wrong_command(command: str) -> None:
    with pytest.raises(FramingError) as caught:
        parse_command(bytes.fromhex(command))
    assert caught.value.code == "bad_command"


@pytest.mark.parametrize(
    ("value", "level"),
    [(b"0", 0), (b"3", 3), (b"4", 4), (b"\x03", 3), (b"5", None), (b"", None), (b"33", None)],
)
def test_the_security_level_as_digit_or_number(value: bytes, level: int | None) -> None:
    assert level_of(value) == level


def test_the_ksn_as_bytes_or_characters() -> None:
    ksn = "62994901190000000001"
    assert ksn_of(bytes.fromhex(ksn)) == ksn
    assert ksn_of(ksn.lower().encode()) == ksn
    assert ksn_of(b"") is None
    assert ksn_of(b"x" * 20) is None
