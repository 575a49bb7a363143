"""The clinic's backend is killed in the middle of a capture and comes back: the card is on file once, and the
vault's ledger says the same.
"""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from simulator.cards import CARDS
from tests.support.broker import Broker
from tests.support.clinic_house import ClinicHouse, a_clinic
from tests.support.clinic_pages import (
    IN_A_BROWSER,
    LIMIT_MS,
    asked_for_card,
    operation_of,
    stands,
    start_capture,
)
from tests.support.programs import Program
from tests.support.relay import Relay, relayed
from tests.support.waiting import eventually

pytestmark = IN_A_BROWSER
STORED = "Carte enregistrée."


@dataclass
class Stage:
    """A clinic whose cable to the broker can be troubled."""

    clinic: ClinicHouse
    cable: Relay
    page: Page

    async def kill(self) -> None:
        """The backend, as a power cut would; what its cable suffered is over."""
        self.clinic.program.kill()
        self.cable.silent = self.cable.unheard = False

    async def asked_to_keep(self) -> str:
        """The newest command to keep a card, once its row is there."""

        def newest() -> str | None:
            rows = self.clinic.rows("SELECT id FROM operations WHERE answered = 0 AND op = 'store_card'")
            return rows[-1]["id"] if rows else None

        return await eventually(newest, "the command is written down")

    async def sent_to_keep(self, before: int) -> str:
        """The same, once its command has gone over the cable, which had carried so many bytes before it."""
        operation = await self.asked_to_keep()
        (row,) = self.clinic.rows("SELECT length(data) AS size FROM operations WHERE id = ?", operation)
        await eventually(lambda: self.cable.carried_up > before + row["size"], "the command has left")
        return operation

    async def told(self, operation: str) -> None:
        """Wait until the agent has told the end."""
        traffic = self.clinic.counter.house.traffic
        await eventually(
            lambda: any(
                fact["data"].get("operation_id") == operation and fact["data"].get("state") == "approved"
                for fact in traffic.facts()
            ),
            "the end is told",
        )

    def swipe(self, card: str) -> None:
        """The patient's part."""
        self.clinic.counter.reader.swipe(CARDS[card])

    async def is_kept_once(self, operation: str, card: str) -> None:
        """The clinic's records, the vault's ledger and the page say the same."""
        last_four = CARDS[card].last_four
        clinic, vault = self.clinic, self.clinic.counter.vault
        facts = await eventually(
            lambda: clinic.rows(
                "SELECT seq FROM facts WHERE json_extract(body, '$.operation_id') = ?"
                " AND json_extract(body, '$.state') = 'approved'",
                operation,
            ),
            "the fact is stored",
        )
        assert len(facts) == 1
        on_file = clinic.rows("SELECT token FROM cards WHERE last_four = ?", last_four)
        assert [one["token"] for one in on_file] == [
            line.token for line in vault.lines() if line.order == operation and line.kind == "token_stored"
        ]
        assert vault.kinds(operation) == ["verification", "token_stored"]
        history = clinic.rows("SELECT what FROM card_history WHERE operation = ?", operation)
        assert [one["what"] for one in history] == ["stored"]
        await self.page.goto(f"{clinic.address}/patients/patient-42")
        await expect(self.page.locator(".cards")).to_contain_text(f"•••• {last_four}")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(
    broker: Broker, browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stage]:
    """Everything is up."""
    async with relayed(broker.host, broker.port) as cable:
        folder = tmp_path_factory.mktemp("clinic")
        async with a_clinic(broker, folder, broker_port=cable.port) as clinic:
            yield Stage(clinic, cable, await clinic.logged_in(browser))


def freeze(program: Program) -> None:
    """It does nothing more, and its connections stay open."""
    os.killpg(program.pid, signal.SIGSTOP)


def thaw(program: Program) -> None:
    """It goes on."""
    os.killpg(program.pid, signal.SIGCONT)


async def clicked(stage: Stage) -> Locator:
    """A capture is started; nobody waits for what comes of it."""
    return await start_capture(stage.page, stage.clinic)


async def test_killed_while_a_card_is_awaited_the_open_page_comes_back(stage: Stage) -> None:
    dialog = await clicked(stage)
    await asked_for_card(stage.clinic, dialog)
    operation = await operation_of(dialog)
    await stage.kill()
    stage.swipe("visa")
    await stage.told(operation)
    await stage.clinic.start()
    await stands(dialog, "approved", STORED)
    await stage.is_kept_once(operation, "visa")


async def test_killed_before_the_command_had_left(stage: Stage) -> None:
    stage.cable.unheard = True
    await clicked(stage)
    operation = await stage.asked_to_keep()
    await stage.kill()
    assert stage.clinic.counter.house.traffic.progress(operation) == []
    await stage.clinic.start()
    await stage.clinic.progressed(operation, "awaiting_card")
    stage.swipe("mastercard")
    await stage.is_kept_once(operation, "mastercard")


async def test_killed_between_the_command_and_its_reply(stage: Stage) -> None:
    agent = stage.clinic.counter.house.agent
    freeze(agent)
    before = stage.cable.carried_up
    await clicked(stage)
    operation = await stage.sent_to_keep(before)
    await stage.kill()
    thaw(agent)
    await stage.clinic.progressed(operation, "awaiting_card")
    stage.swipe("amex")
    await stage.told(operation)
    await stage.clinic.start()
    await stage.is_kept_once(operation, "amex")


async def test_killed_before_the_fact_was_stored(stage: Stage) -> None:
    dialog = await clicked(stage)
    await asked_for_card(stage.clinic, dialog)
    operation = await operation_of(dialog)
    freeze(stage.clinic.program)
    stage.swipe("discover")
    await stage.told(operation)
    await stage.kill()
    await stage.clinic.start()
    await stage.is_kept_once(operation, "discover")


async def test_killed_before_the_fact_was_acknowledged(stage: Stage) -> None:
    clinic = stage.clinic
    dialog = await clicked(stage)
    await asked_for_card(clinic, dialog)
    operation = await operation_of(dialog)
    stage.cable.unheard = True
    stage.swipe("jcb")
    await eventually(
        lambda: clinic.rows("SELECT * FROM cards WHERE last_four = ?", CARDS["jcb"].last_four),
        "the clinic has stored it",
    )
    await stage.kill()
    await clinic.start()
    await stage.is_kept_once(operation, "jcb")
    await expect(stage.page.locator(".cards li")).to_have_count(
        len(clinic.rows("SELECT id FROM cards")), timeout=LIMIT_MS
    )
