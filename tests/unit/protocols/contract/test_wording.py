"""Every code has a sentence in both languages, and a code that has none still gets an honest one."""

from __future__ import annotations

import string

import pytest

from protocols.contract import wording
from protocols.contract import words as vocabulary
from protocols.contract.wording import BY_STATE, GENERAL, TEXTS, words

# design: the rejection codes of the contract
REJECTIONS = [
    "expired",
    "clock_untrusted",
    "terminal_unknown",
    "terminal_offline",
    "terminal_busy",
    "in_doubt_pending",
    "unsupported",
    "not_chargeable",
    "schema_invalid",
    "consent_missing",
    "limit_exceeded",
    "journal_new",
    "disk_low",
    "shutting_down",
    "not_current",
]


@pytest.mark.parametrize("code", REJECTIONS)
def test_every_rejection_says_what_and_that_nothing_was_done(code: str) -> None:
    assert code in wording.REPLIES
    text = words(code, state="rejected", holder="staff-17", path="data.actor")
    assert text.fr != text.en
    assert ("staff-17" in text.fr) == (code == "terminal_busy")
    assert ("data.actor" in text.en) == (code == "schema_invalid")


@pytest.mark.parametrize("code", sorted(TEXTS))
def test_every_sentence_is_whole_in_both_languages(code: str) -> None:
    for sentence in TEXTS[code]:
        assert sentence[0].isupper()
        assert sentence[-1] in ".…"
        names = {name for _, name, _, _ in string.Formatter().parse(sentence) if name}
        assert names <= {"holder", "path"}
    french, english = TEXTS[code]
    assert french != english


@pytest.mark.parametrize("state", [*vocabulary.FINAL, *vocabulary.NOT_FINAL, "rejected"])
def test_every_state_has_words_for_a_code_that_nobody_knows(state: str) -> None:
    text = words("never_heard_of", state=state)
    assert text.fr
    assert text.en
    if state in BY_STATE or (state not in TEXTS):
        assert "never_heard_of" in text.fr


@pytest.mark.parametrize("code", ["host_no_answer", "link_lost", "in_doubt", "never_heard_of"])
def test_while_in_doubt_staff_read_that_it_must_not_be_taken_again(code: str) -> None:
    text = words(code, state="in_doubt")
    assert "ne refaites pas le paiement" in text.fr
    assert "do not take the payment again" in text.en
    assert "Recommencez" not in text.fr


def test_the_same_code_speaks_by_its_state() -> None:
    assert words("limit_exceeded", state="rejected") != words("limit_exceeded", state="declined")
    assert words("offline") != words("offline", state="authorizing")
    assert words("terminal_busy", state="not_started").en == "The terminal was busy."


def test_a_malformed_request_names_its_field_where_that_is_known() -> None:
    assert words("schema_invalid", path="data.actor").en.startswith("The request is malformed (data.actor); ")
    assert words("schema_invalid", state="rejected").en.startswith("The request is malformed; ")
    assert words("schema_invalid").fr.startswith("La demande est mal formée : ")


def test_a_code_that_is_no_slug_is_not_shown() -> None:
    shown = words("4111 1111; DROP", state="declined")
    assert "4111" not in shown.fr + shown.en
    assert "?" in shown.fr


def test_an_unknown_code_without_a_state_points_at_the_screen() -> None:
    assert words("never_heard_of").en == GENERAL[1].format(code="never_heard_of")


def test_braces_in_a_holder_are_only_text() -> None:
    assert "{path}" in words("terminal_busy", holder="{path}").en


@pytest.mark.parametrize(
    ("code", "phrase"),
    [
        ("pin", "NIP"),
        ("insert_card", "Insérez"),
        ("tap_card", "Approchez"),
        ("swipe_card", "Glissez"),
        ("approved", "approuvée"),
        ("declined", "refusée"),
    ],
)
def test_quebec_words(code: str, phrase: str) -> None:
    assert phrase in words(code).fr
