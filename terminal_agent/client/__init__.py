"""The backend's typed client: send a command, await its reply and outcome, follow facts and progress.

It loads the contract and the MQTT library, nothing else of ours:

    async with BackendClient("broker.example", 8883, clinic="clinic-1", tls=Tls(ca, cert, key)) as client:
        sale = Sale(**client.stamp(actor="staff-17"), amount_minor=4750)
        pending = await client.send("agent-1", "desk-1", sale)
        reply = await pending.reply()
        outcome = await pending.outcome()
"""

from protocols.contract.commands import (
    Abort,
    Address,
    Capture,
    ChargeCard,
    Consent,
    DeleteCard,
    Diagnose,
    ListExpiring,
    Preauth,
    Query,
    Receipt,
    Reconcile,
    Refund,
    Resolve,
    Reversal,
    Sale,
    StoreCard,
    VerifyCard,
)
from terminal_agent.client.backend import BackendClient
from terminal_agent.client.connection import Tls
from terminal_agent.client.errors import BrokerAwayError, ClientError, NoReplyError, RejectedError
from terminal_agent.client.order import Fact
from terminal_agent.client.pending import AgentNotice, Notice, Pending

__all__ = [
    "Abort",
    "Address",
    "AgentNotice",
    "BackendClient",
    "BrokerAwayError",
    "Capture",
    "ChargeCard",
    "ClientError",
    "Consent",
    "DeleteCard",
    "Diagnose",
    "Fact",
    "ListExpiring",
    "NoReplyError",
    "Notice",
    "Pending",
    "Preauth",
    "Query",
    "Receipt",
    "Reconcile",
    "Refund",
    "RejectedError",
    "Resolve",
    "Reversal",
    "Sale",
    "StoreCard",
    "Tls",
    "VerifyCard",
]
