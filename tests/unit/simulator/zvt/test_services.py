"""Registration, status, clock, language, initialisation, diagnosis, log-off; displays; end of day; repeat."""

from __future__ import annotations

import pytest

from simulator.cardholder import Act, Visit
from simulator.faults import Fault
from simulator.scenario import Scenario
from simulator.settings import TerminalSettings
from tests.unit.simulator.ecr import Ecr, last_result, registration, sale


def test_a_registration_without_tlv_is_completed_with_status_id_and_currency() -> None:
    assert Ecr().ask("060006000000BE0124") == ["800000", "060F0A1900" + "2952500042" + "490124"]


def test_another_currency_is_refused_with_ours() -> None:
    ecr = Ecr()
    assert ecr.ask("06000600000086" + "0978") == ["841E036F0124"]
    assert not ecr.device.terminal.console.state.registered


def test_no_currency_means_euro() -> None:
    assert Ecr().ask("060004765441BE") == ["843700"]
    assert Ecr().ask("060004000000BE") == ["841E036F0124"]
    euro = Ecr(Scenario(terminal=TerminalSettings(currency="0978")))
    assert euro.ask("060004000000BE") == ["800000", "060F0719002952500042"]


def test_log_off_is_answered_only_and_forgets_the_registration() -> None:
    ecr = Ecr()
    ecr.ask(registration())
    assert ecr.ask("060200") == ["800000"]
    state = ecr.device.terminal.console.state
    assert (state.config, state.tlv_allowed, state.allowed) == (0x86, False, None)
    assert not [apdu for apdu in ecr.ask(sale(1250)) if apdu.startswith("04FF") or "060" in apdu[:3]][1:]


def test_a_status_enquiry_is_completed_with_software_status_and_tlv_as_asked() -> None:
    ecr = Ecr()
    software = "F0F1F1" + b"SIM ZVT 1.0".hex().upper()
    assert ecr.ask("050100") == ["800000", "060F0F" + software + "00"]
    assert ecr.ask("050103000000") == ["800000", "060F0F" + software + "00"]
    assert ecr.ask("0501050000000302") == ["800000", "060F0100"]
    assert ecr.ask("0501050000000306")[1][6:10] == "0006"


def test_the_rate_of_the_cable_is_not_the_terminals_to_change() -> None:
    assert [Ecr().ask(f"084001{rate}") for rate in ("00", "07", "05")] == [["847D00"], ["847D00"], ["84FD00"]]


def test_the_clock_is_set_and_told() -> None:
    ecr = Ecr()
    assert ecr.ask("06910B000000AA2612310C235950") == ["800000", "060F00"]
    ecr.run(10)
    assert ecr.device.terminal.console.local_time().strftime("%Y-%m-%d %H:%M:%S") == "2027-01-01 00:00:00"
    assert ecr.ask("06910B000000AA2613310C235950") == ["848300"]


def test_the_language_changes_display_and_receipts_for_good() -> None:
    ecr = Ecr()
    assert ecr.ask("08300101") == ["800000"]
    ecr.restart()
    assert ecr.shown[-1][0] == "WELCOME"
    assert ecr.ask("08300107") == ["848300"]
    ecr.ask(registration())
    assert any(b"PURCHASE".hex().upper() in apdu for apdu in ecr.ask(sale(1250)) if apdu.startswith("06D3"))


@pytest.mark.parametrize(
    ("languages", "shown"),
    [
        ("15024445" + "1502454E", "INSERT, TAP OR SWIPE CARD"),
        ("15024445", "INSÉREZ, APPROCHEZ OU GLISSEZ LA CARTE"),
    ],
)
def test_a_registration_names_the_languages_it_wants(languages: str, shown: str) -> None:
    ecr = Ecr()
    ecr.ask(registration(tlv=f"28{len(languages) // 2:02X}{languages}"))
    ecr.ask(sale(1250))
    assert (shown,) in ecr.shown


@pytest.mark.parametrize("command", ["069303000000", "067000", "067900", "061A00"])
def test_administrative_work_prints_a_notice_and_completes(command: str) -> None:
    ecr = Ecr()
    ecr.ask(registration())
    heard = ecr.ask(command)
    assert [apdu[:4] for apdu in heard if not apdu.startswith("04FF")] == ["8000", "06D3", "060F"]
    assert "1F070103" in next(apdu for apdu in heard if apdu.startswith("06D3"))


def test_admin_receipts_stay_here_without_config_bit_04() -> None:
    ecr = Ecr()
    ecr.ask(registration(config="BA"))
    assert not [apdu for apdu in ecr.ask("067000") if apdu.startswith("06D")]
    assert len(ecr.paper) == 1


def test_a_reset_keeps_what_is_stored() -> None:
    ecr = Ecr()
    ecr.ask(registration())
    ecr.ask(sale(1250))
    assert ecr.ask("061800") == ["800000", "060F00"]
    assert ecr.ask(last_result())[1][6:10] == "2700"


def test_everything_survives_the_restart_of_the_process() -> None:
    ecr = Ecr()
    ecr.ask(registration())
    ecr.ask("06220A04000000005000490124")
    ecr.restart()
    assert ecr.ask(sale(1250))[-1] == "060F00"
    assert any(apdu.startswith("06D3") for apdu in ecr.heard)
    assert [line.receipt for line in ecr.ledger.lines()] == ["0001", "0002"]
    assert ecr.ask("06230387FFFF")[1] == "061E09B80606" + "230408020001"


# --- printing ---------------------------------------------------------------------------------------


def test_without_tlv_receipts_come_line_by_line() -> None:
    ecr = Ecr()
    ecr.ask(registration(tlv=None))
    lines = [apdu for apdu in ecr.ask(sale(1250)) if apdu.startswith("06D1")]
    assert [apdu[6:8] for apdu in lines].count("C0") == 2
    texts = [bytes.fromhex(apdu[8:]).decode("cp437") for apdu in lines]
    assert all(len(text) <= 24 for text in texts)
    assert "************1111" in texts
    assert "COPIE DU MARCHAND" in texts
    assert "COPIE DU CLIENT" in texts


def test_the_width_and_the_charset_that_were_registered_are_used() -> None:
    ecr = Ecr()
    ecr.ask(registration(tlv="120140" + "27031401FE"))
    lines = [apdu for apdu in ecr.ask(sale(1250)) if apdu.startswith("06D1")]
    texts = [bytes.fromhex(apdu[8:]).split(b"\x06\x04\x1f\x07")[0].decode("utf-8") for apdu in lines]
    assert max(map(len, texts)) == 40
    assert any("REÇU" in text for text in texts)


@pytest.mark.parametrize(("printing", "sent"), [("lines", "06D1"), ("blocks", "06D3"), ("none", None)])
def test_the_settings_may_force_how_it_prints(printing: str, sent: str | None) -> None:
    settings = TerminalSettings(printing=printing)  # type: ignore[arg-type]  # one of the literals
    ecr = Ecr(Scenario(terminal=settings))
    ecr.ask(registration())
    prints = {apdu[:4] for apdu in ecr.ask(sale(1250)) if apdu.startswith("06D")}
    assert prints == ({sent} if sent else set())


def test_an_ecr_that_cannot_print_leaves_it_to_us() -> None:
    ecr = Ecr()
    ecr.ask(registration())
    ecr.answer = lambda apdu: "84CC00" if apdu.startswith("06D3") else "800000"
    assert ecr.ask(sale(1250))[-1] == "060F00"
    assert len(ecr.paper) == 2


# --- read card --------------------------------------------------------------------------------------


def test_read_card_ends_with_a_status_information_and_no_completion() -> None:
    ecr = Ecr()
    ecr.ask(registration())
    heard = ecr.ask("06C0070A06041F1501D0")
    assert heard[0] == "800000"
    assert heard[-1].startswith("040F")
    assert "EEEEEEEEEEEE1111" in heard[-1]
    assert "1F1420" in heard[-1]
    assert ecr.ledger.lines() == ()


def test_a_tap_gives_the_uid_when_asked() -> None:
    ecr = Ecr(Scenario(visits=(Visit(how="tap"),)))
    assert "4C0A" in ecr.ask("06C0070A06041F1501D0")[-1]


def test_a_technology_that_is_not_allowed_is_not_accepted() -> None:
    ecr = Ecr(Scenario(visits=(Visit(how="tap"),)))
    ecr.ask(registration())
    heard = ecr.ask("06C00B0A06081F1501801F600103")
    assert "03" in [apdu[6:8] for apdu in heard if apdu.startswith("04FF")]
    assert heard[-1] == "061E016C"


@pytest.mark.parametrize(("card", "end"), [("interac", "040F"), ("wallet", "040F"), ("expired", "061E")])
def test_cards_that_cannot_be_kept_give_no_token(card: str, end: str) -> None:
    ecr = Ecr(Scenario(visits=(Visit(card=card, how="tap"),)))
    last = ecr.ask("06C0070A06041F150180")[-1]
    assert last.startswith(end)
    assert "1F14" not in last


def test_no_card_within_its_own_timeout_is_6c() -> None:
    ecr = Ecr(Scenario(visits=(Visit(leaves="before_card"),)))
    before = ecr.now
    assert ecr.ask("06C0010A")[-1] == "061E016C"
    assert 10 <= ecr.now - before < 12


# --- end of day and repeat --------------------------------------------------------------------------


def test_the_end_of_day_tells_the_totals_by_brand_and_closes_the_batch() -> None:
    visits = (
        Visit(number=1),
        Visit(number=2, card="mastercard"),
        Visit(number=3),
        Visit(number=4, card="discover"),
    )
    ecr = Ecr(Scenario(visits=visits))
    ecr.ask(registration())
    for amount_minor in (1000, 2000, 3000, 4000):
        ecr.ask(sale(amount_minor))
    ecr.ask("063009000000490124870003")
    heard = ecr.ask("065003000000")
    result = next(apdu for apdu in heard if apdu.startswith("040F"))
    none = "00" + "0" * 12
    rows = none * 2 + "01000000002000" + none + "01000000001000" + none + "01000000004000"
    assert "60F0F5F3" + "00010005" + rows in result
    assert "04000000007000" in result
    assert heard[-1] == "060F00"
    closed = ecr.ledger.lines()[-1]
    assert (closed.kind, closed.amount_minor) == ("batch_close", 7000)
    assert "04000000000000" in next(apdu for apdu in ecr.ask("065003000000") if apdu.startswith("040F"))


def test_refunds_count_against_their_brand() -> None:
    ecr = Ecr()
    ecr.ask(registration())
    ecr.ask(sale(1000))
    ecr.ask("06310D00000004000000000300490124")
    assert "02000000000700" in next(apdu for apdu in ecr.ask("065003000000") if apdu.startswith("040F"))


def test_totals_alone_close_nothing() -> None:
    ecr = Ecr()
    ecr.ask(registration())
    ecr.ask(sale(1000))
    assert "04000000001000" in ecr.ask("061003000000")[1]
    assert ecr.ledger.lines()[-1].kind == "charge"


def test_an_end_of_day_that_is_impossible_or_declined_closes_nothing() -> None:
    ecr = Ecr(Scenario(terminal=TerminalSettings(end_of_day_possible=False)))
    assert ecr.ask("065003000000") == ["800000", "061E0177"]
    ecr = Ecr(Scenario(faults=(Fault(when="host", what="decline", value=91),)))
    assert ecr.ask("065003000000")[-1] == "061E015B"
    assert ecr.ledger.lines() == ()


def test_repeat_tells_the_end_of_day_when_that_was_last_or_is_asked_for() -> None:
    ecr = Ecr()
    ecr.ask(registration())
    ecr.ask(sale(1000))
    ecr.ask("065003000000")
    assert "60F0F5F3" in ecr.ask(last_result())[1]
    ecr.ask(sale(2000))
    assert "60F0F5F3" not in ecr.ask(last_result())[1]
    assert "60F0F5F3" in ecr.ask("06200B000000" + "0303" + "06041F010104")[1]


def test_repeat_without_a_service_byte_prints_only() -> None:
    ecr = Ecr()
    ecr.ask(registration())
    ecr.ask(sale(1000))
    assert [apdu[:4] for apdu in ecr.ask("062003000000")] == ["8000", "06D3", "06D3", "060F"]


def test_nothing_stored_cannot_be_repeated() -> None:
    assert Ecr().ask(last_result()) == ["800000", "061E01FB"]


def test_a_declined_payment_leaves_the_one_before_as_the_last() -> None:
    ecr = Ecr()
    ecr.ask(registration())
    ecr.ask(sale(1000))
    before = ecr.ask(last_result())[1]
    ecr.ask(sale(1051))
    assert ecr.ask(last_result())[1] == before


# --- displays and faults ----------------------------------------------------------------------------


def test_a_text_is_shown_at_once_and_a_new_command_may_come_any_time() -> None:
    ecr = Ecr(by_hand=True)
    assert ecr.say("06E007F00AF1F0F2" + b"HI".hex()) == ["800000"]
    assert ecr.shown[-1] == ("HI",)
    assert ecr.say("050103000000", 1)[0] == "800000"


def test_a_text_has_the_german_letters_of_its_seven_bits_or_those_of_the_registered_charset() -> None:
    ecr = Ecr(by_hand=True)
    ecr.say("06E00DF0" + "00" + "F1F0F3" + b"]ck".hex() + "F2F0F2" + "8243", 1)
    assert ecr.shown[-1] == ("Ück", "éC")


def test_a_key_and_a_number_are_asked_for() -> None:
    ecr = Ecr(by_hand=True)
    ecr.say("06E107F00AF1F0F2" + b"OK".hex(), 1)
    ecr.act(Act("key", value="stop"))
    assert ecr.heard[-1] == "8000011B"
    ecr.say("06E107F00AF1F0F2" + b"OK".hex(), 1)
    ecr.act(Act("key", value="F2"))
    assert ecr.heard[-1] == "80000132"
    ecr.say("06E207F00AF1F0F2" + b"NO".hex(), 1)
    ecr.act(Act("key", value="4711"))
    assert ecr.heard[-1] == "80000434373131"
    assert ecr.say("06E107F00AF1F0F2" + b"OK".hex(), 20) == ["8000016C"]


@pytest.mark.parametrize(
    ("fault", "answers"),
    [
        (Fault(when="command", what="busy"), ["849C00"]),
        (Fault(when="command", what="silence"), []),
        (Fault(when="command", what="refuse", value=0xA0), ["84A000"]),
    ],
)
def test_faults_at_a_command(fault: Fault, answers: list[str]) -> None:
    ecr = Ecr(Scenario(faults=(fault,)))
    assert ecr.say("050103000000", 1) == answers
    assert ecr.say("050103000000", 1)[0] == "800000"


def test_a_late_answer() -> None:
    ecr = Ecr(Scenario(faults=(Fault(when="command", what="delay", seconds=3.0),)))
    assert ecr.say("050103000000", 2.9) == []
    assert ecr.say("800000", 0.2)[0] == "800000"


def test_a_silent_terminal_hears_nothing_for_its_time() -> None:
    ecr = Ecr(Scenario(faults=(Fault(when="command", what="silence", seconds=10.0),)))
    assert ecr.say("050103000000", 5) == []
    assert ecr.say("050103000000", 5) == []
    assert ecr.say("050103000000", 1)[0] == "800000"


def test_faults_can_be_planned_while_it_runs() -> None:
    ecr = Ecr()
    ecr.plan(Fault(when="command", what="busy", command="status"))
    assert ecr.ask("060200") == ["800000"]
    assert ecr.ask("050103000000") == ["849C00"]
