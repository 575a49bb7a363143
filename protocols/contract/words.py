"""The words of the contract: the same in the core, the journal, the messages and the pages.

Readers meet words that they do not know (a newer agent): every field that holds one is `Known | str`.
"""

from __future__ import annotations

from typing import Literal

FINAL = ("approved", "declined", "cancelled", "not_started")
NOT_FINAL = (
    "accepted",
    "committed",
    "awaiting_card",
    "card_present",
    "pin",
    "authorizing",
    "result_seen",
    "in_doubt",
    "needs_human",
)

OperationState = Literal[
    "accepted",
    "committed",
    "awaiting_card",
    "card_present",
    "pin",
    "authorizing",
    "result_seen",
    "in_doubt",
    "needs_human",
    "approved",
    "declined",
    "cancelled",
    "not_started",
    "rejected",
]
ProgressState = Literal[
    "accepted",
    "committed",
    "awaiting_card",
    "card_present",
    "pin",
    "authorizing",
    "result_seen",
    "recovering",
]
MoneyEffect = Literal["none", "held", "charged", "returned", "unknown"]
Source = Literal["dialogue", "never_sent", "by_id", "last", "batch", "late_message", "human"]
TokenKind = Literal["chargeable", "recognition"]
WaitingOn = Literal["cardholder", "staff", "terminal", "host"]
AgentStateWord = Literal["init", "ready", "degraded", "stopping", "disconnected", "lost"]
TerminalStateWord = Literal["offline", "connecting", "ready", "busy", "in_doubt", "stuck", "unfit"]
ReplyVerdict = Literal["accepted", "rejected", "duplicate", "conflict", "done"]
Severity = Literal["info", "warning", "critical"]


def is_final(state: str) -> bool:
    """Whether an operation in this state has ended."""
    return state in FINAL
