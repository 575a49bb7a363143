"""The dialogue that is replayed: a greeting, and a sale at a terminal that needs no time to think.

Byte scripts, made once: neither the peer nor the floor decodes anything while it is measured. Our side is
what the agent itself puts on the wire; the terminal's answers are written out (PA00P015 ch. 2 and 3).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from protocols.core.operations import Sale
from protocols.core.values import Money
from protocols.zvt import requests
from protocols.zvt.codec import encode
from protocols.zvt.data_objects import Message
from protocols.zvt.framing import ACK, serial_frame
from protocols.zvt.options import ZvtOptions

AMOUNT_MINOR = 1250
_OPTIONS = ZvtOptions()
_OK = serial_frame(bytes.fromhex("800000"))
_COMPLETION = serial_frame(bytes.fromhex("060F00"))
_REGISTERED = serial_frame(bytes.fromhex("060F0C190029525002954901240600"))
_INSERT_CARD = serial_frame(bytes.fromhex("04FF010A"))


@dataclass(frozen=True, slots=True)
class Step:
    """The ECR writes `acknowledgement`, makes `commits` durable writes, writes `message`; once the terminal
    has both whole, it writes `answer` in one piece."""

    acknowledgement: bytes
    message: bytes
    answer: bytes
    commits: int = 0

    @property
    def ours(self) -> bytes:
        """All that the ECR writes."""
        return self.acknowledgement + self.message


def _status(receipt: str, amount_minor: int) -> bytes:
    """A 04 0F: result 27, amount 04, currency 49, trace 0B, receipt 87, turnover 88, terminal 29."""
    body = f"270004{amount_minor:012d}4901240B00{receipt}87{receipt}8800{receipt}2952500295"
    return serial_frame(bytes.fromhex(f"040F{len(body) // 2:02X}{body}"))


def _ours(message: Message) -> bytes:
    return serial_frame(encode(message))


def _errand(command: bytes, *said: bytes) -> list[Step]:
    """A command of ours, and what the terminal says while it leads: each of its frames is acknowledged and
    answered, and our answer is acknowledged together with what comes next."""
    steps = [Step(b"", command, ACK + _OK), Step(ACK, b"", said[0])]
    steps += [Step(ACK, _OK, ACK + frame) for frame in said[1:]]
    return [*steps, Step(ACK, _OK, ACK)]


def _committing(steps: list[Step], *places: int) -> list[Step]:
    return [replace(step, commits=int(place in places)) for place, step in enumerate(steps)]


_ENQUIRY = _ours(requests.status_enquiry(_OPTIONS))
_LAST = _ours(requests.last_result(_OPTIONS))
_PAYMENT = _ours(requests.command_for(Sale(operation_id="0" * 26, amount=Money(AMOUNT_MINOR)), _OPTIONS))

GREETING = tuple(_errand(_ours(requests.registration(_OPTIONS)), _REGISTERED))
_NOTES = [
    # The command is taken.
    *_committing(_errand(_ENQUIRY, _COMPLETION), 0),
    *_errand(_LAST, _status("0041", 999), _COMPLETION),
]
SALE = (
    *_NOTES,
    # Committed; taken by the terminal; result seen.
    *_committing(_errand(_PAYMENT, _INSERT_CARD, _status("0042", AMOUNT_MINOR), _COMPLETION), 0, 1, 3),
)
WORK_STEP = len(_NOTES)  # its message is the payment itself
LAST_STEP = len(SALE) - 2  # its answer ends with the terminal's last word, 06 0F
COMMITS_BEFORE_FIRST_BYTE = SALE[0].commits
COMMITS_BEFORE_OUTCOME = sum(step.commits for step in SALE) + 1  # and the outcome itself
SCRIPTS = {script[0].message[2:4]: script for script in (GREETING, SALE)}
