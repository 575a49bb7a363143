"""The end of a transaction: 04 0F, the prints, the commit, and 06 0F or 06 1E (PA00P015 ch. 2.2.8)."""

from __future__ import annotations

from protocols.zvt import messages as zvt
from simulator.zvt import booking, prompts
from simulator.zvt.cardwork import ABORTED, remove_card
from simulator.zvt.console import Console
from simulator.zvt.printing import print_transaction, prints_to_ecr
from simulator.zvt.records import refusal, status_information
from simulator.zvt.script import Answer, LinkLostError, Script
from simulator.zvt.state import Transaction

_WAIT, _PARTIAL = 0x9C, 0x9D
_REPEAT_S = 2.0  # between two 04 0F while the ECR answers 84 9C
_AMOUNT_TAG, _AMOUNT_BYTES = 0x04, 6


def conclude(console: Console, transaction: Transaction) -> Script[None]:
    """Tell an approved transaction, book it as the ECR answers, and end the dialogue."""
    console.show(prompts.text(prompts.APPROVED, console.language), code=prompts.APPROVED)
    faults = yield from console.moment("before_result")
    booking.prepare(console, transaction)
    repeats = sum(fault.what == "repeat_result" for fault in faults)
    try:
        verdict = yield from _deliver(console, transaction, repeats)
    except LinkLostError:
        booking.settle(console, transaction, "unacknowledged")
        raise
    booking.settle(console, transaction, verdict)
    if not prints_to_ecr(console):
        yield from _paper(console, transaction, verdict)
    if verdict == "acknowledged":
        yield from console.moment("booked")
        yield from complete(console)
    elif verdict == "refused_by_ecr":
        yield from console.status(prompts.AUTO_REVERSAL)
        yield from console.say(zvt.StatusInformation(result_code=ABORTED))
        yield from end_in_vain(console, ABORTED)
    # unacknowledged: nobody listens, the terminal falls back to rest without a word


def refuse(console: Console, transaction: Transaction, code: int) -> Script[None]:
    """Tell that it came to nothing: 04 0F with the result, then 06 1E. Nothing is stored."""
    shown = prompts.ABORTED if code == ABORTED else prompts.DECLINED
    console.show(prompts.text(shown, console.language), code=shown)
    yield from remove_card(console)
    yield from console.moment("before_result")
    yield from console.say(refusal(console, transaction, code), sent="result_sent")
    yield from end_in_vain(console, code)


def complete(console: Console, message: zvt.Completion | None = None) -> Script[None]:
    """06 0F: the dialogue is over and the ECR is master again."""
    yield from _last_word(console, message or zvt.Completion())


def end_in_vain(console: Console, code: int, message: zvt.AbortedByTerminal | None = None) -> Script[None]:
    """06 1E."""
    yield from _last_word(console, message or zvt.AbortedByTerminal(result_code=code))


def _last_word(console: Console, message: zvt.Completion | zvt.AbortedByTerminal) -> Script[None]:
    console.closing = True
    yield from console.say(message)
    yield from console.moment("completed")


def _deliver(console: Console, transaction: Transaction, repeats: int) -> Script[booking.Verdict]:
    """04 0F until the ECR accepts or refuses it, then the prints."""
    message = status_information(console, transaction)
    answer = yield from _tell(console, message)
    for _ in range(repeats):
        answer = (yield from console.say(message)) or answer
    if answer is None:
        return "unacknowledged"
    if answer.code == _PARTIAL:
        _issue_in_part(transaction, answer)
    elif answer.code != 0:
        return "refused_by_ecr"
    if not prints_to_ecr(console):
        return "acknowledged"  # booked at once: nothing else is to be acknowledged
    yield from console.moment("result_acked")
    printed = yield from print_transaction(console, transaction)
    return "acknowledged" if printed else "unacknowledged"


def _paper(console: Console, transaction: Transaction, verdict: booking.Verdict) -> Script[None]:
    """With no prints for the ECR the money is booked already when these moments come."""
    if verdict == "acknowledged":
        yield from console.moment("result_acked")
        yield from print_transaction(console, transaction)


def _tell(console: Console, message: zvt.StatusInformation) -> Script[Answer | None]:
    """Send 04 0F; as long as the ECR says 84 9C, again after 2 s, up to BMP 02 times (default: for ever)."""
    request = console.request
    within = float(request.goods_timeout_s) if request is not None and request.goods_timeout_s else None
    left = request.max_status if request is not None else None
    while True:
        answer = yield from console.say(message, within, sent="result_sent")
        left = None if left is None else left - 1
        if answer is None or answer.code != _WAIT or left == 0:
            return answer
        yield from console.pause(_REPEAT_S)


def _issue_in_part(transaction: Transaction, answer: Answer) -> None:
    """84 9D 07 04 amount: the ECR gave out goods for less (ch. 2.2.8)."""
    data = answer.data
    if len(data) == 1 + _AMOUNT_BYTES and data[0] == _AMOUNT_TAG and data[1:].hex().isdecimal():
        transaction.amount_minor = min(transaction.amount_minor, int(data[1:].hex()))
