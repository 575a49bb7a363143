"""What the desk asks of a reader and its vault, from a step and the command that it works on."""

from __future__ import annotations

from tests.prove.backend import Command
from tests.prove.schedule import Step

SCOPE = "m-1"
_CONSENT = {"text_id": "card-on-file", "version": "3", "language": "fr", "given": "on_paper"}


def fields_of(step: Step, amount_minor: int, original: Command | None) -> tuple[str, dict[str, object]]:
    """The command and its fields. What has nothing to work on becomes a sale."""
    if step.op == "store_card":
        fields = {"customer": "customer-1", "purpose": "appointment", "consent": _CONSENT}
        return "store_card", {**fields, "entry_modes": [step.how]}
    if step.op == "list_expiring":
        return step.op, {}
    told = original.final if original is not None else None
    if step.op == "sale" or original is None or told is None or told["state"] != "approved":
        return "sale", {"amount_minor": amount_minor}
    if step.op == "reversal":
        return "reversal", {"original_operation_id": original.id}
    if step.op == "refund":  # so that there may be two of them
        return "refund", {"original_operation_id": original.id, "amount_minor": original.amount_minor // 2}
    if told.get("token") is None:
        return "sale", {"amount_minor": amount_minor}
    stored: dict[str, object] = {"token": told["token"]["value"], "scope": SCOPE}
    if step.op != "delete_card":
        stored["network_transaction_id"] = told["network_transaction_id"]
    if step.op == "charge_card":
        stored |= {"amount_minor": amount_minor, "purpose": step.purpose, "consent": _CONSENT}
    return step.op, stored
