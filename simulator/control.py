"""The control channel: a UNIX socket that takes one JSON object a line and answers each with one.

    {"do": "status"}                                   display, busy, powered, address, cable
    {"do": "act", "act": "insert", "card": "visa"}     insert tap swipe keyed remove; pin and key with "value"
    {"do": "cut", "what": "mute", "seconds": 3}        what: cut (default) or mute; seconds 0: until restored
    {"do": "power_cut", "seconds": 0}
    {"do": "restore", "path": "/tmp/other"}            the cable and the plug; path: a pty moves there
    {"do": "fault", "fault": {"when": "booked", "what": "cut", "seconds": 2}}   keys of simulator.faults.Fault
    {"do": "stop"}                                     end the simulator

Answers: {"ok": true, …} or {"ok": false, "error": "what was wrong and what is allowed"}.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import get_args

from simulator.cardholder import Act, ActKind
from simulator.cards import CARDS
from simulator.control_socket import Answer, ControlSocket, Verb
from simulator.declared import SettingError, build, one_of
from simulator.faults import COMMANDS, Fault
from simulator.wire.station import Station
from simulator.zvt.effects import Acted, PlanFault, PowerCut


class Control(ControlSocket):
    """Serves the socket at `path`."""

    def __init__(self, path: Path, station: Station, on_stop: Callable[[], None]) -> None:
        self._station, self._on_stop = station, on_stop
        verbs: dict[str, Verb] = {
            "status": self._status,
            "act": self._act,
            "cut": self._cut,
            "power_cut": self._power_cut,
            "restore": self._restore,
            "fault": self._fault,
            "stop": self._stop,
        }
        super().__init__(path, verbs, "simulator.control")

    # --- verbs ----------------------------------------------------------------------------------------

    def _status(self, _request: dict[str, object]) -> Answer:
        terminal = self._station.device.terminal
        return {
            "display": list(self._station.display),
            "busy": terminal.busy,
            "powered": terminal.powered,
            "address": self._station.end.address,
        }

    def _act(self, request: dict[str, object]) -> Answer:
        kind = one_of(request.get("act"), get_args(ActKind), "act")
        card = None
        if kind in ("insert", "tap", "swipe", "keyed"):
            card = CARDS[str(one_of(request.get("card", "visa"), tuple(CARDS), "card"))]
        act = Act(kind, card, str(request.get("value", "")))  # type: ignore[arg-type]  # one_of allowed an ActKind
        self._station.cause(Acted(act))
        return {}

    def _cut(self, request: dict[str, object]) -> Answer:
        what = str(one_of(request.get("what", "cut"), ("cut", "mute"), "what"))
        self._station.cut(what, _seconds(request))
        return {}

    def _power_cut(self, request: dict[str, object]) -> Answer:
        self._station.cause(PowerCut(_seconds(request)))
        return {}

    def _restore(self, request: dict[str, object]) -> Answer:
        path = request.get("path")
        if not isinstance(path, str | None):
            raise SettingError(f"path: is {path!r}; allowed: a text")
        try:
            self._station.restore(path)
        except OSError as error:
            raise SettingError(f"path: {error}") from None
        return {"address": self._station.end.address}

    def _fault(self, request: dict[str, object]) -> Answer:
        table = request.get("fault")
        if not isinstance(table, dict) or not {"when", "what"} <= set(table):
            raise SettingError("fault: is not complete; allowed: an object with at least when and what")
        fault = build(Fault, table, "fault")
        one_of(fault.command, COMMANDS, "fault.command")
        self._station.cause(PlanFault(fault))
        return {}

    def _stop(self, _request: dict[str, object]) -> Answer:
        self._on_stop()
        return {}


def _seconds(request: dict[str, object]) -> float:
    value = request.get("seconds", 0)
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise SettingError(f"seconds: is {value!r}; allowed: a number, zero or more")
    return float(value)
