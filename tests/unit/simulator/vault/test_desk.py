"""What the desk demands of stored credentials, how it keeps cards, and what it tolerates."""

from __future__ import annotations

from dataclasses import replace

import pytest

from protocols.moneris.codec import read_receipt
from protocols.moneris.messages import Receipt, ResolveData
from simulator.acquirer.ledger import MemoryLedger
from simulator.acquirer.totals import balance, open_holds, tokens_kept
from simulator.vault.credentials_on_file import use_of, wrong_use
from simulator.vault.desk import VaultDesk
from simulator.vault.issuer import Presented, card_type, security_code_result
from simulator.vault.settings import VaultSettings
from tests.support.vault_shop import INTERAC, MASTERCARD, NOW, VISA, frame_of, opens

KNOWN = {"139X3130ASCXAS9": VISA}


class Counter:
    """A desk that is asked by hand-written XML."""

    def __init__(self, settings: VaultSettings | None = None) -> None:
        self.ledger = MemoryLedger()
        self.desk = VaultDesk(ledger=self.ledger, opens=opens, settings=settings)

    def ask(self, tag: str, inner: str = "", **fields: str) -> Receipt:
        held = "".join(f"<{name}>{value}</{name}>" for name, value in fields.items())
        document = (
            f"<request><{tag}>{inner}{held}</{tag}><api_token>yesguy</api_token>"
            "<app_version>1</app_version><store_id>store5</store_id></request>"
        )
        return read_receipt(self.desk.answer(document.encode(), NOW).reply)

    def bought(self, order: str, number: str = VISA) -> Receipt:
        return self.ask(
            "enc_track2_purchase",
            order_id=order,
            amount="20.00",
            enc_track2=frame_of(number).decode(),
            pos_code="00",
        )


def _cof(indicator: str, information: str, issuer_id: str, crypt: str) -> dict[str, str]:
    return {
        "cof_info/payment_indicator": indicator,
        "cof_info/payment_information": information,
        "cof_info/issuer_id": issuer_id,
        "crypt_type": crypt,
    }


@pytest.mark.parametrize(
    ("told", "wrong"),
    [
        (("C", "0", "", "7"), None), (("C", "", "", "1"), None), (("C", "2", "", "7"), "payment_information"),
        (("C", "0", "", "2"), "crypt_type"), (("R", "0", "", "2"), None), (("R", "0", "", "7"), "crypt_type"),
        (("U", "2", "139X3130ASCXAS9", "7"), None), (("U", "2", "139X3130ASCXAS9", "5"), "crypt_type"),
        (("U", "2", "", "7"), "issuer_id"), (("U", "2", "unknown", "7"), "issuer_id"),
        (("U", "", "139X3130ASCXAS9", "7"), "payment_information"),
        (("Z", "2", "139X3130ASCXAS9", "5"), None), (("X", "2", "", "7"), "payment_indicator"),
        (("", "", "", ""), None),
    ],
)  # fmt: skip
def test_stored_credentials_are_used_by_the_table(told: tuple[str, str, str, str], wrong: str | None) -> None:
    assert wrong_use(_cof(*told), KNOWN, VISA) == wrong


def test_an_issuers_id_belongs_to_its_card() -> None:
    assert wrong_use(_cof("U", "2", "139X3130ASCXAS9", "7"), KNOWN, MASTERCARD) == "issuer_id"
    assert use_of({"cof_info/payment_indicator": "C"}) == "C/0"
    assert use_of({}) == ""


def test_without_the_unique_format_each_store_of_a_card_is_a_new_token() -> None:
    counter = Counter()
    bought = counter.bought("A1")
    asked = {"order_id": "A1", "txn_number": bought.trans_id or ""}
    one, two = counter.ask("res_tokenize_cc", **asked), counter.ask("res_tokenize_cc", **asked)
    unique = counter.ask("res_tokenize_cc", **asked, data_key_format="0U")
    assert one.data_key != two.data_key
    assert unique.data_key in (one.data_key, two.data_key)
    counter.ask("res_delete", data_key=one.data_key or "")
    assert [line.token for line in tokens_kept(counter.ledger.lines())] == [two.data_key]


def test_the_issuers_id_is_told_when_it_is_asked_for() -> None:
    counter = Counter()
    verified = counter.ask(
        "enc_card_verification",
        "<cof_info><payment_indicator>C</payment_indicator></cof_info>",
        order_id="A1", crypt_type="7", enc_track2=frame_of(VISA).decode(),
    )  # fmt: skip
    asked = {"order_id": "A1", "txn_number": verified.trans_id or ""}
    assert counter.ask("res_tokenize_cc", **asked).issuer_id is None
    assert counter.ask("res_tokenize_cc", **asked, return_issuer_id="true").issuer_id == verified.issuer_id


def test_a_card_on_file_is_shown_masked_only() -> None:
    counter = Counter()
    bought = counter.bought("A1")
    kept = counter.ask("res_tokenize_cc", order_id="A1", txn_number=bought.trans_id or "")
    (shown,) = counter.ask("res_lookup_masked", data_key=kept.data_key or "").resolved
    assert (shown.masked_pan, shown.expdate) == ("4242***4242", "3012")


@pytest.mark.parametrize(
    ("tag", "fields"),
    [
        ("purchase", {"order_id": "A1", "amount": "20.00"}),
        ("purchase", {"order_id": "", "amount": "20.00", "pan": VISA, "expdate": "3012"}),
        ("purchase", {"order_id": "A1", "amount": "", "pan": VISA, "expdate": "3012"}),
        ("purchase", {"order_id": "A1", "amount": "5.00", "pan": "", "expdate": "3012"}),
        ("purchase", {"order_id": "A1", "amount": "5.00", "pan": "4242 4242 4242 4242", "expdate": "3012"}),
        ("purchase", {"order_id": "A1", "amount": "5.00", "pan": "4" * 20, "expdate": "3012"}),
        ("purchase", {"order_id": "A1", "amount": "5.00", "pan": VISA}),
        ("purchase", {"order_id": "A1", "amount": "5.00", "pan": VISA, "expdate": "3013"}),
        ("res_add_cc", {"cust_id": "01J", "crypt_type": "7"}),
        ("res_add_cc", {"pan": VISA[:-1] + "3", "expdate": "3012", "crypt_type": "7"}),
        ("enc_res_add_cc", {"enc_track2": frame_of(INTERAC).decode(), "crypt_type": "7"}),
        ("res_update_cc", {"data_key": "none", "note": "n"}),
        ("res_temp_add", {"pan": VISA, "expdate": "3012"}),
        ("res_temp_add", {"pan": VISA, "expdate": "3012", "duration": "901"}),
        ("purchase", {"order_id": "A1", "amount": "-5.00", "pan": VISA, "expdate": "3012"}),
        ("refund", {"order_id": "A1", "amount": "1.00", "txn_number": "1-0_0"}),
        ("completion", {"order_id": "A1", "comp_amount": "1.00", "txn_number": "1-0_0"}),
        ("purchasecorrection", {"order_id": "A1", "txn_number": "1-0_0"}),
        ("res_tokenize_cc", {"order_id": "A1", "txn_number": "1-0_0"}),
        ("res_add_token", {"data_key": "ot-none"}),
        ("ach_debit", {"order_id": "A1"}),
    ],
)
def test_what_cannot_be_done_is_refused_and_books_nothing(tag: str, fields: dict[str, str]) -> None:
    counter = Counter()
    found = counter.ask(tag, **fields)
    assert (found.response_code, found.complete) == (None, "false")
    assert found.message
    assert counter.ledger.lines() == ()


def test_visa_debit_is_told_by_the_settings() -> None:
    counter = Counter(VaultSettings(visa_debit=("4242",)))
    assert counter.bought("A1").is_visa_debit == "true"
    assert counter.bought("A2", MASTERCARD).is_visa_debit == "false"
    assert counter.bought("A3", INTERAC).card_type == "P"


@pytest.mark.parametrize(
    ("amount", "iso", "response"),
    [
        ("0.00", "00", "027"), ("0.01", "02", "483"), ("0.04", "04", "421"), ("0.05", "05", "481"),
        ("0.09", "09", "078"), ("0.14", "14", "421"), ("0.51", "51", "481"), ("0.54", "54", "482"),
        ("0.57", "57", "421"), ("9.05", "05", "481"), ("10.05", "00", "027"), ("11.00", "00", "027"),
        ("50.99", "00", "027"), ("51.00", "41", "421"), ("60.00", "41", "421"), ("61.00", "00", "027"),
        ("120.00", "54", "482"), ("130.00", "54", "482"), ("131.00", "00", "027"),
    ],
)  # fmt: skip
def test_amounts_choose_their_answer(amount: str, iso: str, response: str) -> None:
    found = Counter().ask("purchase", order_id="A1", amount=amount, pan=VISA, expdate="3012")
    assert (found.iso, found.response_code, found.trans_amount) == (iso, response, amount)


@pytest.mark.parametrize(("amount", "response"), [("0.05", "027"), ("51.00", "027"), ("0.00", None)])
def test_amounts_can_be_left_without_magic(amount: str, response: str | None) -> None:
    counter = Counter(VaultSettings(penny=False))
    found = counter.ask("purchase", order_id="A1", amount=amount, pan=VISA, expdate="3012")
    assert found.response_code == response


@pytest.mark.parametrize(
    ("number", "letters"),
    [
        (VISA, "V"), (MASTERCARD, "M"), ("2720992593319364", "M"), ("373599005095005", "AX"),
        ("36462462742008", "DC"), ("30569309025904", "DC"), ("6011111111111117", "NO"),
        ("3530111333300000", "C1"), ("6205500000000000004", "UP"), ("8171999927660000", "UP"), (INTERAC, "P"),
    ],
)  # fmt: skip
def test_who_issued_a_card_is_told_by_its_range(number: str, letters: str) -> None:
    assert card_type(number) == letters


def test_what_was_said_of_a_cardholder_is_kept_with_the_card() -> None:
    counter = Counter()
    told = {"cust_id": "01J", "phone": "514", "email": "a@b.example", "note": "n", "crypt_type": "1"}
    avs = {"avs_street_number": "12", "avs_street_name": "Rue A", "avs_zipcode": "H2X1Y4"}
    inner = "".join(f"<{name}>{text}</{name}>" for name, text in avs.items())
    kept = counter.ask("res_add_cc", f"<avs_info>{inner}</avs_info>", pan=VISA, expdate="3012", **told)
    (shown,) = counter.ask("res_lookup_masked", data_key=kept.data_key or "").resolved
    assert shown == ResolveData(masked_pan="4242***4242", expdate="3012", **told, **avs)


def test_a_frame_is_kept_without_an_order_and_its_card_is_charged() -> None:
    counter = Counter()
    issuer = "<cof_info><issuer_id>139X3130ASCXAS9</issuer_id></cof_info>"
    asked = {"enc_track2": frame_of(VISA).decode(), "device_type": "idtech_bdk", "crypt_type": "7"}
    kept = counter.ask("enc_res_add_cc", issuer, **asked)
    assert (kept.response_code, kept.res_success, kept.issuer_id) == ("001", "true", "139X3130ASCXAS9")
    charged = counter.ask(
        "res_purchase_cc", data_key=kept.data_key or "", order_id="A1", amount="20.00", crypt_type="1"
    )
    assert (charged.response_code, charged.data_key) == ("027", kept.data_key)
    assert [line.kind for line in counter.ledger.lines()] == ["token_stored", "charge"]


@pytest.mark.parametrize(
    ("amount", "kinds", "taken"),
    [
        ("20.00", ["hold", "capture"], 2000),
        ("5.00", ["hold", "capture"], 500),
        ("0.00", ["hold", "release"], 0),
    ],
)
def test_what_is_held_is_taken_once_or_let_go(amount: str, kinds: list[str], taken: int) -> None:
    counter = Counter()
    held = counter.ask("preauth", order_id="A1", amount="20.00", pan=VISA, expdate="3012", crypt_type="7")
    asked = {"order_id": "A1", "txn_number": held.trans_id or "", "crypt_type": "7"}
    assert counter.ask("refund", **asked, amount="1.00").response_code is None
    assert counter.ask("completion", **asked, comp_amount="20.01").response_code is None
    done = counter.ask("completion", **asked, comp_amount=amount)
    assert (held.trans_type, done.trans_type, done.trans_amount) == ("01", "02", amount)
    assert counter.ask("completion", **asked, comp_amount=amount).response_code is None
    assert [line.kind for line in counter.ledger.lines()] == kinds
    assert balance(counter.ledger.lines()).get("CAD", 0) == taken
    assert open_holds(counter.ledger.lines()) == ()


def test_what_was_taken_of_a_hold_is_given_back_under_the_completion() -> None:
    counter = Counter()
    frame = frame_of(VISA).decode()
    held = counter.ask("enc_preauth", order_id="A1", amount="20.00", enc_track2=frame, crypt_type="7")
    asked = {"order_id": "A1", "crypt_type": "7"}
    done = counter.ask("completion", **asked, txn_number=held.trans_id or "", comp_amount="20.00")
    back = counter.ask("refund", **asked, txn_number=done.trans_id or "", amount="20.00")
    assert back.trans_type == "04"
    assert balance(counter.ledger.lines())["CAD"] == 0


def test_a_card_on_file_is_updated_under_its_token() -> None:
    counter = Counter()
    added = counter.ask("res_add_cc", pan=VISA, expdate="3012", cust_id="01J", note="a", crypt_type="1")
    key = added.data_key or ""
    dated = counter.ask("res_update_cc", data_key=key, expdate="3111", note="b")
    assert (dated.message or "").startswith("Successfully updated cc details")
    other = counter.ask("enc_res_update_cc", data_key=key, enc_track2=frame_of(MASTERCARD).decode())
    first, second = dated.resolved[0], other.resolved[0]
    assert first == ResolveData(
        masked_pan="4242***4242", expdate="3111", cust_id="01J", note="b", crypt_type="1"
    )
    assert second == replace(first, masked_pan="5454***5454", expdate="3012")
    assert counter.ask("res_update_cc", data_key=key, expdate="3113").response_code is None
    assert counter.ask("res_update_cc", data_key=key, pan=INTERAC, expdate="3012").response_code is None
    assert counter.ask("res_lookup_masked", data_key=key).resolved == (second,)


def test_a_temporary_token_is_made_of_a_card_and_dated_when_it_is_kept() -> None:
    counter = Counter()
    made = counter.ask("res_temp_add", pan=VISA, expdate="3012", duration="900", crypt_type="7")
    assert (made.data_key or "").startswith("ot-")
    kept = counter.ask("res_add_token", data_key=made.data_key or "", expdate="3111", crypt_type="7")
    assert kept.resolved[0].expdate == "3111"
    assert counter.ask("res_add_token", data_key=made.data_key or "").response_code is None


@pytest.mark.parametrize(
    ("told", "result"),
    [
        ({"cvd_info/cvd_value": "123"}, "1M"),
        ({"cvd_info/cvd_value": "999", "cvd_info/cvd_indicator": "1"}, "1N"),
        ({"cvd_info/cvd_value": "123", "cvd_info/cvd_indicator": "2"}, "2M"),
        ({"cvd_info/cvd_indicator": "9"}, None),
    ],
)
def test_the_result_of_a_security_code_begins_with_the_indicator(
    told: dict[str, str], result: str | None
) -> None:
    assert security_code_result(Presented(VISA, "3012"), told) == result


def test_a_run_can_be_repeated() -> None:
    assert Counter().bought("A1") == Counter().bought("A1")
