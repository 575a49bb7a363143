"""The judge: the only maker of a recovered outcome.

Protocols fetch what the terminal says; `judge` compares it with the marks that were written before the first
byte with an effect. Its rules, in order of proof:

* by id: the record that carries our own key, or the operation's id, decides;
* last: the terminal's last transaction is compared with the one it had before ours (the *baseline*);
* a record that agrees with the baseline, its result too, proves that ours was not booked;
* a record that agrees with the keys of a result we had seen is ours;
* the direct successor of the baseline, of our amount, is ours if the terminal stamped it, by its own clock,
  no later than `OURS_WITHIN_S` after we gave our command: before anybody can have noticed the loss and taken
  the same amount at the terminal by hand. Later than that, or where its clock was set since (`steady` False),
  nothing tells the two apart;
* a direct successor that does not stand (declined, reversed) proves that ours does not stand, whoever's
  it is: no other was stored since. What comes after an empty memory may be the second one, so that of
  another amount it proves nothing;
* an end of day is recovered by any batch record after the baseline: the day is closed, whoever closed it.

Anything else is for a human, with the evidence side by side. Never by sending again.

A mark's keys: `last.<name>` is the baseline, `baseline` is `known`, `empty` or `unreadable`, `clock` is the
terminal's clock just before our command, told `clock_after_s` seconds after the attempt's `wall`, and `at`
that of a transaction, both MMDDhhmmss (the wire has no year), and plain names (`receipt`, `trace` …) come
from a result seen; `approved` is `yes` where that was an approval. `strangers` is `yes` in what stands for
the marks of an order that another journal may have given. A record of an end of day says `kind` `batch` and
has no receipt number; what follows it directly is told by its trace number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from protocols.core.operations import Reconcile, Recover, amount_of
from protocols.core.outcomes import (
    Approved,
    Cancelled,
    Evidence,
    NotStarted,
    Outcome,
    Source,
    TerminalRecord,
    Unknown,
)
from protocols.core.stamps import passed_s

# Keys by which a transaction is told from another; `receipt` is the one that counts up by one per booking.
IDENTITY_KEYS = ("trace", "receipt", "turnover")
# Receipt numbers have four digits and start again at 0001 (ZVT BMP 87).
RECEIPT_WRAP = 9999
# Trace numbers have six (ZVT BMP 0B).
TRACE_WRAP = 999_999
# Seconds after our command within which an unseen result is believed to be ours. A patient pays in less;
# staff who miss a result, go to the terminal and type the amount there take longer.
OURS_WITHIN_S = 45


def judge(sought: Recover, seen: Sequence[TerminalRecord], source: Source, *, steady: bool = True) -> Outcome:
    """The outcome of the sought attempt, from what the terminal says now. Total: never raises."""
    if source == "by_id":
        return _by_id(sought, seen)
    if source == "late_message" and seen:
        return _adopt(seen[-1], Evidence(source, agrees=("dialogue",), seen=seen[-1].keys))
    if source == "last":
        return _by_last(sought, seen[-1] if seen else None, steady=steady)
    return _human("no_proof", Evidence(source))


def noted(sought: Recover) -> dict[str, str]:
    """All keys of the attempt's marks, later marks over earlier ones."""
    keys: dict[str, str] = {}
    for mark in sought.marks:
        keys.update(mark.keys)
    return keys


def is_baseline(sought: Recover, record: TerminalRecord) -> bool:
    """Whether this is the terminal's last transaction before the sought one, told once more."""
    return same_transaction(_baseline(noted(sought)), record.keys)


def same_transaction(ours: Mapping[str, str], theirs: Mapping[str, str]) -> bool:
    """Whether both keys are of one transaction: they share a number, and none differs."""
    return bool(_agree(ours, theirs)[0])


def _baseline(notes: Mapping[str, str]) -> dict[str, str]:
    return {key.removeprefix("last."): value for key, value in notes.items() if key.startswith("last.")}


def _by_id(sought: Recover, seen: Sequence[TerminalRecord]) -> Outcome:
    for record in seen:
        if record.keys.get("reference") in (sought.attempt.key, sought.operation_id):
            return _adopt(record, Evidence("by_id", agrees=("reference",), seen=record.keys))
    return NotStarted(code="not_booked", evidence=Evidence("by_id", differs=("reference",)))


def _by_last(sought: Recover, record: TerminalRecord | None, *, steady: bool) -> Outcome:
    notes = noted(sought)
    result_seen = any(mark.stage == "result_seen" for mark in sought.marks)
    baseline = _baseline(notes)
    if record is None:
        return _without_record(notes, result_seen)
    if result_seen and _agree(notes, record.keys)[0]:
        agrees, _ = _agree(notes, record.keys)
        return _adopt(record, Evidence("last", agrees=agrees, seen=record.keys))
    agrees, differs = _agree(baseline, record.keys)
    if agrees and not differs and _changed(baseline, record.keys):
        return _human("transaction_changed", Evidence("last", agrees, ("result",), record.keys))
    if agrees and not differs:
        return _not_booked(
            Evidence("last", agrees=tuple(f"last.{key}" for key in agrees), seen=record.keys),
            result_seen=result_seen,
        )
    if result_seen:
        return _human("another_transaction", Evidence("last", differs=IDENTITY_KEYS, seen=record.keys))
    return _successor(sought, record, notes, baseline, steady=steady)


def _changed(before: Mapping[str, str], after: Mapping[str, str]) -> bool:
    """Whether something was done to a transaction since: some terminals mark the original of a reversal."""
    return bool(before.get("result") and after.get("result") and before["result"] != after["result"])


def _without_record(notes: Mapping[str, str], result_seen: bool) -> Outcome:
    if result_seen and notes.get("approved") == "yes":
        # What it had approved it remembers, whatever became of it: its memory was lost since.
        return _human("terminal_forgot", Evidence("last", differs=("receipt",), seen=dict(notes)))
    if notes.get("baseline") == "empty":
        return _not_booked(
            Evidence("last", agrees=("last.empty",), seen=dict(notes)), result_seen=result_seen
        )
    return _human("terminal_forgot", Evidence("last", differs=("last",), seen=dict(notes)))


def _successor(
    sought: Recover,
    record: TerminalRecord,
    notes: Mapping[str, str],
    baseline: Mapping[str, str],
    *,
    steady: bool,
) -> Outcome:
    direct, not_older = (
        _follows(baseline, record.keys, notes.get("baseline")),
        _not_older(baseline, record.keys),
    )
    if isinstance(sought.operation, Reconcile):
        checks = {"kind": record.keys.get("kind") == "batch", "at": not_older}
    else:
        checks = {
            "receipt": direct or _follows_batch(baseline, record.keys),
            "amount": record.amount is not None and record.amount == amount_of(sought.operation),
            "at": steady and _in_time(notes.get("clock"), record.keys.get("at")),
        }
    evidence = Evidence(
        "last",
        agrees=tuple(name for name, fits in checks.items() if fits),
        differs=tuple(name for name, fits in checks.items() if not fits),
        seen=record.keys,
    )
    if not evidence.differs:
        return _adopt(record, evidence)
    stands = record.result is None or isinstance(record.result, Approved)
    if direct and not_older and not stands and "amount" in evidence.agrees:
        return _adopt(record, evidence)
    if direct and not_older and not stands and baseline:
        return _not_booked(evidence, result_seen=False)
    return _human("another_transaction", evidence)


def _follows(before: Mapping[str, str], after: Mapping[str, str], baseline: str | None) -> bool:
    """Whether one is the terminal's very next transaction after the other."""
    if before.get("kind") == "batch" and "receipt" not in before:
        return _next("trace", before, after, TRACE_WRAP)
    if "receipt" not in before:
        return baseline == "empty" and after.get("receipt", "").isdecimal()
    return _next("receipt", before, after, RECEIPT_WRAP)


def _follows_batch(before: Mapping[str, str], after: Mapping[str, str]) -> bool:
    """Whether it came after an end of day, which has no receipt. Traces count what was refused, too."""
    old, new = before.get("trace", ""), after.get("trace", "")
    numbers = old.isdecimal() and new.isdecimal()
    return before.get("kind") == "batch" and "receipt" not in before and numbers and int(new) > int(old)


def _next(key: str, before: Mapping[str, str], after: Mapping[str, str], wrap: int) -> bool:
    old, new = before.get(key, ""), after.get(key, "")
    return old.isdecimal() and new.isdecimal() and int(new) == int(old) % wrap + 1


def _not_older(before: Mapping[str, str], after: Mapping[str, str]) -> bool:
    """On the terminal's own clock; December to January counts as going on."""
    old, new = before.get("at"), after.get("at")
    if old is None or new is None:
        return True
    return new >= old or (old[:2] == "12" and new[:2] == "01")


def _in_time(clock: str | None, at: str | None) -> bool:
    """Whether `at` is within OURS_WITHIN_S after `clock`; False where either is not told. Whole seconds."""
    after_s = passed_s(clock, at)
    return after_s is not None and 0 <= after_s <= OURS_WITHIN_S


def _agree(ours: Mapping[str, str], theirs: Mapping[str, str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Which identity keys both sides know and agree on, and which differ; all must agree to count."""
    both = [key for key in IDENTITY_KEYS if ours.get(key) and theirs.get(key)]
    differs = tuple(key for key in both if ours[key] != theirs[key])
    agrees = tuple(key for key in both if ours[key] == theirs[key])
    return (() if differs else agrees), differs


def _adopt(record: TerminalRecord, evidence: Evidence) -> Outcome:
    if record.result is None:
        return _human("no_result", evidence)
    return replace(record.result, evidence=evidence)


def _not_booked(evidence: Evidence, *, result_seen: bool) -> Outcome:
    """Nothing stands in the terminal; after a result was seen something had begun, so it was cancelled."""
    if result_seen:
        return Cancelled(code="not_booked", evidence=evidence)
    return NotStarted(code="not_booked", evidence=evidence)


def _human(code: str, evidence: Evidence) -> Unknown:
    return Unknown(code=code, owner="human", evidence=evidence)
