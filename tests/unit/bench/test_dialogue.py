"""The replayed dialogue: what the two byte scripts have to agree on."""

from __future__ import annotations

from protocols.core.framing import Control, Frame
from protocols.zvt.framing import SerialFramer
from tests.bench.dialogue import COMMITS_BEFORE_FIRST_BYTE, COMMITS_BEFORE_OUTCOME, LAST_STEP, SALE, WORK_STEP


def words(data: bytes) -> list[str]:
    """A script's bytes: commands by their code, control bytes by name."""
    told = []
    for finding in SerialFramer().feed(data):
        assert isinstance(finding, Control | Frame)
        told.append(finding.kind if isinstance(finding, Control) else finding.body[:2].hex())
    return told


def test_the_terminal_is_asked_then_paid_and_has_the_last_word() -> None:
    commands = [words(step.message)[0] for step in SALE if step.message]
    assert [code for code in commands if code != "8000"] == ["0501", "0620", "0601"]
    assert words(SALE[WORK_STEP].message) == ["0601"]
    assert words(SALE[LAST_STEP].answer) == ["ack", "060f"]


def test_every_frame_is_acknowledged_by_the_other_side() -> None:
    ours = words(b"".join(step.ours for step in SALE))
    theirs = words(b"".join(step.answer for step in SALE))
    for one, other in ((ours, theirs), (theirs, ours)):
        assert one.count("ack") == sum(word != "ack" for word in other)


def test_there_is_a_commit_for_each_fact_of_a_sale() -> None:
    assert COMMITS_BEFORE_FIRST_BYTE == 1
    assert COMMITS_BEFORE_OUTCOME == 5
