"""From the vault's answers to outcomes. A recovered one is made by the judge alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from protocols.core.card import Card
from protocols.core.evidence import judge
from protocols.core.operations import (
    ChargeCard,
    DeleteCard,
    ListExpiring,
    Recover,
    Refund,
    Reversal,
    Sale,
    VerifyCard,
    amount_of,
)
from protocols.core.outcomes import (
    Approved,
    Declined,
    Evidence,
    Final,
    MoneyEffect,
    NotStarted,
    Outcome,
    TerminalRecord,
    Unknown,
)
from protocols.core.vault import NoAnswer, VaultAnswer
from protocols.reader_vault.dialogue import Dialogue

ASK_AGAIN_S = 2.0
# By which looks at the order before ours, what is there now is ours. Of several refunds of a payment nothing
# else would tell it. A correction happens once, but where no mark of ours is left it may be another's.
_TELLS_OURS: Mapping[type, tuple[str, ...]] = {
    Refund: ("known", "none"),
    Reversal: ("known", "none", "unreadable"),
}
_OF_VERIFICATION = ("transaction", "issuer_id")
_CODES: Mapping[type, str] = {VerifyCard: "card_good", DeleteCard: "card_deleted", ListExpiring: "done"}
_MONEY: Mapping[type, MoneyEffect] = {
    Sale: "charged",
    ChargeCard: "charged",
    Refund: "returned",
    Reversal: "returned",
}


def outcome_of(dialogue: Dialogue, answer: VaultAnswer) -> Outcome:
    """What the answer to the order itself means."""
    evidence = _by_answer(answer)
    final = final_of(dialogue, answer, evidence)
    if final is None:
        return Unknown(code="no_result", evidence=evidence, ask_again_s=ASK_AGAIN_S)
    return final


def final_of(dialogue: Dialogue, answer: VaultAnswer, evidence: Evidence) -> Final | None:
    """The end that an answer tells; None where it tells none."""
    card = merged(dialogue.card, answer.card)
    if answer.verdict == "done":
        return _approved(dialogue, answer, card, evidence)
    if answer.verdict == "declined":
        return Declined(code=answer.code, evidence=evidence, keys=answer.keys, card=card)
    if answer.verdict == "refused":
        return NotStarted(code=answer.code, evidence=evidence)
    return None


def _approved(dialogue: Dialogue, answer: VaultAnswer, card: Card | None, evidence: Evidence) -> Approved:
    sought = dialogue.sought
    money = _MONEY.get(type(sought), "none")
    asked = amount_of(sought)
    amount = None if money == "none" else (answer.amount or asked)
    return Approved(
        code=_CODES.get(type(sought), "approved"),
        money=money,
        amount=amount,
        partial=amount is not None and asked is not None and amount != asked,
        evidence=evidence,
        keys=answer.keys,
        card=card,
        authorisation_code=answer.authorisation_code,
        token=answer.token,
        cards=answer.cards,
        details=details_of({**dialogue.keys, **answer.keys}, answer),
    )


def details_of(keys: Mapping[str, str], answer: VaultAnswer) -> dict[str, str]:
    """What the clinic keeps beside a card or a charge, by the contract's names."""
    told = {
        "avs_result": answer.avs or keys.get("avs"),
        "cvv_result": answer.cvd or keys.get("cvd"),
        "network_transaction_id": keys.get("issuer_id"),
    }
    return {name: text for name, text in told.items() if text}


def verified(answer: VaultAnswer, card: Card | None) -> dict[str, str]:
    """What the mark after a verification keeps, so that the card can be kept without its frame."""
    told = {
        "transaction": answer.keys.get("transaction"),
        "issuer_id": answer.keys.get("issuer_id"),
        "avs": answer.avs,
        "cvd": answer.cvd,
        "brand": card.brand if card else None,
        "last_four": card.last_four if card else None,
        "expiry": card.expiry_yymm if card else None,
    }
    return {name: text for name, text in told.items() if text}


def lost(answer: NoAnswer) -> Outcome:
    """The answer did not come. Where no byte had left in this very process, nothing was ordered."""
    seen = {"why": answer.why}
    if not answer.sent:
        return NotStarted(code="vault_unreachable", evidence=Evidence("never_sent", seen=seen))
    return Unknown(code="link_lost", evidence=Evidence("dialogue", seen=seen), ask_again_s=ASK_AGAIN_S)


def found(dialogue: Dialogue, answer: VaultAnswer) -> Outcome | None:
    """The judge's word on what the vault says became of the order; None where it says nothing certain."""
    sought = dialogue.operation
    assert isinstance(sought, Recover)
    if answer.verdict == "unknown_order" or _was_there_before(dialogue, answer):
        return judge(sought, (), "by_id")
    needed = _TELLS_OURS.get(type(dialogue.sought))
    if needed is not None and dialogue.keys.get("baseline") not in needed:
        return Unknown(code="no_proof", owner="human", evidence=Evidence("by_id", seen=answer.keys))
    result = final_of(dialogue, answer, Evidence("by_id"))
    if result is None or isinstance(result, NotStarted):
        return None
    keys = {**answer.keys, "reference": sought.operation_id}
    return judge(sought, (TerminalRecord(keys, answer.amount, result),), "by_id")


def _was_there_before(dialogue: Dialogue, answer: VaultAnswer) -> bool:
    """Whether the vault tells of what we had seen at the order before we did anything: a refund and the
    payment that it belongs to share their order."""
    before = dialogue.keys.get("last.transaction")
    return before is not None and answer.keys.get("transaction") == before


def stored(dialogue: Dialogue, answer: VaultAnswer) -> Outcome:
    """What came of keeping the card."""
    evidence = _by_question(answer) if dialogue.recovering else _by_answer(answer)
    if answer.verdict == "done" and answer.token is not None:
        kept = {name: dialogue.keys[name] for name in _OF_VERIFICATION if name in dialogue.keys}
        keys: dict[str, str] = {**answer.keys, **kept}
        approved = _approved(dialogue, answer, merged(dialogue.card, answer.card), evidence)
        return replace(approved, keys=keys)
    if answer.verdict in ("declined", "refused", "done"):
        return refused("no_token", dialogue, evidence)
    return Unknown(code="no_result", evidence=evidence, ask_again_s=ASK_AGAIN_S)


def _by_question(answer: VaultAnswer) -> Evidence:
    return Evidence("by_id", agrees=("reference",), seen=answer.keys)


def _by_answer(answer: VaultAnswer) -> Evidence:
    return Evidence("dialogue", agrees=("dialogue",), seen=answer.keys)


def refused(code: str, dialogue: Dialogue, evidence: Evidence) -> Declined:
    """The card is good, and cannot be kept."""
    return Declined(code=code, evidence=evidence, card=dialogue.card)


def merged(read: Card | None, told: Card | None) -> Card | None:
    """The vault knows the brand for certain; the reader knows how the card was given."""
    if told is None or read is None:
        return told or read
    return Card(
        brand=told.brand or read.brand,
        last_four=told.last_four or read.last_four,
        expiry_yymm=told.expiry_yymm or read.expiry_yymm,
        entry_mode=read.entry_mode or told.entry_mode,
    )
