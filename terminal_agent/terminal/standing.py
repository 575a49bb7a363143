"""Where one terminal stands, as a word of the contract and as admission needs it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from protocols.contract.projections import Capabilities as CapabilitiesView
from protocols.contract.projections import Current, Identity, PartState, TerminalState
from protocols.contract.wording import words
from protocols.contract.words import TerminalStateWord
from protocols.core.session import Capabilities, Peer, Phase
from terminal_agent.commands.recovery import holds_up
from terminal_agent.commands.situation import Availability, Limits
from terminal_agent.journal.facts import Row

_BY_PHASE: dict[Phase, TerminalStateWord] = {
    Phase.DOWN: "offline",
    Phase.GREETING: "connecting",
    Phase.UNFIT: "unfit",
}
_AT_WORK = frozenset({Phase.PREPARING, Phase.COMMITTED, Phase.SETTLING})


@dataclass(slots=True)
class Standing:
    """All that is known of a terminal now. `open` are its operations that have not ended, by id;
    `asking` is the id of the one that its session is at, `silent` that it has said nothing for long."""

    capabilities: Capabilities
    currency: str
    limits: Limits
    allowed: frozenset[str] | None = None
    phase: Phase = Phase.DOWN
    reason: str = "not_connected"
    peer: Peer = field(default_factory=lambda: Peer(""))
    open: dict[str, Row] = field(default_factory=dict)
    asking: str | None = None
    silent: bool = False
    since: datetime | None = None
    parts: Mapping[str, str] = field(default_factory=dict)
    beside: Standing | None = None  # of the terminal's second lane

    def availability(self) -> Availability:
        """For admission."""
        row = self.open.get(self.asking or "")
        return Availability(
            online=self.phase in (Phase.IDLE, *_AT_WORK),
            fit=self.phase is not Phase.UNFIT,
            busy=self.asking is not None,
            holder=(row.actor or None) if row else None,
            capabilities=self.offered(),
            currency=self.currency,
            limits=self.limits,
        )

    def offered(self) -> Capabilities:
        """The capabilities, cut by the settings."""
        if self.allowed is None:
            return self.capabilities
        return replace(self.capabilities, operations=self.capabilities.operations & self.allowed)

    def word(self) -> TerminalStateWord:
        """The state in the contract's words; what is in doubt outranks all else."""
        if any(holds_up(row, self.capabilities.recovery) for row in self.open.values()):
            return "in_doubt"
        if self.phase in _AT_WORK:
            return "stuck" if self.silent else "busy"
        return _BY_PHASE.get(self.phase, "ready")

    def state(self, now: datetime) -> TerminalState:
        """The retained state."""
        word = self.word()
        code = _code(word, self.reason)
        row = self.open.get(self.asking or "") or next(iter(_doubtful(self.open.values())), None)
        return TerminalState(
            state=word,
            since=self.since or now,
            code=code,
            text=words(code, holder=row.actor if row else None) if code else None,
            detail=self.reason.partition(": ")[2] or None if word in ("offline", "unfit") else None,
            identity=Identity(
                terminal_id=self.peer.terminal_id, serial=self.peer.serial, where=self.peer.where or None
            ),
            firmware=self.peer.software,
            current=Current(operation_id=row.id, op=row.op, state=row.state) if row else None,
            holder=row.actor if row else None,
            parts={name: _part(told) for name, told in self.parts.items()},
        )

    def caps(self) -> CapabilitiesView:
        """The retained capabilities."""
        can = self.offered()
        more = self.beside.offered().operations if self.beside is not None else frozenset()
        return CapabilitiesView(
            operations=tuple(sorted(can.operations | more)),
            entry_modes=can.entry_modes,
            recovery=can.recovery,
            abort=can.abort,
            identity=can.identity,
            token_kind=can.token_kind,
            token_scope=can.token_scope,
            languages=can.languages,
            currency=self.currency,
        )


def _part(told: str) -> PartState:
    """From a word, or a code, a colon and a text."""
    code, _, text = told.partition(": ")
    return PartState(code=code, text=words(code), detail=text or None)


def _code(word: TerminalStateWord, reason: str) -> str | None:
    """Why it is so; the reason of an endpoint is a code, a colon and a text."""
    if word in ("ready", "connecting"):
        return None
    if word in ("offline", "unfit"):
        return reason.partition(":")[0]
    return {"busy": "busy", "in_doubt": "in_doubt_pending", "stuck": "silent"}.get(word)


def _doubtful(rows: Iterable[Row]) -> Iterable[Row]:
    return (row for row in rows if row.owed)
