"""A whole clinic: its backend with pages as a real process, and behind it the real agent with a terminal on a
pty and a card reader under real libusb, Mosquitto, and the vault over HTTPS.

    async with a_clinic(broker, folder) as clinic, a_browser() as browser:
        page = await clinic.logged_in(browser)
"""

from __future__ import annotations

import socket
import sqlite3
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from playwright.async_api import Browser, Page, async_playwright, expect

from simulator.reader.settings import ReaderSettings
from simulator.vault.settings import VaultSettings
from tests.support.broker import Broker, free_port
from tests.support.house import a_house
from tests.support.programs import Program
from tests.support.reader_house import READER, SCOPE, Counter, Vault, reader_desk
from tests.support.station import Plan, table
from tests.support.waiting import LIMIT_S, eventually

CHROMIUM = "/usr/bin/chromium"
# Nothing of the browser's own goes out.
_FLAGS = ("--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync")
TERMINAL = "t1"
Login = Literal["accueil", "gestion"]


class ClinicHouse:
    """`counter` is the point of service with reader and vault, `counter.house` its terminal and agent."""

    def __init__(self, counter: Counter, folder: Path, port: int, broker_port: int | None = None) -> None:
        self.counter = counter
        self._broker_port = broker_port or counter.house.broker.port
        self.folder = folder
        self.port = port
        self.database = folder / "clinic.sqlite"
        self.program = Program(
            ["-m", "simulator.cli", "clinic", "--settings", str(folder / "clinic.toml")],
            folder / "clinic.log",
        )

    @property
    def address(self) -> str:
        """Where its pages are."""
        return f"http://localhost:{self.port}"

    async def start(self) -> None:
        """Start the backend (again), and wait until it answers."""
        self.program.start()
        await eventually(self._answers, "the clinic answers")

    def configure(self) -> None:
        """Write its settings."""
        house, vault = self.counter.house, self.counter.vault
        credentials, agent = house.credentials, house.agent
        token = self.folder / "clinic-api-token"
        token.write_text("yesguy", encoding="utf-8")
        token.chmod(0o600)
        parts = [
            table(
                "[clinic]",
                {"id": agent.clinic, "address": f"localhost:{self.port}", "database": str(self.database)},
            ),
            table(
                "[broker]",
                {
                    "host": house.broker.host,
                    "port": self._broker_port,
                    "ca": str(credentials.ca),
                    "certificate": str(credentials.certificate),
                    "key": str(credentials.key),
                },
            ),
            table(
                "[vault]",
                {
                    "url": f"https://localhost:{vault.port}",
                    "store_id": "store5",
                    "api_token_file": str(token),
                    "scope": SCOPE,
                    "ca": str(vault.ca),
                },
            ),
        ]
        (self.folder / "clinic.toml").write_text("\n".join(parts), encoding="utf-8")

    def rows(self, statement: str, *values: str | int) -> list[sqlite3.Row]:
        """What its database holds."""
        with self._opened() as database:
            return database.execute(statement, values).fetchall()

    def change(self, statement: str, *values: str | int) -> None:
        """Change its records behind its back."""
        with self._opened() as database, database:
            database.execute(statement, values)

    async def desks_announced(self, point: str = "plateau") -> None:
        """Wait until the clinic has a record of both terminals, and give them to a point of service."""
        await eventually(
            lambda: len(self.rows("SELECT * FROM terminals WHERE kind <> ''")) == 2, "both are known"
        )
        for terminal, name in ((READER, "Lecteur de l'accueil"), (TERMINAL, "Terminal de l'accueil")):
            self.change("UPDATE terminals SET point = ?, name = ? WHERE terminal = ?", point, name, terminal)

    async def progressed(self, operation: str, state: str) -> None:
        """Wait until its terminal told that it has come to this state."""
        told = self.counter.house.traffic.progress
        await eventually(lambda: any(body["state"] == state for body in told(operation)), f"it is {state}")

    async def logged_in(
        self, browser: Browser, login: Login = "accueil", language: Literal["fr", "en"] = "fr"
    ) -> Page:
        """A new window in which somebody of the staff is logged in."""
        context = await browser.new_context(locale=f"{language}-CA")
        page = await context.new_page()
        await page.goto(f"{self.address}/login")
        await page.locator("[name=login]").fill(login)
        await page.locator("[name=password]").fill(login)
        await page.locator("main button").click()
        await page.wait_for_url("**/patients")
        if language == "en":
            await page.get_by_role("button", name="English").click()
        return page

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        database = sqlite3.connect(self.database, timeout=10)
        database.row_factory = sqlite3.Row
        try:
            yield database
        finally:
            database.close()

    def _answers(self) -> bool:
        assert self.program.running, self.program.said
        with socket.socket() as probe:
            return probe.connect_ex(("localhost", self.port)) == 0


@asynccontextmanager
async def a_clinic(
    broker: Broker,
    folder: Path,
    plan: Plan | None = None,
    *,
    broker_port: int | None = None,
    desks: Mapping[str, Mapping[str, Any]] | None = None,
) -> AsyncIterator[ClinicHouse]:
    """Everything is up; both terminals belong to the point of service `plateau`. `broker_port` is where the
    backend finds the broker if not at the broker itself, `desks` are further settings of the terminals."""
    port = free_port()
    settings = VaultSettings(penny=False, frame_ancestors=(f"http://localhost:{port}",))
    vault = Vault(folder / "vault", settings)
    vault.port = await vault.server.start("localhost")
    reader = reader_desk(vault, folder, {})
    # Named so that another reader of its maker is a stranger.
    reader = replace(reader, usb={**reader.usb, "pid": f"{ReaderSettings().pid:04x}"})
    # The clinic alone acknowledges facts and syncs.
    client: dict[str, Any] = {"auto_ack": False, "auto_sync": False}
    async with a_house(
        broker, folder, plan or Plan(), more_desks=[reader], desks=desks, started=False, **client
    ) as house:
        clinic = ClinicHouse(Counter(house, vault), folder, port, broker_port)
        clinic.configure()
        try:
            await clinic.start()
            await clinic.counter.start()
            await clinic.desks_announced()
            yield clinic
        except BaseException:
            print(f"--- clinic\n{clinic.program.said[-8000:]}")  # noqa: T201 - pytest shows it beside the failure
            raise
        finally:
            clinic.program.kill()
            await clinic.counter.kill()
            await vault.server.stop()


@asynccontextmanager
async def a_browser() -> AsyncIterator[Browser]:
    """Debian's Chromium, without a window. What a page is expected to show may take its time."""
    expect.set_options(timeout=LIMIT_S * 1000)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(_FLAGS))
        try:
            yield browser
        finally:
            await browser.close()
