"""How a reader and its vault stand, each for itself and as one terminal. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from protocols.core.card_source import CardSource, Ready
from protocols.core.session import Phase
from protocols.core.vault import Vault

_SOURCE_PHASE = {
    Ready.DOWN: Phase.DOWN,
    Ready.GREETING: Phase.GREETING,
    Ready.READY: Phase.IDLE,
    Ready.ARMED: Phase.IDLE,
    Ready.UNFIT: Phase.UNFIT,
}
# Why a reader is down where somebody has only to plug it in.
_AWAY = frozenset({"port_missing", "unplugged"})


def resting_phase(source: CardSource | None, reachable: bool | None, *, greeted: bool) -> Phase:
    """Where the terminal stands while nothing is at work. `reachable` None: the vault was not met yet."""
    stands = Phase.IDLE if source is None else _SOURCE_PHASE[source.ready]
    if reachable or stands is Phase.UNFIT:
        return stands
    met_soon = reachable is None and greeted and stands is not Phase.DOWN
    return Phase.GREETING if met_soon else Phase.DOWN


def parts_of(source: CardSource | None, vault: Vault, reachable: bool | None) -> dict[str, str]:
    """How each of the two stands: a word, or a code, a colon and a text."""
    parts = {"vault": "ready" if reachable else "not_connected"}
    if reachable is False:
        parts["vault"] = f"vault_unreachable: {vault.why or 'it is tried again'}"
    if source is not None:
        parts["reader"] = source.why or source.ready.value
        if source.ready is Ready.DOWN and source.why.partition(":")[0] in _AWAY:
            parts["reader"] = f"reader_away: {source.why}"
    return parts


def reason_of(phase: Phase, source: CardSource | None, parts: Mapping[str, str]) -> str:
    """Why the terminal is in a phase: of a part that fails its code, a colon and a text."""
    if phase is Phase.UNFIT and source is not None:
        return source.why
    if phase is not Phase.DOWN:
        return str(phase.value)
    return next((told for told in parts.values() if ":" in told), "not_connected")
