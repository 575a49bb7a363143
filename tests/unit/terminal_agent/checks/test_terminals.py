"""A terminal greeted over a null modem; its session says what a test wants."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from drivers.memory_port import NullModem
from protocols.core.facts import Orphan
from protocols.core.outcomes import TerminalRecord
from protocols.core.session import (
    Alert,
    Capabilities,
    Cause,
    Effect,
    Greet,
    Link,
    Open,
    Opened,
    Peer,
    Persist,
    Phase,
    Status,
    Tell,
)
from terminal_agent.checks import terminals
from terminal_agent.checks.findings import Finding
from terminal_agent.checks.terminals import check_terminal, open_operations
from terminal_agent.clock import SystemClock
from terminal_agent.journal.facts import Change
from terminal_agent.journal.port import Reader
from terminal_agent.journal.sqlite import open_journal
from terminal_agent.settings import Terminal
from tests.support.operations import sale_row
from tests.support.reader_shop import Remains
from tests.support.scripted_session import Script, ScriptedSession
from tests.support.virtual_clock import run_virtual
from tests.support.virtual_counter import VirtualUsb, VirtualVault
from tests.unit.terminal_agent.checks.test_local import NOW, state
from tests.unit.terminal_agent.settings.samples import minimal, one_terminal, read
from tests.unit.terminal_agent.terminal.test_lanes import READER

PEER = Peer("/dev/pts/5", terminal_id="12345678", software="1.2")
CAN = Capabilities(operations=frozenset({"sale", "refund"}), recovery="last", identity="wire")


def tells(*after_opening: Effect) -> Script:
    """Open when greeted, then these effects."""

    def script(cause: Cause) -> tuple[Effect, ...]:
        if isinstance(cause, Greet):
            return (Tell(Status(Phase.GREETING, "greeting")), Open(Link("terminal", 1)))
        return after_opening if isinstance(cause, Opened) else ()

    return script


def look(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: Script, extra: str = "") -> Finding:
    """What the check finds of a terminal whose session follows the script."""
    monkeypatch.setattr(
        terminals, "endpoints_of", lambda _terminal: {"terminal": lambda: NullModem().end("a")}
    )
    terminal: Terminal = read(tmp_path, minimal() + one_terminal(extra)).terminals[0]
    return run_virtual(check_terminal(terminal, 0, lambda _terminal: ScriptedSession(script)))


def test_one_that_answers_is_identified(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ready = Tell(Status(Phase.IDLE, "idle", PEER, CAN))
    finding = look(monkeypatch, tmp_path, tells(Tell(Alert("garbage")), ready), 'identity = "12345678"')
    assert (finding.level, finding.text) == ("ok", "answers at /dev/pts/5, it is 12345678")
    assert finding.facts["operations"] == ["refund", "sale"]


def test_one_that_is_not_pinned_yet_gets_the_line_to_paste(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    finding = look(monkeypatch, tmp_path, tells(Tell(Status(Phase.IDLE, "idle", PEER, CAN))))
    assert finding.text.endswith('pin it with identity = "12345678"')


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        (Status(Phase.UNFIT, "wrong_terminal", PEER, CAN), "wrong_terminal", "answers but cannot be used"),
        (Status(Phase.DOWN, "port_busy: held by minicom"), "port_busy", "cannot be reached: port_busy"),
        (
            Status(Phase.DOWN, "reset: it broke the connection"),
            "reset",
            "if the agent or a till is connected",
        ),
    ],
)
def test_one_that_cannot_be_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, status: Status, code: str, said: str
) -> None:
    finding = look(monkeypatch, tmp_path, tells(Tell(status)))
    assert (finding.level, finding.code) == ("failed", code)
    assert said in finding.text


def test_one_that_says_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    finding = look(monkeypatch, tmp_path, tells(Tell(Status(Phase.GREETING, "still"))))
    assert (finding.level, finding.code) == ("failed", "silent")


def test_a_result_for_nobody_is_not_taken_from_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    finding = look(monkeypatch, tmp_path, tells(Persist(1, Orphan(TerminalRecord({"receipt": "1"})))))
    assert finding.level == "failed"
    assert "only the agent can keep; start the agent" in finding.text


def test_one_with_open_operations_is_left_alone(tmp_path: Path) -> None:
    terminal = read(tmp_path, minimal() + one_terminal()).terminals[0]
    finding = run_virtual(check_terminal(terminal, 2))
    assert (finding.level, finding.code) == ("warning", "operations_open")


# --- a reader with its vault --------------------------------------------------------------------------


def reader_found(
    monkeypatch: pytest.MonkeyPatch, *, reader: bool = True, vault: bool = True, identity: str | None = None
) -> Finding:
    """What the check finds at a virtual reader and a virtual vault; either may be away."""

    async def main() -> Finding:
        remains = Remains()
        usb, far = VirtualUsb(remains.device), VirtualVault(remains.desk)
        far.away = not vault
        if not reader:
            usb.unplug()
        monkeypatch.setattr(
            terminals, "endpoints_of", lambda _terminal: {"reader": usb.endpoint, "gateway": far.endpoint}
        )
        return await check_terminal(READER.model_copy(update={"identity": identity}), 0)

    return run_virtual(main())


def test_a_reader_with_its_vault_is_identified_by_its_serial_number(monkeypatch: pytest.MonkeyPatch) -> None:
    finding = reader_found(monkeypatch)
    assert (finding.level, finding.code) == ("ok", "ok")
    assert finding.text.endswith('pin it with identity = "T134000064"')
    assert reader_found(monkeypatch, identity="T134000064").text == "answers at usb:1-1, it is T134000064"


@pytest.mark.parametrize(
    ("away", "code", "said"),
    [
        ("vault", "vault_unreachable", "nobody listens at the vault's address"),
        ("reader", "reader_away", "no such reader is plugged in"),
        ("serial", "wrong_device", "T134000064 is plugged in, T9 is expected"),
    ],
)
def test_the_part_that_fails_is_named(
    monkeypatch: pytest.MonkeyPatch, away: str, code: str, said: str
) -> None:
    finding = reader_found(
        monkeypatch,
        reader=away != "reader",
        vault=away != "vault",
        identity="T9" if away == "serial" else None,
    )
    assert (finding.level, finding.code) == ("failed", code)
    assert said in finding.text


def taken(n: int, terminal: str, reader: Reader) -> Change:
    """An accepted sale of this terminal."""
    return Change(row=sale_row(reader, NOW, n, terminal), at=NOW)


async def test_open_operations_are_counted_per_terminal(tmp_path: Path) -> None:
    settings = read(tmp_path, minimal())
    assert open_operations(settings) == {}
    journal = await open_journal(state(tmp_path) / "journal.sqlite3", SystemClock())
    for n, terminal in enumerate(("a", "a", "b")):
        await journal.transact(partial(taken, n, terminal))
    assert open_operations(settings) == {"a": 2, "b": 1}
    await journal.aclose()


def test_with_a_journal_that_cannot_be_read_no_terminal_is_greeted(tmp_path: Path) -> None:
    settings = read(tmp_path, minimal() + one_terminal())
    assert open_operations(settings) == {}, "none yet, none open"
    (state(tmp_path) / "journal.sqlite3").write_text("no journal " * 100, encoding="utf-8")
    assert open_operations(settings) is None
    finding = run_virtual(check_terminal(settings.terminals[0], None))
    assert (finding.level, finding.code) == ("warning", "operations_unknown")
