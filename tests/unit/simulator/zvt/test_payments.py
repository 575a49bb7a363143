"""Payments, pre-authorisations and refunds: approved, refused, stopped. Raw APDUs, virtual time."""

from __future__ import annotations

import pytest

from simulator.cardholder import Act, Visit
from simulator.cards import CARDS
from simulator.faults import Fault
from simulator.scenario import Scenario
from simulator.settings import TerminalSettings
from tests.unit.simulator.ecr import Ecr, apdus, registration, sale


def _registered(scenario: Scenario | None = None, config: str = "BE", *, by_hand: bool = False) -> Ecr:
    ecr = Ecr(scenario, by_hand=by_hand)
    assert ecr.ask(registration(config))[0] == "800000"
    return ecr


def _visit(**what: object) -> Scenario:
    return Scenario(visits=(Visit(**what),))  # type: ignore[arg-type]  # test shorthand


def test_a_payment_runs_through_its_statuses_to_one_line_in_the_ledger() -> None:
    ecr = _registered()
    heard = ecr.ask(sale(1250))
    assert heard[0] == "800000"
    assert [apdu[6:8] for apdu in heard if apdu.startswith("04FF")] == ["0A", "01", "04", "0B"]
    result = next(apdu for apdu in heard if apdu.startswith("040F"))
    assert result[6:10] == "2700"
    assert "04000000001250" in result
    assert "490124" in result
    assert heard[-1] == "060F00"
    (line,) = ecr.ledger.lines()
    assert (line.kind, line.amount_minor, line.currency, line.card) == (
        "charge",
        1250,
        "CAD",
        "*" * 12 + "1111",
    )


def test_without_config_bit_08_no_status_is_sent() -> None:
    ecr = _registered(config="B6")
    assert not [apdu for apdu in ecr.ask(sale(1250)) if apdu.startswith("04FF")]
    assert len(ecr.ledger.lines()) == 1


def test_tag_26_withholds_what_it_does_not_list() -> None:
    ecr = Ecr()
    ecr.ask(registration(tlv="26040A0206D3"))
    heard = ecr.ask(sale(1250))
    assert not [apdu for apdu in heard if apdu.startswith(("04FF", "06D1"))]
    assert len([apdu for apdu in heard if apdu.startswith("06D3")]) == 2


@pytest.mark.parametrize(
    ("amount_minor", "code"),
    [(1005, "05"), (1014, "0E"), (1041, "29"), (1051, "33"), (1054, "36"), (1061, "3D"), (1091, "5B")],
)
def test_the_cents_decide_and_a_refusal_is_told_twice_and_stored_nowhere(
    amount_minor: int, code: str
) -> None:
    ecr = _registered()
    heard = ecr.ask(sale(amount_minor))
    result = next(apdu for apdu in heard if apdu.startswith("040F"))
    assert result[6:10] == "27" + code
    assert heard[-1] == "061E01" + code
    assert ecr.ledger.lines() == ()
    assert ecr.device.terminal.console.state.receipt == 0


@pytest.mark.parametrize(("card", "code"), [("declined", "05"), ("blocked", "2B"), ("expired", "36")])
def test_the_card_decides(card: str, code: str) -> None:
    ecr = _registered(_visit(card=card))
    assert ecr.ask(sale(1250))[-1] == "061E01" + code
    assert ecr.ledger.lines() == ()


def test_a_card_with_a_limit_pays_up_to_it() -> None:
    ecr = _registered(_visit(card="low_limit"))
    assert ecr.ask(sale(10_001))[-1] == "061E013D"
    assert ecr.ask(sale(10_000))[-1] == "060F00"


def test_a_wrong_pin_is_asked_again() -> None:
    ecr = _registered(_visit(pin=("wrong", "right")))
    heard = ecr.ask(sale(1250))
    assert [apdu[6:8] for apdu in heard if apdu.startswith("04FF")] == ["0A", "01", "15", "01", "04", "0B"]
    assert heard[-1] == "060F00"


def test_three_wrong_pins_are_refused_before_the_host_is_asked() -> None:
    ecr = _registered(_visit(card="wrong_pin"))
    heard = ecr.ask(sale(1250))
    assert heard[-1] == "061E014B"
    assert not [apdu for apdu in heard if apdu.startswith("04FF") and apdu[6:8] == "04"]


@pytest.mark.parametrize("leaves", ["before_card", "at_pin", "with_card"])
def test_a_cardholder_who_walks_away_ends_in_6c(leaves: str) -> None:
    ecr = _registered(_visit(leaves=leaves))
    heard = ecr.ask(sale(1250))
    assert heard[-1] == "061E016C"
    assert any(apdu.startswith("040F") and apdu[6:10] == "276C" for apdu in heard)
    assert ecr.ledger.lines() == ()


def test_waiting_for_a_card_repeats_its_status_so_that_t4_starts_anew() -> None:
    ecr = _registered(
        Scenario(visits=(Visit(leaves="before_card"),), terminal=TerminalSettings(card_timeout_s=100))
    )
    heard = ecr.ask(sale(1250))
    assert len([apdu for apdu in heard if apdu.startswith("04FF") and apdu[6:8] == "0A"]) == 4


def test_the_socket_is_closed_on_a_command_that_does_not_become_complete() -> None:
    ecr = _registered()
    assert ecr.say(sale(1250)[:12], 4.9) == []
    assert ecr.hangups == 0
    ecr.run(0.2)
    assert ecr.hangups == 1
    ecr.connect()
    assert ecr.ask(sale(1250))[0] == "800000"


def test_an_abort_is_granted_while_the_card_is_awaited() -> None:
    ecr = _registered(by_hand=True)
    ecr.say(sale(1250), 5)
    heard = ecr.ask("06B000")
    assert heard[0] == "800000"
    assert next(apdu for apdu in heard if apdu.startswith("040F"))[6:10] == "276C"
    assert heard[-1] == "061E016C"


def test_an_abort_comes_too_late_once_the_host_is_asked() -> None:
    ecr = _registered(Scenario(terminal=TerminalSettings(host_s=5.0)))
    ecr.say(sale(1250), 5)
    assert ecr.say("06B000") == ["848300"]
    ecr.run(60)
    assert len(ecr.ledger.lines()) == 1


def test_an_abort_that_crosses_a_status_is_granted_when_that_is_answered() -> None:
    ecr = _registered(by_hand=True)
    ecr.answer = lambda apdu: None if apdu.startswith("04FF") else "800000"
    ecr.say(sale(1250), 1)
    assert ecr.say("06B000") == ["800000"]
    ecr.answer = lambda _apdu: "800000"
    assert ecr.ask("800000")[-1] == "061E016C"


def test_an_abort_at_rest_stops_nothing_and_is_taken() -> None:
    assert _registered().ask("06B000") == ["800000"]


def test_the_stop_key_ends_it() -> None:
    ecr = _registered(by_hand=True)
    ecr.say(sale(1250), 1)
    ecr.act(Act("key", value="stop"))
    ecr.run(5)
    assert ecr.heard[-1] == "061E016C"


def test_by_hand_a_tap_pays_without_a_pin_below_the_limit() -> None:
    ecr = _registered(by_hand=True)
    ecr.say(sale(1250), 1)
    ecr.act(Act("tap", CARDS["visa"]))
    ecr.run(10)
    assert ecr.heard[-1] == "060F00"
    assert "1F120102" in next(apdu for apdu in ecr.heard if apdu.startswith("040F"))


def test_a_large_tap_asks_for_the_pin() -> None:
    ecr = _registered(_visit(how="tap"))
    assert any(apdu.startswith("04FF") and apdu[6:8] == "01" for apdu in ecr.ask(sale(25_001)))


def test_a_card_left_behind_is_asked_out_before_the_next_payment() -> None:
    ecr = _registered(Scenario(visits=(Visit(number=1, leaves="at_pin"), Visit(number=0))))
    ecr.ask(sale(1250))
    assert ecr.ask("0501050000000302")[-1][6:8] == "DC"
    heard = ecr.ask(sale(1250))
    assert next(apdu for apdu in heard if apdu.startswith("04FF"))[6:8] == "0B"
    assert heard[-1] == "060F00"


def test_a_token_is_given_when_it_is_asked_for_and_is_stable() -> None:
    ecr = _registered()
    first, second = (
        next(apdu for apdu in ecr.ask(sale(1250, tlv="1F150180")) if apdu.startswith("040F"))
        for _ in range(2)
    )
    token = ecr.ledger.lines()[0].token
    assert "1F1420" + token.upper() in first
    assert token.upper() in second
    assert "1F1420" not in next(apdu for apdu in ecr.ask(sale(1250)) if apdu.startswith("040F"))


def test_a_debit_only_card_pays_and_gives_no_token() -> None:
    ecr = _registered(_visit(card="interac"))
    result = next(apdu for apdu in ecr.ask(sale(1250, tlv="1F150180")) if apdu.startswith("040F"))
    assert "1F14" not in result
    assert "A0000002771010" in result
    assert b"INTERAC".hex().upper() in result


def test_a_preauthorisation_holds_and_a_refund_returns() -> None:
    ecr = _registered()
    assert ecr.ask("06220A04000000005000490124")[-1] == "060F00"
    assert ecr.ask("06310D000000" + "04000000000700490124")[-1] == "060F00"
    assert [(line.kind, line.amount_minor) for line in ecr.ledger.lines()] == [
        ("hold", 5000),
        ("refund", 700),
    ]


def test_a_refund_is_refused_for_a_blocked_card() -> None:
    ecr = _registered(_visit(card="blocked"))
    assert ecr.ask("06310D000000" + "04000000000700490124")[-1] == "061E012B"


@pytest.mark.parametrize(
    ("apdu", "answer"),
    [
        (sale(1250, currency="490978"), "846F00"),
        (sale(0), "84C800"),
        ("06010349" + "0124", "848300"),
        ("06310D999999" + "04000000000700490124", "843700"),
        ("0601080400000000125071", "848300"),
        ("0FA1020001", "848300"),
        ("06990100", "848300"),
    ],
)
def test_what_cannot_be_done_is_refused_at_once(apdu: str, answer: str) -> None:
    ecr = _registered()
    assert ecr.ask(apdu) == [answer]
    assert ecr.ledger.lines() == ()


def test_an_amount_without_currency_is_in_the_registered_one() -> None:
    ecr = _registered()
    assert ecr.ask("060107" + "04000000001000")[-1] == "060F00"
    assert ecr.ledger.lines()[0].currency == "CAD"


def test_an_unregistered_terminal_pays_unless_it_must_be_registered() -> None:
    assert Ecr().ask(sale(1250))[-1] == "060F00"
    strict = Ecr(Scenario(terminal=TerminalSettings(must_register=True)))
    assert strict.ask(sale(1250)) == ["846B00"]


def test_a_second_command_in_a_dialogue_is_told_to_wait() -> None:
    ecr = _registered(by_hand=True)
    ecr.say(sale(1250), 1)
    assert ecr.say("050103000000") == ["849C00"]
    assert ecr.say(sale(1250)) == ["849C00"]


def test_or_gets_no_answer_if_the_terminal_is_of_that_kind() -> None:
    ecr = _registered(Scenario(visits=(), terminal=TerminalSettings(busy="silence")), by_hand=True)
    ecr.say(sale(1250), 1)
    assert ecr.say("050103000000") == []


def test_faults_decline_approve_in_part_and_show_whole_numbers() -> None:
    faults = (
        Fault(when="host", what="decline", value=51, command="sale", nth=1),
        Fault(when="host", what="partial", value=1000, command="sale", nth=2),
        Fault(when="before_result", what="whole_card_numbers", command="sale", nth=3),
    )
    ecr = _registered(Scenario(faults=faults))
    assert ecr.ask(sale(1250))[-1] == "061E0133"
    assert "04000000001000" in next(apdu for apdu in ecr.ask(sale(1250)) if apdu.startswith("040F"))
    heard = ecr.ask(sale(1250))
    assert "22F0F84111111111111111" in next(apdu for apdu in heard if apdu.startswith("040F"))
    assert any(b"4111111111111111".hex().upper() in apdu for apdu in heard if apdu.startswith("06D"))
    assert [line.amount_minor for line in ecr.ledger.lines()] == [1000, 1250]
    assert "EEEEEEEEEEEE1111" in next(apdu for apdu in ecr.ask(sale(1250)) if apdu.startswith("040F"))


@pytest.mark.parametrize(("currency", "told"), [("490124", True), ("", False)])
def test_the_currency_is_told_to_an_ecr_that_has_named_it(currency: str, told: bool) -> None:
    ecr = Ecr()  # which has not registered
    result = next(apdu for apdu in ecr.ask(sale(1250, currency)) if apdu.startswith("040F"))
    assert ("490124" in result) is told


def test_a_receipt_is_longer_than_254_bytes_and_says_so() -> None:
    ecr = _registered()
    blocks = [apdu for apdu in ecr.ask(sale(1250)) if apdu.startswith("06D3")]
    assert all(apdu[4:6] == "FF" for apdu in blocks)
    assert all(apdu.endswith("090181") for apdu in blocks)  # the end stands behind all lines
    assert apdus(bytes.fromhex("".join(blocks))) == blocks
