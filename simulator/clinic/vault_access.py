"""The clinic's own door to the vault, over HTTPS with credentials of its own: requests out, receipts in.

What is asked and in which order is `online_cards`. A receipt is believed only where it says all that it must;
anything else is `Unanswered`, and what became of the request is then unknown.
"""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import quote, urlsplit

from protocols.contract.fields import Locale
from protocols.core.card import Sealed
from protocols.core.errors import DecodingError
from protocols.moneris import codes
from protocols.moneris.codec import Pieces, read_receipt, write_request
from protocols.moneris.credentials import Credentials
from protocols.moneris.http import Broken, Exchanges
from protocols.moneris.messages import Receipt, Transaction
from simulator.clinic.settings import ClinicPlan
from simulator.declared import SettingError

PATH = "/gateway2/servlet/MpgRequest"
ENTRY_PATH = "/hpp/"
TOTAL_S = 35.0  # a connection, a request and its reply (field sheet on gateways)
_LOT = 65_536
_APPROVED_BELOW = 50


class Unanswered(Exception):  # noqa: N818  # an answer to whoever asked, not a failure
    """No answer that can be believed. `sent`: the request may have been carried out."""

    def __init__(self, why: str, *, sent: bool) -> None:
        super().__init__(why)
        self.sent = sent


@dataclass(frozen=True, slots=True)
class Vault:
    """One merchant account at the vault; `scope` is where its tokens hold."""

    host: str
    port: int
    store_id: str
    scope: str
    credentials: Credentials = field(repr=False)
    tls: ssl.SSLContext = field(repr=False)
    total_s: float = TOTAL_S

    @property
    def origin(self) -> str:
        """Whose messages the page believes."""
        port = "" if self.port == 443 else f":{self.port}"
        return f"https://{self.host}{port}"

    def entry_page(self, language: Locale) -> str:
        """The address of the hosted page into which the cardholder types."""
        return f"{self.origin}{ENTRY_PATH}?id={quote(self.store_id)}&lang={language}"

    async def ask(self, transaction: Transaction) -> Receipt:
        """The receipt of one request, which is sent once. Raises Unanswered."""
        exchanges = Exchanges(self.host, PATH)
        sent = False
        try:
            async with asyncio.timeout(self.total_s):
                reader, writer = await asyncio.open_connection(self.host, self.port, ssl=self.tls)
                try:
                    sent = True
                    self._write(writer, exchanges, write_request(transaction, self.credentials))
                    return read_receipt(await _body(reader, exchanges))
                finally:
                    writer.transport.abort()
        except TimeoutError:
            raise Unanswered(f"no whole answer within {self.total_s:g} s", sent=sent) from None
        except (OSError, DecodingError) as error:
            raise Unanswered(f"{type(error).__name__}: {error}", sent=sent) from None

    @staticmethod
    def _write(writer: asyncio.StreamWriter, exchanges: Exchanges, pieces: Pieces) -> None:
        for part in exchanges.request(pieces):
            assert not isinstance(part, Sealed)  # only readers make frames
            writer.write(part)


async def _body(reader: asyncio.StreamReader, exchanges: Exchanges) -> bytes:
    while True:
        found = exchanges.receive(await reader.read(_LOT))
        if isinstance(found, Broken):
            raise Unanswered(found.why, sent=True)
        if found is not None:
            return found.body


def open_vault(plan: ClinicPlan) -> Vault | None:
    """The vault of the settings; None where there is none. Raises SettingError, OSError."""
    if plan.vault is None:
        return None
    address = urlsplit(plan.vault.url)
    if address.scheme != "https" or not address.hostname:
        raise SettingError(f"vault.url: is {plan.vault.url!r}; allowed: https://HOST or https://HOST:PORT")
    token = Path(plan.folder / plan.vault.api_token_file).read_text(encoding="utf-8")
    try:
        credentials = Credentials(plan.vault.store_id, token)
    except ValueError as error:
        raise SettingError(f"vault: {error}") from None
    return Vault(
        host=address.hostname,
        port=address.port or 443,
        store_id=plan.vault.store_id,
        scope=plan.vault.scope,
        credentials=credentials,
        tls=ssl.create_default_context(cafile=plan.path(plan.vault.ca)),
    )


# --- what receipts mean ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """The issuer agreed. `issuer_id` goes with every later charge."""

    transaction: str
    issuer_id: str | None
    brand: str | None
    last_four: str | None
    expiry_yymm: str | None
    avs: str | None
    cvd: str | None


Why = Literal["declined", "expired", "security_code", "postal_code", "refused"]


@dataclass(frozen=True, slots=True)
class Declined:
    """The issuer or the clinic's own policy does not agree, or the vault refuses; nothing is kept."""

    code: Why


def verification(receipt: Receipt, order_id: str) -> Verified | Declined | None:
    """What a receipt says of a verification; None where it does not say."""
    if receipt.response_code is None:
        return _refusal(receipt)
    if not _is_complete(receipt) or (receipt.receipt_id, receipt.trans_type) != (order_id, "06"):
        return None
    if (declined := _declined(receipt)) is not None:
        return declined
    if not receipt.trans_id:
        return None  # without it the order could not be asked to be kept again
    shown = receipt.resolved[0] if len(receipt.resolved) == 1 else None
    return Verified(
        transaction=receipt.trans_id,
        issuer_id=receipt.issuer_id,
        brand=codes.BRANDS.get(receipt.card_type or "", receipt.card_type),
        last_four=_last_four(shown.masked_pan if shown else None),
        expiry_yymm=shown.expdate if shown else None,
        avs=receipt.avs_result_code,
        cvd=receipt.cvd_result_code,
    )


def _declined(receipt: Receipt) -> Declined | None:
    """The issuer's no, or the clinic's own: the gateway itself never declines for code or address."""
    if int(receipt.response_code or 0) >= _APPROVED_BELOW:
        expired = receipt.iso == "54" or receipt.response_code == "482"
        return Declined("expired" if expired else "declined")
    if (receipt.cvd_result_code or "")[-1:] in tuple("ND"):
        return Declined("security_code")
    return Declined("postal_code") if (receipt.avs_result_code or "")[:1] == "N" else None


def lasting_token(receipt: Receipt) -> str | Declined | None:
    """The token under which the card is kept now; None where the receipt does not say."""
    if receipt.response_code is None:
        return _refusal(receipt)
    if not _is_complete(receipt):
        return None
    if int(receipt.response_code) >= _APPROVED_BELOW or (receipt.res_success or "").lower() != "true":
        return Declined("refused")
    return receipt.data_key


def _is_complete(receipt: Receipt) -> bool:
    number = receipt.response_code or ""
    return (
        number.isascii()
        and number.isdecimal()
        and (receipt.complete or "").lower() == "true"
        and (receipt.timed_out or "").lower() != "true"
    )


def _refusal(receipt: Receipt) -> Declined | None:
    """Only words that we know say that nothing was done. Where it is our own credentials that are wrong, the
    card is none the worse, and it is asked again once they are mended."""
    said = (receipt.message or "").lower()
    code = next((code for beginning, code in codes.REFUSALS if said.startswith(beginning)), None)
    if code is None or code == "vault_credentials" or said.startswith(codes.DUPLICATE):
        return None
    return Declined("refused")


def _last_four(masked: str | None) -> str | None:
    tail = (masked or "").rpartition("*")[2]
    return tail if len(tail) == 4 and tail.isdecimal() else None
