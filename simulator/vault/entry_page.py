"""The hosted entry page: the cardholder types into the vault's own page, inside a frame of the clinic's.

    GET  /hpp/?id=store5&lang=fr   the page; only `frame_ancestors` may hold it in a frame
    GET  /hpp/entry.js, /hpp/entry.css
    POST /hpp/token                id, number, expiry (MMYY), code -> JSON

The page hands {"responseCode": ["001"], "dataKey": "ot-…"} or {"responseCode": ["9xx"], "field": …} to the
page around it, by postMessage, to the origins of `frame_ancestors` alone. The number goes from the form to
the vault and nowhere else: no address, log or answer holds it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from urllib.parse import parse_qs, urlsplit

from simulator.vault.desk import VaultDesk

_WORDS = {
    "fr": ("Votre carte", "Numéro de la carte", "Expiration (MMAA)", "Code de sécurité", "Continuer",
           "Vérifiez ce champ.", "Carte reçue."),
    "en": ("Your card", "Card number", "Expiry (MMYY)", "Security code", "Continue",
           "Please check this field.", "Card received."),
}  # fmt: skip
_WRONG = {"id": "940", "number": "943", "expiry": "944", "code": "945"}

_SCRIPT = """"use strict";
const form = document.getElementById("card");
const said = document.getElementById("said");
const tell = (message) => {
  for (const origin of JSON.parse(form.dataset.origins)) {
    if (window.parent !== window) window.parent.postMessage(JSON.stringify(message), origin);
  }
};
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const reply = await fetch("/hpp/token", { method: "POST", body: new URLSearchParams(new FormData(form)) });
  const message = await reply.json();
  const wrong = form.elements[message.field];
  for (const input of form.querySelectorAll("input")) input.removeAttribute("aria-invalid");
  if (wrong) { wrong.setAttribute("aria-invalid", "true"); wrong.focus(); }
  said.textContent = message.dataKey ? form.dataset.done : form.dataset.wrong;
  if (message.dataKey) form.reset();
  tell(message);
});
"""
_STYLE = """body { font: 1rem/1.4 system-ui, sans-serif; margin: 1rem; }
label { display: block; margin-top: .75rem; }
input { display: block; font: inherit; padding: .5rem; max-width: 20rem; }
[aria-invalid] { outline: 3px solid #b00020; }
button { font: inherit; margin-top: 1rem; padding: .6rem 1.2rem; }
"""


@dataclass(frozen=True, slots=True)
class Page:
    """What is to be answered."""

    status: int
    body: bytes = field(repr=False)
    headers: tuple[tuple[str, str], ...]


class EntryPage:
    """`origins` (as https://clinic.example) may hold the page in a frame; none: no other page may."""

    def __init__(self, desk: VaultDesk, origins: Sequence[str] = ()) -> None:
        self._desk, self._origins = desk, tuple(origins)

    def serve(self, method: str, target: str, body: bytes, now: datetime) -> Page | None:
        """The answer for a path below /hpp/; None for any other."""
        address = urlsplit(target)
        asked = {name: values[0] for name, values in parse_qs(address.query).items()}
        match method, address.path:
            case "GET", "/hpp/":
                return self._page("text/html", self._html(asked.get("id", ""), asked.get("lang", "fr")))
            case "GET", "/hpp/entry.js":
                return self._page("text/javascript", _SCRIPT)
            case "GET", "/hpp/entry.css":
                return self._page("text/css", _STYLE)
            case "POST", "/hpp/token":
                return self._page("application/json", json.dumps(self._token(body, now)))
            case _:
                return None

    def _token(self, body: bytes, now: datetime) -> dict[str, object]:
        told = {name: values[0] for name, values in parse_qs(body.decode("ascii", "replace")).items()}
        number = "".join(told.get("number", "").split())
        expiry = told.get("expiry", "")
        try:
            made = self._desk.temporary_token(
                told.get("id", ""), number, expiry[2:] + expiry[:2], told.get("code", ""), now
            )
        except ValueError as wrong:
            return {"responseCode": [_WRONG[str(wrong)]], "field": str(wrong)}
        return {"responseCode": ["001"], "dataKey": made}

    def _html(self, store: str, language: str) -> str:
        title, number, expiry, code, go, wrong, done = _WORDS.get(language, _WORDS["fr"])
        origins = escape(json.dumps(self._origins))
        return f"""<!doctype html>
<html lang="{language if language in _WORDS else "fr"}">
<head><meta charset="utf-8"><title>{title}</title><link rel="stylesheet" href="/hpp/entry.css"></head>
<body><form id="card" method="post" action="/hpp/token" autocomplete="off"
data-origins="{origins}" data-wrong="{wrong}" data-done="{done}">
<input type="hidden" name="id" value="{escape(store)}">
<label>{number}<input name="number" inputmode="numeric" autocomplete="cc-number" required></label>
<label>{expiry}<input name="expiry" inputmode="numeric" autocomplete="cc-exp" maxlength="4" required></label>
<label>{code}<input name="code" inputmode="numeric" autocomplete="cc-csc" maxlength="4"></label>
<button>{go}</button> <p id="said" role="status"></p></form>
<script src="/hpp/entry.js"></script></body></html>
"""

    def _page(self, kind: str, text: str) -> Page:
        ancestors = " ".join(self._origins) or "'none'"
        policy = (
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
            f"form-action 'self'; base-uri 'none'; frame-ancestors {ancestors}"
        )
        headers = (
            ("Content-Type", f"{kind}; charset=utf-8"),
            ("Content-Security-Policy", policy),
            ("Referrer-Policy", "no-referrer"),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
        )
        return Page(200, text.encode(), headers)
