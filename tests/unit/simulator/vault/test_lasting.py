"""A vault that is started again knows every order and token, and refuses a ledger that it cannot know."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from protocols.moneris.codec import read_receipt
from protocols.moneris.messages import Receipt
from simulator.acquirer.ledger import FileLedger, read
from simulator.vault.desk import VaultDesk
from simulator.vault.diary import Diary, DiaryError
from simulator.vault.settings import VaultSettings
from tests.support.vault_shop import MASTERCARD, NOW, VISA, frame_of, opens

NO_TEST_CARD = "4539578763621486"  # a right check digit and no card of the simulator's


class Process:
    """One run of a vault on the files in a folder."""

    def __init__(self, folder: Path, settings: VaultSettings | None = None) -> None:
        self.settings = settings or VaultSettings()
        self.diary = Diary(folder / "ledger.vault.jsonl", self.settings)
        self.ledger = FileLedger(folder / "ledger.jsonl")
        try:
            self.desk = VaultDesk(ledger=self.ledger, opens=opens, settings=self.settings, diary=self.diary)
        except DiaryError:
            self.ends()
            raise

    def ask(self, tag: str, *, status: bool = False, **fields: str) -> Receipt:
        held = "".join(f"<{name}>{value}</{name}>" for name, value in fields.items())
        asked = "<status_check>true</status_check>" if status else ""
        document = (
            f"<request>{asked}<{tag}>{held}</{tag}><api_token>yesguy</api_token>"
            "<app_version>1</app_version><store_id>store5</store_id></request>"
        )
        return read_receipt(self.desk.answer(document.encode(), NOW).reply)

    def bought(
        self, order: str, number: str = VISA, amount: str = "20.00", *, status: bool = False
    ) -> Receipt:
        return self.ask(
            "enc_track2_purchase",
            status=status,
            order_id=order,
            amount=amount,
            enc_track2=frame_of(number, cvv="741").decode(),
        )

    def ends(self) -> None:
        self.diary.close()
        self.ledger.close()


Starts = Callable[..., Process]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Starts]:
    running: list[Process] = []

    def again(settings: VaultSettings | None = None) -> Process:
        if running:
            running.pop().ends()
        running.append(Process(tmp_path, settings))
        return running[0]

    yield again
    for process in running:
        process.ends()


def test_orders_are_known_and_answered_as_before(start: Starts) -> None:
    before = start()
    told = {order: before.bought(order, amount=amount) for order, amount in (("A", "20.00"), ("B", "5.05"))}
    after = start()
    assert after.bought("C", MASTERCARD).trans_id != told["A"].trans_id
    for order, receipt in told.items():
        found = after.bought(order, status=True)
        assert found.status_message == "found"
        assert (found.iso, found.auth_code, found.reference_num) == (
            receipt.iso, receipt.auth_code, receipt.reference_num,
        )  # fmt: skip
        assert "duplicate order id" in (after.bought(order).message or "")


def test_cards_are_kept_and_money_can_be_given_back(start: Starts) -> None:
    before = start()
    bought = before.bought("A")
    kept = before.ask("res_tokenize_cc", order_id="A", txn_number=bought.trans_id or "", cust_id="c-7")
    after = start()
    charged = after.ask(
        "res_purchase_cc", data_key=kept.data_key or "", order_id="B", amount="30.00", crypt_type="1"
    )
    assert charged.iso == "00"
    assert after.ask("refund", order_id="A", txn_number=bought.trans_id or "", amount="20.00").iso == "00"
    assert [line.kind for line in after.ledger.lines()] == ["charge", "token_stored", "charge", "refund"]
    again = start()
    assert again.ask("refund", order_id="A", txn_number=bought.trans_id or "", amount="0.01").iso is None


def test_a_temporary_token_outlives_a_restart(start: Starts) -> None:
    token = start().desk.temporary_token("store5", VISA, "3012", "123", NOW)
    assert start().ask("res_add_token", data_key=token, crypt_type="7").res_success == "true"


def test_no_number_and_no_security_code_is_written(start: Starts, tmp_path: Path) -> None:
    process = start()
    process.bought("A")
    process.desk.temporary_token("store5", MASTERCARD, "3012", "741", NOW)
    path = tmp_path / "ledger.vault.jsonl"
    written = path.read_text(encoding="utf-8")
    assert path.stat().st_mode & 0o777 == 0o600
    assert '"card": "wallet"' in written
    assert [number for number in (VISA, MASTERCARD, "741") if number in written] == []


def test_only_test_cards_are_taken(start: Starts) -> None:
    process = start()
    assert "only test cards" in (process.bought("A", NO_TEST_CARD).message or "")
    with pytest.raises(ValueError, match="number"):
        process.desk.temporary_token("store5", NO_TEST_CARD, "3012", "", NOW)
    assert len(start().ledger.lines()) == 0


def test_what_was_asked_and_not_booked_is_booked_at_the_start(start: Starts, tmp_path: Path) -> None:
    start().bought("A")
    booked = read(tmp_path / "ledger.jsonl")
    (tmp_path / "ledger.jsonl").write_bytes(b"")  # the process ended between the two files
    after = start()
    assert after.ledger.lines() == booked
    assert after.bought("A", status=True).status_message == "found"


def test_a_ledger_of_which_nothing_is_remembered_is_refused(start: Starts, tmp_path: Path) -> None:
    start().bought("A")
    (tmp_path / "ledger.vault.jsonl").unlink()
    with pytest.raises(DiaryError, match=r"the ledger holds store5-1 .charge., of which .* does not tell"):
        start()


def test_a_diary_beside_another_ledger_is_refused(start: Starts, tmp_path: Path) -> None:
    process = start()
    process.bought("A")
    process.bought("B")
    path = tmp_path / "ledger.jsonl"
    first = path.read_bytes()
    path.write_bytes(b"")
    with pytest.raises(DiaryError, match="tells of a charge for order 'A'; the ledger ends before it"):
        start()
    path.write_bytes(first.replace(b'"order": "A"', b'"order": "Z"'))
    with pytest.raises(DiaryError, match="the ledger has store5-1 in its place"):
        start()


def test_other_settings_are_refused_where_answers_depend_on_them(start: Starts) -> None:
    start().bought("A")
    start(VaultSettings(temporary_s=5.0))
    with pytest.raises(DiaryError, match="begun with other settings: penny, seed"):
        start(VaultSettings(penny=False, seed=4))


@pytest.mark.parametrize("text", ["nonsense\n", "no line", '{"vault": {}}\n{"at": 1}\n', "[]\n"])
def test_a_file_that_is_no_diary_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "other.jsonl"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DiaryError, match=r"other\.jsonl"):
        Diary(path, VaultSettings())


def test_two_vaults_do_not_share_a_diary(tmp_path: Path) -> None:
    first = Diary(tmp_path / "one.jsonl", VaultSettings())
    with pytest.raises(DiaryError, match="another vault uses it"):
        Diary(tmp_path / "one.jsonl", VaultSettings())
    first.close()


def test_a_torn_last_line_was_never_acted_upon(start: Starts, tmp_path: Path) -> None:
    start().bought("A")
    path = tmp_path / "ledger.vault.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"at": "2026-')
    assert start().bought("A", status=True).status_message == "found"
    assert path.read_bytes() == whole
