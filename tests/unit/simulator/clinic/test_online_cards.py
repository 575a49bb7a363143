"""A card of the hosted field, made lasting: whatever is lost, vault and clinic know of the same cards."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from protocols.moneris.messages import CofInfo, ResPurchaseCc
from simulator.acquirer.ledger import MemoryLedger
from simulator.cards import CARDS
from simulator.clinic import cards, online_cards
from simulator.clinic.clinic import Clinic, make
from simulator.clinic.database import Row, stamp
from simulator.clinic.online_cards import Given, Taken
from simulator.clinic.settings import ClinicPlan, ClinicSettings, VaultAccess
from simulator.clinic.vault_access import Vault
from simulator.declared import SettingError
from simulator.reader.opening import open_frame
from simulator.vault.certificate import make as make_certificate
from simulator.vault.desk import VaultDesk
from simulator.vault.server import VaultServer
from simulator.vault.settings import Trouble, VaultFault, VaultSettings
from tests.support.waiting import eventually

PATIENT, BROWSER = "patient-42", "browser-1"
VERIFY, ADD, TOKENIZE = "res_card_verification_cc", "res_add_token", "res_tokenize_cc"
AGREED = [
    {"text_id": name, "version": version, "language": "fr", "given": "online"}
    for name, version in (("card-on-file", "2"), ("no-show", "3"))
]
_TROUBLE: list[Trouble] = ["cut", "timed_out", "error", "http", "garbage"]
# Before it is done there is no answer to halve.
LOST = [(what, done) for done in (False, True) for what in _TROUBLE] + [("half", True)]


class Stage:
    """A clinic that is not connected to agents, and a vault over HTTPS."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ledger = MemoryLedger()
        self.desk = VaultDesk(ledger=self.ledger, opens=open_frame, settings=VaultSettings(penny=False))
        self.ca, certificate, key = make_certificate(folder / "vault", "localhost")
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate, key)
        self.server = VaultServer(self.desk, lambda: datetime.now(UTC), tls)
        self.token = folder / "api_token"
        self.token.write_text("yesguy\n", encoding="utf-8")
        self.port = 0
        self.opened: list[Clinic] = []

    def plan(self, **other: str) -> ClinicPlan:
        access = {
            "url": f"https://localhost:{self.port}",
            "store_id": "store5",
            "api_token_file": str(self.token),
            "scope": "merchant-1",
            "ca": str(self.ca),
        }
        vault = VaultAccess(**{**access, **other})
        return ClinicPlan(clinic=ClinicSettings(id="clinic-1"), vault=vault, folder=self.folder)

    def open(self, **other: str) -> tuple[Clinic, Vault]:
        clinic = make(self.plan(**other))
        assert clinic.vault is not None
        self.opened.append(clinic)
        return clinic, replace(clinic.vault, total_s=5.0)

    def given(self, card: str = "visa_second", code: str = "123", postal_code: str = "H2J1X1") -> Given:
        now = datetime.now(UTC)
        temporary = self.desk.temporary_token("store5", CARDS[card].number, "3012", code, now)
        return Given(
            browser=BROWSER, patient=PATIENT, temporary=temporary, holder="Sophie Gagnon",
            postal_code=postal_code, agreed=AGREED, no_show=True,
        )  # fmt: skip

    def fail(self, command: str, what: Trouble, *, done: bool, times: int = 1) -> None:
        self.desk.plan(
            VaultFault(when="done" if done else "received", what=what, command=command, times=times)
        )

    def tokens(self) -> list[str]:
        """What the vault's ledger holds of cards that are kept."""
        return [line.token for line in self.ledger.lines() if line.kind == "token_stored"]


@pytest_asyncio.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    made = Stage(tmp_path)
    made.port = await made.server.start("localhost")
    yield made
    await made.server.stop()
    for clinic in made.opened:
        clinic.db.close()


def on_file(clinic: Clinic) -> list[Row]:
    return cards.of_patient(clinic.db, PATIENT)


def states(clinic: Clinic) -> list[str]:
    return [row["state"] for row in clinic.db.all("SELECT state FROM online_cards ORDER BY order_id")]


async def test_a_card_is_put_on_file(stage: Stage) -> None:
    clinic, vault = stage.open()
    taken = await online_cards.take(clinic, vault, stage.given())
    (card,) = on_file(clinic)
    assert taken == Taken(card["id"])
    assert [card["token"]] == stage.tokens()
    assert (card["agent"], card["terminal"], card["scope"], card["kind"]) == (
        None, None, "merchant-1", "chargeable",
    )  # fmt: skip
    assert (card["brand"], card["last_four"], card["expiry"]) == ("Visa", "1881", "3012")
    assert (card["consent_text"], card["consent_version"], card["consent_language"]) == ("no-show", "3", "fr")
    assert [text["id"] for text in cards.consent_texts(clinic.db, card)] == ["card-on-file", "no-show"]
    assert (card["consent_given"], card["no_show_consent"], card["stored_by"]) == ("online", 1, "online")
    assert (card["avs_result"], card["cvv_result"]) == ("Z", "1M")
    assert card["network_transaction_id"]
    assert [row["what"] for row in cards.history(clinic.db, card["id"])] == ["stored"]
    (verified,) = [line for line in stage.ledger.lines() if line.kind == "verification"]
    assert verified.order == clinic.db.all("SELECT order_id FROM online_cards")[0]["order_id"]


async def test_no_row_holds_the_temporary_token_or_the_number(stage: Stage) -> None:
    clinic, vault = stage.open()
    given = stage.given()
    await online_cards.take(clinic, vault, given)
    text = json.dumps([tuple(row) for row in clinic.db.all("SELECT * FROM online_cards")])
    assert given.temporary not in text
    assert CARDS["visa_second"].number not in text


@pytest.mark.parametrize(("what", "done"), LOST)
async def test_a_lost_verification_keeps_nothing_and_can_be_tried_again(
    stage: Stage, what: Trouble, done: bool
) -> None:
    clinic, vault = stage.open()
    stage.fail(VERIFY, what, done=done)
    given = stage.given()
    assert await online_cards.take(clinic, vault, given) == Taken(why="away")
    assert (stage.tokens(), on_file(clinic), states(clinic)) == ([], [], ["not_kept"])
    assert (await online_cards.take(clinic, vault, given)).card
    assert len(stage.tokens()) == 1


@pytest.mark.parametrize(("what", "done"), LOST)
async def test_a_lost_keeping_is_asked_for_by_the_order_it_was_verified_under(
    stage: Stage, what: Trouble, done: bool
) -> None:
    clinic, vault = stage.open()
    stage.fail(ADD, what, done=done)
    taken = await online_cards.take(clinic, vault, stage.given())
    (card,) = on_file(clinic)
    assert taken == Taken(card["id"])
    assert stage.tokens() == [card["token"]]


@pytest.mark.parametrize("done", [False, True])
async def test_what_nobody_answered_is_asked_for_until_it_is_known(stage: Stage, done: bool) -> None:
    clinic, vault = stage.open()
    stage.fail(ADD, "cut", done=done)
    stage.fail(TOKENIZE, "cut", done=done, times=2)
    assert await online_cards.take(clinic, vault, stage.given()) == Taken(why="open")
    begun = online_cards.under_way(clinic.db, BROWSER, clinic.wall())
    assert begun is not None
    assert await online_cards.settle(clinic, vault, begun["order_id"]) == Taken(why="open")
    clinic.db.close()
    again, vault = stage.open()
    work = asyncio.create_task(online_cards.settle_for_ever(again, vault))
    (card,) = await eventually(lambda: on_file(again), "the card is on file after a restart")
    work.cancel()
    assert stage.tokens() == [card["token"]]
    assert states(again) == ["kept"]
    assert online_cards.under_way(again.db, BROWSER, again.wall()) is None


async def test_what_was_only_being_verified_is_let_go_at_a_restart(stage: Stage) -> None:
    clinic, vault = stage.open()
    clinic.db.add("online_cards", order_id="o-1", browser=BROWSER, patient=PATIENT, at="", known="{}")
    work = asyncio.create_task(online_cards.settle_for_ever(clinic, vault))
    await eventually(lambda: states(clinic) == ["not_kept"], "it is let go")
    work.cancel()


async def test_a_verification_without_an_answer_is_no_obstacle_for_ever(stage: Stage) -> None:
    clinic, _ = stage.open()
    now = clinic.wall()
    clinic.db.add("online_cards", order_id="o-1", browser=BROWSER, patient=PATIENT, at=stamp(now), known="{}")
    assert online_cards.under_way(clinic.db, BROWSER, now) is not None
    assert online_cards.under_way(clinic.db, BROWSER, now + timedelta(minutes=5)) is None


async def test_the_card_can_be_charged_later_by_what_is_on_file(stage: Stage) -> None:
    clinic, vault = stage.open()
    await online_cards.take(clinic, vault, stage.given())
    (card,) = on_file(clinic)
    missed = ResPurchaseCc(
        data_key=card["token"],
        order_id="missed-1",
        amount="50.00",
        crypt_type="1",
        cof_info=CofInfo(
            payment_indicator="U", payment_information="2", issuer_id=card["network_transaction_id"]
        ),
    )
    receipt = await vault.ask(missed)
    assert (receipt.response_code, receipt.trans_amount) == ("027", "50.00")


async def test_the_same_card_again_keeps_its_row(stage: Stage) -> None:
    clinic, vault = stage.open()
    first = await online_cards.take(clinic, vault, stage.given())
    assert await online_cards.take(clinic, vault, stage.given()) == first
    assert len(stage.tokens()) == 1


@pytest.mark.parametrize(("card", "code", "postal_code", "why"), [
    ("declined", "1234", "H2J1X1", "declined"),
    ("expired", "123", "H2J1X1", "expired"),
    ("visa_second", "999", "H2J1X1", "security_code"),
    ("visa_second", "123", "H0H0H0", "postal_code"),
    ("unionpay", "123", "H2J1X1", "declined"),
])  # fmt: skip
async def test_a_card_that_is_not_good_is_kept_nowhere(
    stage: Stage, card: str, code: str, postal_code: str, why: str
) -> None:
    clinic, vault = stage.open()
    taken = await online_cards.take(clinic, vault, stage.given(card, code, postal_code))
    assert (taken.card, taken.why) == (None, why)
    assert (stage.tokens(), on_file(clinic), states(clinic)) == ([], [], ["declined"])


async def test_a_token_that_is_over_is_refused(stage: Stage) -> None:
    clinic, vault = stage.open()
    taken = await online_cards.take(clinic, vault, replace(stage.given(), temporary="ot-none"))
    assert taken == Taken(why="refused")


async def test_a_lasting_token_is_never_taken_from_a_browser(stage: Stage) -> None:
    clinic, vault = stage.open()
    given = stage.given()
    assert online_cards.is_temporary(given.temporary)
    await online_cards.take(clinic, vault, given)
    (token,) = stage.tokens()
    assert not online_cards.is_temporary(token)
    assert not online_cards.is_temporary("")


@pytest.mark.parametrize("other", [
    {"ca": ""}, {"url": "https://localhost:1"}, {"store_id": "store1x"},
], ids=["not trusted", "nobody there", "wrong credentials"])  # fmt: skip
async def test_a_vault_that_is_not_to_be_had(stage: Stage, other: dict[str, str]) -> None:
    clinic, vault = stage.open(**other)
    assert await online_cards.take(clinic, vault, stage.given()) == Taken(why="away")
    assert stage.tokens() == []


async def test_a_vault_that_says_nothing_in_time(stage: Stage) -> None:
    clinic, vault = stage.open()
    stage.desk.plan(VaultFault(when="done", what="slow", seconds=60.0, command=VERIFY))
    taken = await online_cards.take(clinic, replace(vault, total_s=0.2), stage.given())
    assert taken == Taken(why="away")


def test_the_settings_of_the_vault(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    with pytest.raises(SettingError, match=r"vault\.url"):
        make(stage.plan(url="http://localhost"))
    stage.token.write_text(" ", encoding="utf-8")
    with pytest.raises(SettingError, match="api_token is empty"):
        make(stage.plan())


async def test_the_vault_does_not_show_its_credentials(stage: Stage) -> None:
    _, vault = stage.open()
    assert "yesguy" not in repr(vault)
    assert vault.entry_page("fr") == f"{vault.origin}/hpp/?id=store5&lang=fr"
