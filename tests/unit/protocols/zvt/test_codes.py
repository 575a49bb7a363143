"""The code tables: total, and right where it matters."""

import typing

import pytest

from protocols.contract.wording import TEXTS
from protocols.core.session import Progress
from protocols.zvt import codes, messages


def test_all_tables_are_total() -> None:
    for code in range(256):
        assert codes.result(code).slug.isidentifier()
        assert codes.terminal_status(code).slug.isidentifier()
        assert codes.prompt(code).slug.isidentifier()


def test_every_slug_has_words_in_both_languages() -> None:
    slugs = {
        table(code).slug
        for table in (codes.result, codes.terminal_status, codes.prompt)
        for code in range(256)
    }
    assert (slugs | set(codes.REGISTRATION_NEEDS.values())) - set(TEXTS) == set()


def test_prompts_speak_the_words_of_the_session() -> None:
    words = typing.get_type_hints(Progress)
    states, waiting_on = typing.get_args(words["state"]), typing.get_args(words["waiting_on"])
    for code in range(256):
        prompt = codes.prompt(code)
        assert prompt.state in states
        assert prompt.waiting_on in waiting_on


def test_only_zero_is_approved() -> None:
    assert [code for code in range(256) if codes.result(code).category == "approved"] == [0]


@pytest.mark.parametrize(
    ("code", "slug", "category"),
    [
        (0x05, "declined", "host_decline"),
        (0x37, "wrong_pin", "host_decline"),  # 55 decimal
        (0x33, "insufficient_funds", "host_decline"),  # 51 decimal
        (0x63, "declined_by_host", "host_decline"),
        (0x64, "card_unreadable", "not_done"),
        (0x6C, "aborted_at_terminal", "cancelled"),
        (0x6F, "wrong_currency", "not_done"),
        (0x78, "card_expired", "not_done"),
        (0x83, "function_impossible", "not_done"),
        (0x9C, "please_wait", "busy"),
        (0xA1, "host_no_answer", "technical"),
        (0xB4, "already_reversed", "not_done"),
        (0x90, "unlisted_result", "technical"),
        (0xFF, "system_error", "technical"),
    ],
)
def test_results(code: int, slug: str, category: str) -> None:
    assert codes.result(code) == (slug, category)


@pytest.mark.parametrize(
    ("code", "slug", "remedy"),
    [
        (0x00, "ready", None),
        (0x51, "initialisation_needed", "initialise"),
        (0x62, "clock_wrong", "set_clock"),
        (0x9C, "please_wait", "wait"),
        (0xC2, "diagnosis_needed", "diagnose"),
        (0xF0, "end_of_day_needed", "end_of_day"),
        (0x42, "unlisted_status", "service"),
    ],
)
def test_terminal_statuses(code: int, slug: str, remedy: str | None) -> None:
    assert codes.terminal_status(code) == (slug, remedy)


@pytest.mark.parametrize(
    ("code", "state", "slug", "waiting_on", "remove_card"),
    [
        (0x0A, "awaiting_card", "insert_card", "cardholder", False),
        (0x01, "pin", "pin", "cardholder", False),
        (0x04, "authorizing", "authorizing", "host", False),
        (0x15, "pin", "pin_wrong", "cardholder", False),
        (0x17, "authorizing", "please_wait", "terminal", False),
        (0x49, "result_seen", "card_expired", "cardholder", True),
        (0x4B, "result_seen", "remove_card", "cardholder", True),
        (0x4A, "authorizing", "processing", "terminal", False),
        (0x5D, "result_seen", "declined", "cardholder", True),
        (0xC8, "authorizing", "waiting_for_staff", "staff", False),
        (0xFF, "authorizing", "see_terminal_text", "terminal", False),
    ],
)
def test_prompts(code: int, state: str, slug: str, waiting_on: str, remove_card: bool) -> None:
    assert codes.prompt(code) == (state, slug, waiting_on, remove_card)


def test_brands_are_numbered_in_decimal() -> None:
    assert codes.brand(0x2E) == "Maestro"
    assert codes.brand(10) == "Visa"
    assert codes.brand(255) is None
    assert codes.brand(None) is None


def test_every_command_of_ours_has_a_name() -> None:
    for kind in vars(messages).values():
        number = getattr(kind, "command", None)
        if isinstance(number, int) and number != messages.Negative.command:
            assert number in codes.COMMAND_NAMES


def test_names_of_others() -> None:
    assert codes.command_name(0x849C) == "negative"
    assert codes.command_name(0x0FA1) == "vendor"
    assert codes.command_name(0x7777) == "unknown"
