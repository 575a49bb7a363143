"""What a reader with its vault can do, and what the vault can do alone."""

from __future__ import annotations

from protocols.core.card_source import CardSource
from protocols.core.operations import OF_STORED_CARDS
from protocols.core.session import Capabilities
from protocols.reader_vault.options import ReaderVaultOptions

WITH_CARD = frozenset({"store_card", "sale"})
WITHOUT_CARD = OF_STORED_CARDS | {"refund", "reversal"}


def capabilities_of(options: ReaderVaultOptions, source: CardSource | None) -> Capabilities:
    """The vault is known by its certificate, so what it says of an order is believed."""
    return Capabilities(
        operations=WITHOUT_CARD if source is None else WITH_CARD,
        entry_modes=() if source is None else source.entry_modes,
        recovery="by_id",
        abort="before_card",
        identity="wire",
        token_kind="chargeable",
        token_scope=options.token_scope or None,
    )
