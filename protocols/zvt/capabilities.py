"""What a ZVT terminal can do: the protocol's table, cut by options and identity."""

from __future__ import annotations

from protocols.core.session import Capabilities, Peer
from protocols.zvt.options import ZvtOptions

OPERATIONS = frozenset(
    {"store_card", "sale", "refund", "reversal", "preauth", "capture", "reconcile", "receipt", "diagnose"}
)


def capabilities_of(options: ZvtOptions, peer: Peer, terminal_id: str | None) -> Capabilities:
    """Without an id of its own a terminal is known by its port's serial number, or not at all."""
    identity = "wire" if terminal_id else ("port" if peer.serial else "none")
    return Capabilities(
        operations=OPERATIONS,
        recovery="last",
        abort="before_card",
        identity=identity,  # type: ignore[arg-type]  # the conditional above yields only its three words
        token_kind=options.token_kind,
        token_scope=options.token_scope or None,
    )
