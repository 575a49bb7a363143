"""One example for each message, for the published page and for the tests that check it against its schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from protocols.contract.wording import words

OPERATION = "01JD9QZ4X8M3K7N5P2R6T0V1WY"
ORIGINAL = "01JD9QX1B2C3D4E5F6G7H8J9KM"
EPOCH = "01JD7A0000E5F6G7H8J9KMNPQR"
NOW = "2026-01-31T14:05:00.000Z"
_ASKED = {"operation_id": OPERATION, "not_after": "2026-01-31T14:07:00Z", "actor": "staff-17", "locale": "fr"}
_TARGET = {**_ASKED, "target_operation_id": ORIGINAL}
_OF_ORIGINAL = {**_ASKED, "original_operation_id": ORIGINAL}
_AMOUNT = {"amount_minor": 4750, "currency": "CAD"}
_STORED = {
    "token": "Zk9Rr7h1bW2cX3dY4eZ5fA6gB",
    "scope": "merchant-1",
    "network_transaction_id": "20260131A81F20C",
}
_AS_OF = {"epoch": EPOCH, "seq": 41}
_CARD = {"brand": "Visa", "last_four": "1111", "expiry": "2712", "entry_mode": "insert"}


def _said(code: str, **about: str) -> dict[str, Any]:
    text = words(code, path=about.get("path"))
    return {"code": code, "text": {"fr": text.fr, "en": text.en}, **about}


COMMANDS: Mapping[str, Mapping[str, Any]] = {
    "terminal.cmd.store_card": {
        **_ASKED,
        "customer": "cust-8f2c",
        "purpose": "no_show",
        "consent": {"text_id": "card-on-file", "version": "3", "language": "fr", "given": "on_paper"},
        "address": {"postal_code": "H2X 1Y4"},
        "entry_modes": ["insert", "tap"],
    },
    "terminal.cmd.sale": {**_ASKED, **_AMOUNT, "reply_to": "backend"},
    "terminal.cmd.refund": {**_OF_ORIGINAL, **_AMOUNT},
    "terminal.cmd.reversal": _OF_ORIGINAL,
    "terminal.cmd.preauth": {**_ASKED, **_AMOUNT},
    "terminal.cmd.capture": {**_OF_ORIGINAL, "amount_minor": 3000},
    "terminal.cmd.charge_card": {
        **_ASKED,
        **_AMOUNT,
        **_STORED,
        "purpose": "no_show",
        "consent": {"text_id": "no-show-fee", "version": "3", "language": "fr", "given": "online"},
    },
    "terminal.cmd.verify_card": _STORED | _ASKED,
    "terminal.cmd.delete_card": {**_ASKED, "token": _STORED["token"], "scope": _STORED["scope"]},
    "terminal.cmd.list_expiring": _ASKED,
    "terminal.cmd.abort": _TARGET,
    "terminal.cmd.query": _TARGET,
    "terminal.cmd.resolve": {
        **_TARGET,
        "verdict": "approved",
        "evidence": "merchant receipt 0042 shows it",
        "by": "staff-17",
        "reason": "the terminal could not be asked",
    },
    "terminal.cmd.reconcile": _ASKED,
    "terminal.cmd.receipt": _TARGET,
    "terminal.cmd.diagnose": {**_ASKED, "initialise": False},
    "agent.cmd.sync": {
        "operation_id": OPERATION,
        "time": NOW,
        "boot": 7,
        "epoch": EPOCH,
        "seq": 40,
        "open_operations": [
            {
                "operation_id": ORIGINAL,
                "terminal": "desk-1",
                "op": "sale",
                "data": {**_ASKED, **_AMOUNT, "operation_id": ORIGINAL},
            }
        ],
    },
    "agent.cmd.rescan": {"operation_id": OPERATION},
    "agent.cmd.diagnose": {"operation_id": OPERATION},
    "agent.ack": {"epoch": EPOCH, "seq": 41, "time": NOW},
}

TOLD: Mapping[str, Mapping[str, Any]] = {
    "reply": {
        "operation_id": OPERATION,
        "op": "sale",
        "terminal": "desk-1",
        "verdict": "accepted",
        **_said("accepted"),
        "at": NOW,
    },
    "terminal.evt.operation": {
        "operation_id": OPERATION,
        "op": "sale",
        "terminal": "desk-1",
        "state": "approved",
        **_said("approved"),
        "money": "charged",
        "attempt": 117,
        "actor": "staff-17",
        "at": NOW,
        **_AMOUNT,
        "card": _CARD,
        "authorisation_code": "A81F20",
        "evidence": {"source": "dialogue"},
        "receipts": [{"kind": "customer", "lines": ["APPROUVÉE", "47,50 $", "VISA ************1111"]}],
    },
    "terminal.evt.progress": {
        "operation_id": OPERATION,
        "terminal": "desk-1",
        "state": "awaiting_card",
        **_said("awaiting_card"),
        "waiting_on": "cardholder",
        "at": NOW,
        "as_of": _AS_OF,
    },
    "terminal.evt.corrected": {
        "operation_id": OPERATION,
        "terminal": "desk-1",
        "was": "declined",
        "state": "approved",
        "money": "charged",
        **_said("corrected"),
        **_AMOUNT,
        "evidence": {"source": "late_message", "agrees": ["receipt", "amount"], "seen": {"receipt": "0042"}},
        "at": NOW,
    },
    "terminal.evt.orphan": {
        "terminal": "desk-1",
        **_said("orphan"),
        **_AMOUNT,
        "state": "approved",
        "card": _CARD,
        "keys": {"receipt": "0043", "trace": "000117"},
        "at": NOW,
    },
    "terminal.evt.alert": {"terminal": "desk-1", **_said("silent"), "severity": "warning", "at": NOW},
    "agent.evt.alert": {**_said("disk_low"), "severity": "critical", "at": NOW},
    "agent.evt.discovered": {
        "where": "/dev/ttyACM0",
        **_said("discovered"),
        "terminal": "desk-1",
        "vendor_id": "11ca",
        "product_id": "0201",
        "serial": "80123456",
        "at": NOW,
    },
    "agent.state": {"state": "ready", "epoch": EPOCH, "boot": 7, "since": NOW, "as_of": _AS_OF},
    "agent.info": {
        "version": "0.1.0",
        "contract": {"lowest": 1, "highest": 1},
        "point_of_service": "Front desk",
        "terminals": [{"terminal": "desk-1", "protocol": "zvt", "where": "serial 80123456"}],
        "open_operations": [
            {
                "operation_id": OPERATION,
                "terminal": "desk-1",
                "op": "sale",
                "state": "committed",
                "since": NOW,
            }
        ],
        "as_of": _AS_OF,
    },
    "agent.health": {
        "uptime_s": 86400,
        "outbox_depth": 0,
        "disk_free_bytes": 21474836480,
        "journal_bytes": 1048576,
        "clock_offset_ms": -120,
        "certificate_days": 71,
        "terminals": {"desk-1": {"approved": 31, "declined": 2, "in_doubt": 0}},
        "as_of": _AS_OF,
    },
    "terminal.state": {
        "state": "busy",
        "since": NOW,
        **_said("busy"),
        "identity": {"terminal_id": "29001234", "serial": "80123456", "where": "/dev/ttyACM0"},
        "firmware": "GER-APP-v2.0.9",
        "current": {"operation_id": OPERATION, "op": "sale", "state": "awaiting_card"},
        "holder": "staff-17",
        "as_of": _AS_OF,
    },
    "terminal.caps": {
        "operations": ["sale", "refund", "reversal", "store_card", "reconcile", "diagnose"],
        "entry_modes": ["insert", "tap", "swipe"],
        "recovery": "last",
        "abort": "before_card",
        "identity": "wire",
        "token_kind": "recognition",
        "token_scope": "merchant-1",
        "languages": ["fr", "en"],
        "currency": "CAD",
        "as_of": _AS_OF,
    },
}
