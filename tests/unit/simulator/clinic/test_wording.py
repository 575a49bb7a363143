"""Every sentence in both languages, each that a page uses is there, and none is there for nobody."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter
from zoneinfo import ZoneInfo

import pytest

import simulator.clinic
from simulator.clinic.wording import Voice, words

FOLDER = Path(simulator.clinic.__file__).parent
SOURCES = [*FOLDER.rglob("*.py"), *FOLDER.rglob("*.html")]
# A key that is put together where it is used: what stands before the rest.
_PUT_TOGETHER = re.compile(r"""t\(\s*["']([a-z_.]+[._])["']\s*~""")
_WHOLE = re.compile(r"""["']([a-z_]+\.[a-z_.]*[a-z_])["']""")


def blanks(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name}


@pytest.mark.parametrize("key", words())
def test_both_languages_have_the_same_blanks(key: str) -> None:
    sentence = words()[key]
    assert sentence["fr"].strip()
    assert sentence["en"].strip()
    assert blanks(sentence["fr"]) == blanks(sentence["en"])


def test_each_sentence_is_used_and_each_used_one_is_there() -> None:
    text = "\n".join(source.read_text(encoding="utf-8") for source in SOURCES)
    begun = set(_PUT_TOGETHER.findall(text))
    families = {key.partition(".")[0] for key in words()}
    whole = {key for key in _WHOLE.findall(text) if key.partition(".")[0] in families and key in words()}
    unused = {key for key in words() if key not in whole and not any(key.startswith(one) for one in begun)}
    assert not unused
    asked = set(re.findall(r"""\bt\(\s*["']([a-z_.]+)["']\s*[,)]""", text))
    assert asked
    assert not asked - set(words())


def test_money_and_times_are_in_the_local_form() -> None:
    zone = ZoneInfo("America/Toronto")
    french, english = Voice("fr", zone), Voice("en", zone)
    assert (french.money(123456), english.money(123456)) == ("1\xa0234,56\xa0$", "$1,234.56")
    noon = "2026-11-22T17:00:00.000Z"
    assert (french.when(noon), english.when(noon)) == ("22 nov. 2026, 12 h 00", "Nov 22, 2026, 12:00 p.m.")
    assert (french.weekday(noon), english.weekday(noon)) == ("dimanche 22 novembre", "Sunday, November 22")
    assert (french.day("2026-12-01"), english.day("2026-12-01")) == ("1er décembre 2026", "December 1, 2026")
    assert french.weekday("2026-12-01") == "mardi 1er décembre"
    assert french.day("2026-12-11") == "11 décembre 2026"
    assert french.time("2026-11-22T14:05:00.000Z") == "9 h 05"
    assert french.expiry("3012") == "12/30"
