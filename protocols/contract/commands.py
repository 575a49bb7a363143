"""What the backend may ask, one model per command. `TERMINAL` and `AGENT` list them by the topic's `{op}`.

Every command names itself (`operation_id`) and its last useful moment (`not_after`). The models hold form
only; whether a command may run now is for the agent's admission.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, Strict

from protocols.contract.fields import (
    Actor,
    AmountMinor,
    Asked,
    Currency,
    EntryMode,
    Id,
    Locale,
    Note,
    Now,
    OperationId,
    Reference,
    Timestamp,
    Token,
    ToldEpoch,
)

Purpose = Literal["appointment", "no_show", "deposit", "instalments", "membership", "balance", "recognition"]
# Which purposes charge the card later, without the patient: these need a chargeable token and a consent.
CHARGED_LATER: Mapping[Purpose, bool] = {
    "appointment": True,
    "no_show": True,
    "deposit": True,
    "instalments": True,
    "membership": True,
    "balance": True,
    "recognition": False,
}
ChargePurpose = Literal["appointment", "no_show"]
# Whether a purpose charges a stored card with the cardholder asking, or without them.
WITHOUT_CARDHOLDER: Mapping[ChargePurpose, bool] = {"appointment": False, "no_show": True}
Verdict = Literal["approved", "declined", "cancelled", "not_started"]
ConsentGiven = Literal["on_terminal", "on_paper", "in_person", "online", "by_phone"]
ReplyTo = Annotated[
    str, Field(min_length=1, max_length=255, description="backend node id, or its full reply topic")
]


class _Named(Asked):
    """What every command carries."""

    operation_id: OperationId
    issued_at: Timestamp | None = None
    locale: Locale = "fr"
    reply_to: ReplyTo | None = None


class TerminalCommand(_Named):
    """What every command to a terminal carries: also who asks, and until when it is wanted."""

    not_after: Timestamp
    actor: Actor


class AgentCommand(_Named):
    """What every command to the agent itself carries; it moves no money and may be timeless."""

    not_after: Timestamp | None = None
    actor: Actor = "backend"


class _OfAmount(TerminalCommand):
    amount_minor: AmountMinor
    currency: Currency = "CAD"


class _OfTarget(TerminalCommand):
    target_operation_id: OperationId


class Consent(Asked):
    """What the patient agreed to: which text, in which version and language, and how it was given."""

    text_id: Reference
    version: Annotated[str, Field(min_length=1, max_length=32)]
    language: Locale
    given: ConsentGiven


class Address(Asked):
    """What the card's issuer may compare, as the cardholder gave it. Never shown by the agent."""

    postal_code: Annotated[str, Field(pattern=r"^[A-Za-z0-9 -]{3,10}$")] | None = None
    street_number: Annotated[str, Field(min_length=1, max_length=19, pattern=r"^[0-9A-Za-z -]+$")] | None = (
        None
    )
    street_name: Annotated[str, Field(min_length=1, max_length=50)] | None = None


class StoreCard(TerminalCommand):
    """Read a card and return a token for it. No money moves."""

    customer: Reference
    purpose: Purpose
    consent: Consent | None = None
    address: Address | None = None
    entry_modes: Annotated[tuple[EntryMode, ...], Strict(strict=False), Field(min_length=1, max_length=4)] = (
        "insert",
        "tap",
        "swipe",
    )

    @property
    def needs_chargeable(self) -> bool:
        """Whether a token that only recognises the card would be of no use."""
        return CHARGED_LATER[self.purpose]

    @property
    def lacks_consent(self) -> bool:
        """Whether the purpose needs a consent and none was given."""
        return self.needs_chargeable and self.consent is None


class Sale(_OfAmount):
    """Take a payment with the card present."""


class Refund(_OfAmount):
    """Give money back, as a new transaction; with an original, never more than what is left of that sale. A
    vault knows no other way: there, one without an original ends `not_started`, code `unsupported`."""

    original_operation_id: OperationId | None = None


class Reversal(TerminalCommand):
    """Undo one earlier transaction whole, or release a pre-authorisation."""

    original_operation_id: OperationId


class Preauth(_OfAmount):
    """Hold an amount on the card present."""


class Capture(TerminalCommand):
    """Charge what a pre-authorisation holds; `amount_minor` for a part of it, absent for the whole."""

    original_operation_id: OperationId
    amount_minor: AmountMinor | None = None
    currency: Currency = "CAD"


class Abort(_OfTarget):
    """Ask to stop the target. Its own final event says whether that was honoured or too late."""


class Query(_OfTarget):
    """Ask what became of the target. Answered from the journal, and by the terminal while it is in doubt."""


class Resolve(_OfTarget):
    """A human's verdict on an operation that needs one, with the evidence they saw."""

    verdict: Verdict
    evidence: Note
    by: Actor
    reason: Note


class OfStoredCard(TerminalCommand):
    """`token` and `network_transaction_id` are those of the operation that stored the card."""

    token: Token
    scope: Annotated[str, Field(min_length=1, max_length=64)]
    network_transaction_id: Reference | None = None


class ChargeCard(OfStoredCard):
    """Charge a stored card: for an appointment with the patient asking, or for a no-show without them."""

    amount_minor: AmountMinor
    currency: Currency = "CAD"
    purpose: ChargePurpose
    consent: Consent | None = None

    @property
    def lacks_consent(self) -> bool:
        """Whether the cardholder is away and has not agreed to this kind of charge."""
        return WITHOUT_CARDHOLDER[self.purpose] and self.consent is None


class VerifyCard(OfStoredCard):
    """Have the issuer of a stored card say whether it is good (`approved`) or not (`declined`). No money
    moves."""

    address: Address | None = None


class DeleteCard(TerminalCommand):
    """Have the vault forget a stored card. One that it does not know ends `not_started`, `token_unknown`."""

    token: Token
    scope: Annotated[str, Field(min_length=1, max_length=64)]


class ListExpiring(TerminalCommand):
    """The stored cards that expire this month, in `cards` of the final fact."""


class Reconcile(TerminalCommand):
    """End of day: close the batch and compare its totals with the journal."""


class Receipt(_OfTarget):
    """The receipts of the target again."""


class Diagnose(TerminalCommand):
    """Let the terminal test itself and its line to the host; `initialise` also reloads its configuration."""

    initialise: bool = False


class OpenOperation(Asked):
    """An operation that the backend has not seen end: what it is, and its command's `data` as it was sent.
    `accepted`: a reply or a fact has said that it was taken; a journal that does not know it has lost it."""

    operation_id: OperationId
    terminal: Id
    op: Literal[
        "store_card",
        "sale",
        "refund",
        "reversal",
        "preauth",
        "capture",
        "charge_card",
        "verify_card",
        "delete_card",
        "list_expiring",
        "reconcile",
        "diagnose",
    ]
    data: dict[str, Any]
    accepted: bool = False

    @property
    def command(self) -> TerminalCommand:
        """The command itself, checked. Raises pydantic.ValidationError."""
        return TERMINAL[self.op].model_validate(self.data)


class Sync(AgentCommand):
    """What the backend knows of this agent: `seq` is the last fact of `epoch` that it stored, 0 for none.
    `boot` is that of the birth which it answers: one that waited in the broker since an earlier boot is
    refused with `sync_outdated`, and is to be made anew."""

    time: Now
    boot: Annotated[int, Field(ge=0)] | None = None
    epoch: ToldEpoch | None = None
    seq: Annotated[int, Field(ge=0)] = 0
    open_operations: Annotated[tuple[OpenOperation, ...], Strict(strict=False), Field(max_length=1000)] = ()


class Rescan(AgentCommand):
    """Look for terminals again, and greet those that are idle."""


class DiagnoseAgent(AgentCommand):
    """Report on the agent itself: its `info` and `health` are published anew."""


TERMINAL: Mapping[str, type[TerminalCommand]] = {
    "store_card": StoreCard,
    "sale": Sale,
    "refund": Refund,
    "reversal": Reversal,
    "preauth": Preauth,
    "capture": Capture,
    "charge_card": ChargeCard,
    "verify_card": VerifyCard,
    "delete_card": DeleteCard,
    "list_expiring": ListExpiring,
    "abort": Abort,
    "query": Query,
    "resolve": Resolve,
    "reconcile": Reconcile,
    "receipt": Receipt,
    "diagnose": Diagnose,
}
AGENT: Mapping[str, type[AgentCommand]] = {"sync": Sync, "rescan": Rescan, "diagnose": DiagnoseAgent}
# Commands that may move money or hold it.
MONEY = frozenset({"sale", "refund", "reversal", "preauth", "capture", "charge_card"})
# Commands that occupy the terminal, or the vault behind it: one at a time each. The others are answered
# beside them.
OCCUPYING = MONEY | {"store_card", "verify_card", "delete_card", "list_expiring", "reconcile", "diagnose"}
