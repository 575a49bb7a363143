"""No card number reaches the journal's file, whatever is written into it. Public test numbers only."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from protocols.core.facts import Mark, Receipt
from protocols.core.outcomes import Approved, Evidence, TerminalRecord
from protocols.core.values import Money
from terminal_agent.journal.facts import Change, NewEvent, OrphanRow
from terminal_agent.journal.sqlite import open_journal
from terminal_agent.tripwire.alarm import Alarm
from tests.support.clock import FakeClock
from tests.support.operations import sale_row

VISA = "4111111111111111"
TERMINALS_WORD = Approved(
    evidence=Evidence("dialogue", seen={"text": VISA}),
    keys={"receipt": "0007", "reference": f"66{VISA}"},
    money="charged",
    amount=Money(1000),
    terminal_text=f"Karte {VISA}",
)


def written_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir())


async def test_every_column_is_masked_told_of_and_can_be_read_back(tmp_path: Path) -> None:
    alarm, told = Alarm(), []
    alarm.connect(lambda code, details: told.append((code, details["where"])))
    clock = FakeClock()
    journal = await open_journal(tmp_path / "journal.sqlite", clock, guard=alarm.guard("journal"))
    row = replace(
        await journal.read(lambda reader: sale_row(reader, clock.wall())),
        state="approved",
        actor=VISA,
        outcome=TERMINALS_WORD,
        receipts=(Receipt("customer", (f"Nr {VISA}",)),),
    )
    record = TerminalRecord({"text": VISA}, Money(1000))
    await journal.transact(
        lambda _reader: Change(
            row=row,
            mark=Mark(row.id, 1, "committed", {"note": VISA}),
            orphan=OrphanRow("t1", clock.wall(), record),
            events=(NewEvent("operation", f'{{"text":"{VISA}"}}', "t1", row.id),),
        )
    )
    kept = await journal.read(lambda reader: reader.operation(row.id))
    marks = await journal.read(lambda reader: reader.marks(row.id))
    await journal.aclose()
    assert kept is not None
    assert isinstance(kept.outcome, Approved)
    assert kept.outcome.terminal_text == "Karte ************1111"
    assert kept.outcome.keys["reference"] == f"66{VISA}", "its own shape in its own field"
    assert marks[0].keys == {"note": "************1111"}
    assert {where for _, where in told} == {
        f"journal {column}" for column in ("actor", "outcome", "receipts", "keys", "record", "event")
    }
    data = written_in(tmp_path)
    assert data.count(VISA.encode()) == data.count(f"66{VISA}".encode())
