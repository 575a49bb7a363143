"""The transcript in one language and in two, with and without colours."""

from __future__ import annotations

import io
import re

import pytest

from simulator.demo import phrases
from simulator.demo.transcript import Languages, Phrase, Transcript, both, languages, money

HELLO = Phrase("bonjour", "hello")


def told(speaks: Languages, *, colours: bool = False) -> tuple[Transcript, io.StringIO]:
    out = io.StringIO()
    return Transcript(speaks, out, colours=colours), out


@pytest.mark.parametrize(
    ("environment", "wanted"),
    [
        ({"LANG": "fr_CA.UTF-8"}, ("fr",)),
        ({"LANG": "en_CA.UTF-8"}, ("en",)),
        ({"LANG": "fr_CA", "LC_ALL": "en_US"}, ("en",)),
        ({"LANG": "C.UTF-8"}, ("fr", "en")),
        ({}, ("fr", "en")),
    ],
)
def test_the_environment_chooses_the_languages(environment: dict[str, str], wanted: Languages) -> None:
    assert languages(environment) == wanted


def test_english_stands_under_the_french() -> None:
    transcript, out = told(("fr", "en"))
    transcript.says("desk", HELLO)
    first, second = out.getvalue().splitlines()
    assert re.fullmatch(r"[0-9:]{8}  accueil   bonjour", first)
    assert second == " " * 20 + "hello"


def test_one_language_and_what_needs_no_translation_stand_alone() -> None:
    transcript, out = told(("en",))
    transcript.says("desk", HELLO)
    assert out.getvalue().split()[1:] == ["desk", "hello"]
    transcript, out = told(("fr", "en"))
    transcript.says("screen", both("PIN"))
    assert out.getvalue().count("PIN") == 1


def test_the_desk_does_not_say_the_same_twice_in_a_row_but_the_clinic_may_ask_twice() -> None:
    transcript, out = told(("en",))
    for _ in range(2):
        transcript.says("desk", HELLO)
        transcript.says("clinic", both("sale"))
    assert (out.getvalue().count("hello"), out.getvalue().count("sale")) == (1, 2)
    transcript.act(both("next"))
    transcript.says("desk", HELLO)
    assert out.getvalue().count("hello") == 2


def test_long_sentences_are_wrapped_and_nothing_is_lost() -> None:
    transcript, out = told(("en",))
    transcript.note(both("word " * 60))
    assert out.getvalue().split() == ["word"] * 60
    assert all(len(line) <= 100 for line in out.getvalue().splitlines())


def test_a_line_to_be_copied_is_never_broken() -> None:
    transcript, out = told(("en",))
    transcript.plain("x" * 300)
    assert out.getvalue().strip() == "x" * 300


def test_colours_only_where_wanted() -> None:
    for colours in (False, True):
        transcript, out = told(("fr", "en"), colours=colours)
        transcript.title(HELLO)
        transcript.act(HELLO)
        transcript.says("ledger", HELLO)
        transcript.check(False, HELLO)
        assert ("\x1b" in out.getvalue()) == colours


def test_amounts_are_written_as_in_each_language() -> None:
    assert money(4705) == Phrase("47,05 $", "$47.05")
    assert money(-5) == Phrase("-0,05 $", "-$0.05")
    assert money(100, "EUR") == Phrase("1,00 EUR", "1.00 EUR")
    assert Phrase("à {x}", "at {x}").format(x=money(100)) == Phrase("à 1,00 $", "at $1.00")


def test_every_phrase_of_the_demo_has_the_same_blanks_in_both_languages() -> None:
    found = [value for value in vars(phrases).values() if isinstance(value, Phrase)]
    assert len(found) > 40
    for phrase in found:
        assert sorted(re.findall(r"{\w+}", phrase.fr)) == sorted(re.findall(r"{\w+}", phrase.en)), phrase
        assert phrase.fr
        assert phrase.en
