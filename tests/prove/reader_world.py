"""The world of a history at a card reader and its vault: what differs from that of a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from simulator.cards import CARDS
from simulator.vault.settings import Moment, Trouble, VaultFault
from terminal_agent.settings import Settings
from terminal_agent.terminal.lanes import Endpoints
from tests.prove.agent import Process
from tests.prove.backend import Command
from tests.prove.cable import Way
from tests.prove.counter import Counter
from tests.prove.matrix import AT_THE_VAULT, Stage
from tests.prove.reader_desk import SCOPE
from tests.prove.schedule import Fault, Plan, Step
from tests.prove.vault_books import VaultBooks
from tests.prove.world import World

READER: Mapping[str, object] = {
    "id": "desk-1",
    "name": "Accueil",
    "protocol": "idtech_moneris",
    "usb": {"vid": "0acd"},
    "gateway": {"host": "localhost", "port": 443, "tls": {"ca": "/vault.pem"}},
    "token": {"kind": "chargeable", "scope": SCOPE},
    "options": {
        "store_id": "store5",
        "api_token": "yesguy",
        "reader_modes": "swipe_and_keyed",
        "reader_redial_s": 5.0,  # a port that a second agent has is tried for an hour: fewer steps
    },
}
# Faults of the vault as data, by the moment that a fault's value chooses.
_TROUBLES: Mapping[str, tuple[tuple[Moment, Trouble], ...]] = {
    "power_before_booking": (("received", "cut"),),
    "power_after_booking": (("done", "cut"),),
    "lost_ack": (("done", "half"),),
    "late_answer": (("done", "slow"),),
    "slow": (("received", "slow"),),
    "hung": (("done", "slow"),),
    "busy": (("received", "http"), ("done", "http")),
    "corrupt": (("received", "garbage"), ("done", "garbage")),
    "forgetful": (("received", "error"), ("done", "error")),
    "host_timeout": (("received", "timed_out"), ("done", "timed_out")),
}
_CARD_COMES_S = 1.0
_KEPT_AWAY = ("second_agent", "journal_deleted", "journal_old")


class ReaderWorld(World):
    """As World; the cardholder swipes or keys when asked."""

    def __init__(self, plan: Plan, settings: Settings, folder: Path, story: list[str] | None) -> None:
        super().__init__(plan, settings, folder, story)
        self._patient: Step | None = None
        self.counter = Counter(self.ledger, self.own_tasks, self._struck_at_vault)

    def endpoints(self, process: Process) -> Endpoints:
        """The reader's and the vault's."""
        return self.counter.endpoints(lambda: process.dead, process.effect)

    def books(self) -> VaultBooks:
        """See World."""
        return VaultBooks(self.ledger.lines(), tuple(self.backend.commands.values()))

    def calm(self) -> None:
        """See World."""
        super().calm()
        self.counter.repair()

    def lost_evidence(self, command: Command, left: Mapping[str, Any]) -> str:
        """An order is asked for by its name; only that of several refunds of a payment needs the journal."""
        if command.views and command.views[0]["state"] == "in_doubt":
            return "ordered before a start of the agent that does not know it"
        if "clock_jump" in self.kinds and left.get("next_check") is not None:
            return "a clock that jumped to the end of the time for asking; it is asked on"
        if command.op == "refund" and self.kinds & _TROUBLES.keys():
            return "a vault that did not tell how the order stood before"
        return next((kind for kind in _KEPT_AWAY if kind in self.kinds), "evidence held")

    # --- the cardholder -----------------------------------------------------------------------------

    def console_expects(self, step: Step) -> None:
        """Who stands at the reader next."""
        self._patient = step

    def stands(self, operation_id: str, stage: Stage | None) -> None:
        """When a card is asked for, it comes."""
        super().stands(operation_id, stage)
        if stage == "card":
            self._later(_CARD_COMES_S, self._present)

    def _present(self) -> None:
        step, usb = self._patient, self.counter.usb
        if step is None or step.leaves != "never" or usb.where is None:
            return
        self.say(f"patient: {step.card}, {step.how}")
        if step.how == "keyed":
            usb.device.key_in(CARDS[step.card], "123")
        else:
            usb.device.swipe(CARDS[step.card])

    def _walks_away(self, _fault: Fault) -> None:
        self._patient = None

    # --- faults -------------------------------------------------------------------------------------

    def _strike(self, fault: Fault) -> None:
        """What has no meaning here does nothing, and is not counted."""
        if fault.kind in _TROUBLES:
            self._trouble_at_vault(fault)
        elif fault.kind in AT_THE_VAULT:
            self._count(fault.kind)
            getattr(self, f"_{fault.kind}")(fault)

    def _trouble_at_vault(self, fault: Fault) -> None:
        choices = _TROUBLES[fault.kind]
        when, what = choices[fault.value % len(choices)]
        seconds = fault.seconds * 5 + 1.0 if fault.kind == "hung" else fault.seconds
        self.counter.troubles.plan(fault.kind, VaultFault(when=when, what=what, seconds=seconds))

    def _struck_at_vault(self, kind: str) -> None:
        self.say(f"vault: {kind}")
        self._count(kind)

    def _approved_late(self, fault: Fault) -> None:
        """The next request is lost, and arrives so much later all the same."""
        self.counter.vault.late_s = fault.seconds

    def _unreachable(self, fault: Fault) -> None:
        self.counter.vault.away = True
        self.counter.cut()
        self._later(fault.seconds, self._reachable)

    def _reachable(self) -> None:
        self.counter.vault.away = False

    def _pull(self, _seconds: float) -> None:
        self.counter.cut()

    def _mute(self, _ways: set[Way], seconds: float) -> None:
        self._pull(seconds)

    def _replugged(self, fault: Fault) -> None:
        self.counter.usb.unplug()
        where = f"usb:1-{1 + fault.value % 4}"
        self._later(min(fault.seconds, 7.0), lambda: self.counter.usb.plug(where))
