"""Scenarios: what is shipped parses, what is wrong is named; cardholder and faults as they say."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator import scenario
from simulator.cardholder import Act, Cardholder, Visit
from simulator.cards import CARDS
from simulator.declared import SettingError
from simulator.faults import Fault, FaultBook


def test_all_shipped_scenarios_parse_and_have_a_title() -> None:
    shipped = scenario.shipped()
    assert {"ordinary", "interac", "cut_after_booking", "instant"} <= set(shipped)
    assert all(one.title for one in shipped.values())
    assert len({one.title for one in shipped.values()}) == len(shipped)


def test_a_whole_scenario() -> None:
    one = scenario.parse(
        """
        title = "t"
        seed = 3
        [terminal]
        booking_policy = "keep"
        merchant = ["A", "B"]
        host_s = 2
        [[cardholder]]
        number = 2
        card = "amex"
        pin = ["wrong", "right"]
        [[fault]]
        when = "booked"
        what = "cut"
        command = "sale"
        seconds = 1.5
        """,
        "x.toml",
    )
    assert (one.terminal.booking_policy, one.terminal.merchant, one.terminal.host_s) == (
        "keep",
        ("A", "B"),
        2.0,
    )
    assert one.visits == (Visit(number=2, card="amex", pin=("wrong", "right")),)
    assert one.faults == (Fault(when="booked", what="cut", command="sale", seconds=1.5),)
    assert one.seeded(9).seed == 9
    assert one.seeded(None) is one


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("title =", "x.toml: is not TOML"),
        ("colour = 1", "x.toml: key 'colour' is unknown; allowed: title"),
        ("[terminal]\ncolor = 1", "x.toml: terminal: key 'color' is unknown; allowed: booking_policy"),
        (
            "[terminal]\nbooking_policy = 'maybe'",
            "booking_policy: is 'maybe'; allowed: reverse, keep, refuse",
        ),
        ("[terminal]\nhost_s = 'soon'", "host_s: is 'soon'; allowed: a number"),
        ("[terminal]\nhost_s = -1.0", "host_s: is -1.0; allowed: zero or more"),
        ("[terminal]\ntokens = 1", "tokens: is 1; allowed: true or false"),
        ("[terminal]\nterminal_id = '1'", "terminal_id: is '1'; allowed: 8 digits"),
        ("[terminal]\ncurrency = '0999'", "currency: is '0999'; allowed: 0124"),
        ("[terminal]\npaper_columns = 80", "paper_columns: is 80; allowed: 24 to 40"),
        ("[terminal]\nmerchant = 'A'", "merchant: is 'A'; allowed: a list"),
        ("cardholder = 1", "cardholder is 1; allowed: tables headed"),
        ("[[cardholder]]\ncard = 'gold'", r"cardholder\[1\].card: is 'gold'; allowed: visa"),
        ("[[cardholder]]\ncard = 'wallet'", r"cardholder\[1\].how: is 'insert'; allowed: tap"),
        ("[[cardholder]]\npin = []", "pin: is empty"),
        ("[[fault]]\nwhat = 'cut'", r"fault\[1\]: key 'when' is missing"),
        ("[[fault]]\nwhen = 'never'\nwhat = 'cut'", "when: is 'never'; allowed: command"),
        ("[[fault]]\nwhen = 'card'\nwhat = 'cut'\ncommand = 'pay'", "command: is 'pay'; allowed: any"),
    ],
)
def test_what_is_wrong_is_named_with_its_place_and_what_is_allowed(text: str, message: str) -> None:
    with pytest.raises(SettingError, match=message):
        scenario.parse(text, "x.toml")


def test_a_scenario_is_found_by_name_or_path(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('title = "mine"')
    assert scenario.find(str(path)).title == "mine"
    assert scenario.find("english").terminal.language == "en"
    with pytest.raises(SettingError, match="no such file; shipped ones: busy"):
        scenario.find("nowhere")


def test_a_visit_acts_after_its_delays() -> None:
    person = Cardholder((Visit(after_s=1.0, pin=("wrong", "right"), pin_after_s=2.0),))
    person.arrive()
    person.prompted("card", 10.0)
    assert person.due(10.9) == ()
    assert person.next_deadline() == 11.0
    assert person.due(11.0) == (Act("insert", CARDS["visa"]),)
    typed = []
    for now in (20.0, 30.0, 40.0):
        person.prompted("pin", now)
        typed += [act.value for act in person.due(now + 2.0)]
    assert typed == ["wrong", "right", "right"]


def test_visits_are_chosen_by_number() -> None:
    person = Cardholder((Visit(number=2, card="amex"), Visit(card="jcb")))
    cards = []
    for _ in range(3):
        person.arrive()
        person.prompted("card", 0.0)
        cards += [act.card.name for act in person.due(100.0) if act.card]
    assert cards == ["jcb", "amex", "jcb"]


def test_the_jitter_is_the_seeds() -> None:
    def first(seed: int) -> float | None:
        person = Cardholder((Visit(),), seed, 0.5)
        person.arrive()
        person.prompted("card", 0.0)
        return person.next_deadline()

    assert first(1) == first(1) != first(2)


def test_nobody_comes_by_plan_when_acts_are_given_by_hand() -> None:
    person = Cardholder(())
    person.arrive()
    person.prompted("card", 0.0)
    assert person.next_deadline() is None


def test_faults_are_used_up_and_counted_by_command() -> None:
    second_sale = Fault(when="card", what="cut", command="sale", nth=2)
    twice = Fault(when="booked", what="cut", times=2)
    always = Fault(when="completed", what="cut", times=0)
    book = FaultBook((second_sale, twice, always))
    book.begin("sale")
    assert book.take("card") == ()
    book.begin("refund")
    assert book.take("card") == ()
    book.begin("sale")
    assert book.take("card") == (second_sale,)
    assert book.take("card") == ()
    assert [book.take("booked") for _ in range(3)] == [(twice,), (twice,), ()]
    assert [book.take("completed") for _ in range(3)] == [(always,)] * 3
