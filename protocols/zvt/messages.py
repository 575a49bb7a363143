"""Every ZVT command that we speak or understand, one frozen dataclass each.

Source: PA00P015 rev 13.08, chapter 2 for commands of the ECR, chapter 3 for those of the terminal.
The number of a command is its class and instruction, as printed: 0x0601. `codec` turns them into APDUs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from protocols.zvt.data_objects import DataObjects, Message, TlvCarrier
from protocols.zvt.tlv import find

# --- ECR to terminal --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Guarded(DataObjects):
    """A command that begins with the password: six digits, 000000 or 123456 as shipped."""

    password: str = field(default="000000", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration(_Guarded):
    """06 00: `config` is the configuration byte, `currency` the one that all amounts are in."""

    command: ClassVar[int] = 0x0600
    config: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorization(DataObjects):
    """06 01: take a payment."""

    command: ClassVar[int] = 0x0601


@dataclass(frozen=True, slots=True, kw_only=True)
class LogOff(Message):
    """06 02: the terminal forgets the registration. Only answered, never completed."""

    command: ClassVar[int] = 0x0602


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatReceipt(_Guarded):
    """06 20: tell the last transaction again; `service` 03 sends its status and prints nothing."""

    command: ClassVar[int] = 0x0620


@dataclass(frozen=True, slots=True, kw_only=True)
class Preauthorisation(DataObjects):
    """06 22: hold an amount."""

    command: ClassVar[int] = 0x0622


@dataclass(frozen=True, slots=True, kw_only=True)
class PartialReversal(DataObjects):
    """06 23: book a held amount by giving back what was not used (`amount_minor`).

    With `receipt` FFFF and nothing else it asks for the open pre-authorisations.
    """

    command: ClassVar[int] = 0x0623


@dataclass(frozen=True, slots=True, kw_only=True)
class BookTotal(DataObjects):
    """06 24: book a held amount; `amount_minor` is what is charged."""

    command: ClassVar[int] = 0x0624


@dataclass(frozen=True, slots=True, kw_only=True)
class PreauthReversal(DataObjects):
    """06 25: release a held amount."""

    command: ClassVar[int] = 0x0625


@dataclass(frozen=True, slots=True, kw_only=True)
class Reversal(_Guarded):
    """06 30: undo the payment with this `receipt` number."""

    command: ClassVar[int] = 0x0630


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund(_Guarded):
    """06 31: give money back."""

    command: ClassVar[int] = 0x0631


@dataclass(frozen=True, slots=True, kw_only=True)
class EndOfDay(_Guarded):
    """06 50: settle the day's turnover."""

    command: ClassVar[int] = 0x0650


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis(DataObjects):
    """06 70: test the line to the host; tag 1B chooses the kind."""

    command: ClassVar[int] = 0x0670


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfTest(DataObjects):
    """06 79: test the terminal itself."""

    command: ClassVar[int] = 0x0679


@dataclass(frozen=True, slots=True, kw_only=True)
class SetClock(_Guarded):
    """06 91: set the terminal's clock by `date_yymmdd` and `time_hhmmss`."""

    command: ClassVar[int] = 0x0691


@dataclass(frozen=True, slots=True, kw_only=True)
class Initialisation(_Guarded):
    """06 93: fetch keys and parameters from the host."""

    command: ClassVar[int] = 0x0693


@dataclass(frozen=True, slots=True, kw_only=True)
class Abort(DataObjects):
    """06 B0: stop what is going on. Only answered; the outcome is still to be read."""

    command: ClassVar[int] = 0x06B0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadCard(DataObjects):
    """06 C0: read a card without paying; its status information ends it. 1F15 asks for a token."""

    command: ClassVar[int] = 0x06C0
    timeout_s: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusEnquiry(DataObjects):
    """05 01: ask how the terminal is. `password` is absent in the short form."""

    command: ClassVar[int] = 0x0501
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherCommand(DataObjects):
    """A command that we know by name (`codes.COMMAND_NAMES`) and that is made of BMPs, but never send."""

    code: int
    password: str | None = field(default=None, repr=False)


# --- terminal to ECR --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class SetEcrClock(DataObjects):
    """04 01: the terminal tells the time: `date_yymmdd`, `time_hhmmss`."""

    command: ClassVar[int] = 0x0401


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusInformation(DataObjects):
    """04 0F: the result of a transaction. The terminal books when we acknowledge it."""

    command: ClassVar[int] = 0x040F


@dataclass(frozen=True, slots=True, kw_only=True)
class IntermediateStatus(TlvCarrier):
    """04 FF: what the terminal waits for. `timeout_minutes` is a new T4 when not None."""

    command: ClassVar[int] = 0x04FF
    status: int
    timeout_minutes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion(DataObjects):
    """06 0F: the end of a dialogue, and mastership back. After a status enquiry it holds
    `terminal_status` and perhaps `software`; after a registration `payment_type` is the status byte."""

    command: ClassVar[int] = 0x060F
    terminal_status: int | None = None
    software: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AbortedByTerminal(DataObjects):
    """06 1E: the end of a dialogue that did not succeed. `result_code` is None when none came;
    `currency` is the one that the terminal wants when the result is 6F."""

    command: ClassVar[int] = 0x061E

    @property
    def open_receipts(self) -> tuple[str, ...]:
        """The receipt numbers of open pre-authorisations, asked for by 06 23: BMP 87, FFFF for none, and the
        tags 08 inside 23, without repetition."""
        opened = find(self.tlv, 0x23)
        listed = [entry.digits for entry in opened.children if entry.tag == 0x08] if opened else []
        told = [self.receipt] if self.receipt not in (None, "FFFF") else []
        return tuple(dict.fromkeys((*told, *listed)))


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintLine(TlvCarrier):
    """06 D1: one line for the printer; `attribute` FF: `text` is one character, the number of
    line feeds. Card numbers in the text are masked."""

    command: ClassVar[int] = 0x06D1
    attribute: int
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintBlock(TlvCarrier):
    """06 D3: a block of lines, in `print_lines`. Card numbers in them are masked."""

    command: ClassVar[int] = 0x06D3


# --- either way -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Positive(Message):
    """80 00: the command was taken. `data` is there in answers to key or number input."""

    command: ClassVar[int] = 0x8000
    data: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Negative(Message):
    """84 xx: refused with error `code`. To a status information 00 means accepted, 9C please
    repeat, 9D goods in part (BMP 04 in `data`)."""

    command: ClassVar[int] = 0x8400
    code: int
    data: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opaque(Message):
    """Anything else: a vendor's command, or one that we do not read. `code` is class and instruction."""

    code: int
    data: bytes = field(default=b"", repr=False)
