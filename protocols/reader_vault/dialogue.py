"""One operation in work, and what it has come to know so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from protocols.core.card import Card
from protocols.core.card_source import Presented
from protocols.core.evidence import noted
from protocols.core.operations import Attempt, Operation, Recover, Request, request_of
from protocols.core.session import Mono


@dataclass(slots=True)
class Dialogue:
    """`keys` are those of the marks; `presented` the card until the vault has it, `card` what is shown."""

    operation: Operation
    attempt: Attempt
    commit_before: Mono
    abort_asked: bool = False
    committed: bool = False
    presented: Presented | None = None
    card: Card | None = None
    keys: dict[str, str] = field(default_factory=dict)
    card_by: Mono | None = None

    @property
    def sought(self) -> Request:
        """What was asked for, whether it is being done or looked for."""
        return request_of(self.operation)

    @property
    def recovering(self) -> bool:
        """Whether it only asks what became of an earlier attempt."""
        return isinstance(self.operation, Recover)

    def wipe(self) -> None:
        """Nothing of the card's frame stays."""
        if self.presented is not None:
            self.presented.frame.wipe()
            self.presented = None


def dialogue_of(operation: Operation, attempt: Attempt, commit_before: Mono) -> Dialogue:
    """A fresh dialogue; of a question, with the keys of the marks that were written before."""
    if not isinstance(operation, Recover):
        return Dialogue(operation, attempt, commit_before)
    keys = noted(operation)
    return Dialogue(operation, attempt, commit_before, committed=True, card=_card(keys), keys=keys)


def shown(card: Card) -> Mapping[str, str]:
    """What a mark keeps of a card, so that a question after a restart can still tell it."""
    told = {
        "brand": card.brand,
        "last_four": card.last_four,
        "expiry": card.expiry_yymm,
        "entry_mode": card.entry_mode,
    }
    return {name: text for name, text in told.items() if text}


def _card(keys: Mapping[str, str]) -> Card | None:
    if "last_four" not in keys and "brand" not in keys:
        return None
    return Card(
        brand=keys.get("brand"),
        last_four=keys.get("last_four"),
        expiry_yymm=keys.get("expiry"),
        entry_mode=keys.get("entry_mode"),  # type: ignore[arg-type]  # what `shown` wrote
    )
