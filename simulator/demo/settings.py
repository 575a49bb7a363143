"""The settings of the demo's programs, as text: agent, terminal, vault and clinic."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from protocols.contract.fields import Locale
from simulator.reader.settings import ReaderSettings

if TYPE_CHECKING:
    from simulator.demo.places import Places

CLINIC = "clinique-demo"
AGENT = "accueil"
TERMINAL = "terminal-1"
READER = "lecteur-1"
HOST = "127.0.0.1"
POINT = "plateau"
_TERMINAL_NAME, _READER_NAME = "Terminal de l'accueil", "Lecteur de l'accueil"
_SCOPE = "clinique-du-parc"
# The acquirer's public test store.
STORE, API_TOKEN = "store5", "yesguy"
CARD_COMES_AFTER_S = 20

# Quick cardholders, so that the story is short; the fifth one stays away, for staff to stop the payment.
# Those who come after the story are slow, so that a key can be quicker.
_SCENARIO = """\
title = "The demo: chip and PIN; nobody comes to the fourth payment"

[terminal]
booking_policy = "reverse"
language = "{language}"
host_s = 0.5
{quick}
[[cardholder]]
number = 5
leaves = "before_card"

[[cardholder]]
after_s = {after_s}
pin_after_s = 1.5
remove_after_s = 1.0
"""
_QUICK = """
[[cardholder]]
number = {number}
after_s = 1.0
pin_after_s = 0.8
remove_after_s = 0.4
"""

_AGENT = """\
[agent]
clinic = "{clinic}"
id = "{agent}"
point_of_service = "Accueil"
state_dir = "agent"

[log]
format = "json"
level = "info"

[broker]
host = "{host}"
port = {broker}

[journal]
reserve_mib = 1
floor_mib = 8

[[terminals]]
id = "{terminal}"
name = "{terminal_name}"
protocol = "zvt"

[terminals.serial]
path = "{cable}"

[terminals.token]
kind = "recognition"
scope = "clinic-du-parc"

[[terminals]]
id = "{reader}"
name = "{reader_name}"
protocol = "idtech_moneris"
identity = "{serial}"

[terminals.usb]
vid = "{vid:04x}"

[terminals.gateway]
host = "{host}"
port = {vault}

[terminals.gateway.tls]
ca = "{ca}"

[terminals.token]
kind = "chargeable"
scope = "{scope}"

[terminals.options]
store_id_file = "{store_file}"
api_token_file = "{token_file}"
reader_modes = "swipe_and_keyed"
"""

_VAULT = """\
[vault]
penny = false
frame_ancestors = {origins}
"""

_CLINIC = """\
[clinic]
id = "{clinic}"
address = "{host}:{pages}"
language = "{language}"

[broker]
host = "{host}"
port = {broker}

[vault]
url = "https://{host}:{vault}"
store_id = "{store}"
api_token_file = "{token_file}"
scope = "{scope}"
ca = "{ca}"

[[terminals]]
agent = "{agent}"
terminal = "{terminal}"
name = "{terminal_name}"
point = "{point}"

[[terminals]]
agent = "{agent}"
terminal = "{reader}"
name = "{reader_name}"
point = "{point}"
"""


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the programs listen on the loopback."""

    broker: int
    vault: int
    pages: int

    @property
    def address(self) -> str:
        """Of the clinic's pages, as a browser is given it."""
        return f"http://{HOST}:{self.pages}"

    @property
    def hosted_field(self) -> str:
        """Of the vault's own page, which stands in a frame of the clinic's."""
        return f"https://{HOST}:{self.vault}/hpp/?id={STORE}"


def write(places: Places, ports: Ports, language: Locale) -> None:
    """Write them all; `language` is what the terminal and the clinic's pages speak at first."""
    told = {
        "clinic": CLINIC, "agent": AGENT, "terminal": TERMINAL, "reader": READER, "point": POINT,
        "terminal_name": _TERMINAL_NAME, "reader_name": _READER_NAME, "language": language,
        "host": HOST, "broker": ports.broker, "vault": ports.vault, "pages": ports.pages,
        "origins": json.dumps([ports.address]), "ca": places.certificates / "ca.pem",
        "store": STORE, "store_file": places.store_id, "token_file": places.api_token, "scope": _SCOPE,
        "serial": ReaderSettings().serial, "vid": ReaderSettings().vid, "cable": places.cable,
        "quick": "".join(_QUICK.format(number=number) for number in range(1, 5)),
        "after_s": CARD_COMES_AFTER_S,
    }  # fmt: skip
    for file, text in (
        (places.scenario, _SCENARIO),
        (places.agent_settings, _AGENT),
        (places.vault_settings, _VAULT),
        (places.clinic_settings, _CLINIC),
        (places.store_id, STORE),
        (places.api_token, API_TOKEN),
    ):
        file.touch(mode=0o600)
        file.write_text(text.format(**told), encoding="utf-8")
