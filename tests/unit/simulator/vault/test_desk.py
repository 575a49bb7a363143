"""What the desk demands of stored credentials, how it keeps cards, and what it tolerates."""

from __future__ import annotations

import pytest

from protocols.moneris.codec import read_receipt
from protocols.moneris.messages import Receipt
from simulator.acquirer.ledger import MemoryLedger
from simulator.acquirer.totals import tokens_kept
from simulator.vault.credentials_on_file import use_of, wrong_use
from simulator.vault.desk import VaultDesk
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
        ("purchase", {"order_id": "A1", "amount": "0.00", "pan": VISA, "expdate": "3012"}),
        ("purchase", {"order_id": "A1", "amount": "-5.00", "pan": VISA, "expdate": "3012"}),
        ("refund", {"order_id": "A1", "amount": "1.00", "txn_number": "1-0_0"}),
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


def test_amounts_can_be_left_without_magic() -> None:
    counter = Counter(VaultSettings(penny=False))
    found = counter.ask("purchase", order_id="A1", amount="0.05", pan=VISA, expdate="3012")
    assert found.response_code == "027"


def test_a_run_can_be_repeated() -> None:
    assert Counter().bought("A1") == Counter().bought("A1")
