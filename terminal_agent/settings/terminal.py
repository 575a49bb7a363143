"""One `[[terminals]]` table: how the terminal is reached, who it is, what it may do.

What belongs to one protocol alone stands in `[terminals.options]` and is checked by that protocol, so that
a new protocol needs no new key here. A text among the options may be a password: its type does not print.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, Strict, model_validator

from terminal_agent.settings.types import OpaqueId, Port, Section, ShownName, Tls, UsbId

Scalar = str | int | float | bool
Currency = Literal["CAD", "USD", "EUR", "CHF"]
OperationName = Literal[
    "store_card",
    "sale",
    "refund",
    "reversal",
    "preauth",
    "capture",
    "charge_card",
    "verify_card",
    "delete_card",
    "list_expiring",
    "reconcile",
    "receipt",
    "diagnose",
]
# What every protocol is told from the general keys, by the key of a terminal that sets it. How it is
# reached is told as well, as `transport`.
GENERAL = {
    "currency": "currency",
    "terminal_id": "identity",
    "host": "gateway.host",
    "token_kind": "token.kind",
    "token_scope": "token.scope",
}


class Serial(Section):
    """A serial line: by path, or by the USB adapter's ids (found again on whatever port it comes back)."""

    path: str | None = Field(
        default=None, min_length=1, description="Device path, e.g. /dev/serial/by-id/… or COM3"
    )
    vid: UsbId | None = Field(default=None, description="USB vendor id: four hexadecimal digits, as in lsusb")
    pid: UsbId | None = Field(default=None, description="USB product id: four hexadecimal digits")
    serial_number: str | None = Field(
        default=None, min_length=1, description="The adapter's own; needed where two share vid and pid"
    )
    baud: Literal[1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200] = Field(
        default=9600, description="Speed in baud, as set in the terminal's menu"
    )
    format: str = Field(
        default="8N2", pattern=r"^[78][NEO][12]$", description="Data bits, parity N, E or O, stop bits"
    )

    @model_validator(mode="after")
    def _one_way_to_find_it(self) -> Self:
        if self.path is not None and any((self.vid, self.pid, self.serial_number)):
            raise ValueError("give either `path` or `vid` and `pid`, not both")
        if self.path is None and (self.vid is None or self.pid is None):
            raise ValueError("give `path`, or `vid` and `pid`; `terminal-agent devices` prints the lines")
        return self


class Tcp(Section):
    """A terminal on the network."""

    host: str = Field(min_length=1, description="Name or address of the terminal")
    port: Port = Field(description="The port on which it awaits a till")
    tls: Tls | None = Field(default=None, description="If the terminal speaks TLS")


class Usb(Section):
    """A card reader on USB, found again on whatever port it comes back."""

    vid: UsbId = Field(description="USB vendor id: four hexadecimal digits, as in lsusb")
    pid: UsbId | None = Field(default=None, description="USB product id; any of the vendor's if absent")
    serial_number: str | None = Field(
        default=None, min_length=1, description="The reader's own; needed where two are alike"
    )


class Token(Section):
    """What a token of this terminal is good for; ask the payment provider before you say chargeable."""

    kind: Literal["chargeable", "recognition"] = Field(
        default="recognition",
        description="chargeable: billed later without the card; recognition: tells the same card",
    )
    scope: str = Field(min_length=1, max_length=64, description="The merchant account in which it is valid")


class Limits(Section):
    """The most that this terminal may do. Amounts in minor units (cents); a day is the last 24 hours."""

    largest_sale_minor: int | None = Field(default=None, ge=1, description="Largest sale or hold")
    largest_refund_minor: int | None = Field(default=None, ge=0, description="Largest refund; 0: none at all")
    refunds_per_day: int | None = Field(default=None, ge=0, description="Number of refunds a day")
    refund_total_per_day_minor: int | None = Field(default=None, ge=0, description="Sum of refunds a day")


class Terminal(Section):
    """One payment terminal of this point of service."""

    id: OpaqueId = Field(description="The terminal's opaque id, as the backend knows it")
    name: ShownName = Field(description="As staff know it; shown on their pages")
    point_of_service: ShownName | None = Field(default=None, description="If it differs from the agent's")
    protocol: str = Field(
        pattern=r"^[a-z][a-z0-9_]*$", description="The wire it speaks, by its name in the registry, e.g. zvt"
    )
    serial: Serial | None = Field(default=None, description="Its serial line; or give tcp or usb")
    tcp: Tcp | None = Field(default=None, description="Its network address; or give serial or usb")
    usb: Usb | None = Field(default=None, description="Its card reader; its vault is then its gateway")
    gateway: Tcp | None = Field(default=None, description="The vault behind a card reader, on TLS")
    identity: str | None = Field(
        default=None,
        min_length=1,
        max_length=64,
        description="The terminal's own id; another one is refused. Learned at the first greeting if absent",
    )
    currency: Currency = Field(default="CAD", description="Its one currency; always sent to it")
    token: Token | None = Field(default=None, description="What its tokens are good for")
    languages: Annotated[tuple[Literal["fr", "en"], ...], Strict(False)] = Field(
        default=("fr", "en"), min_length=1, description="Languages of its screen, the preferred one first"
    )
    operations: Annotated[frozenset[OperationName], Strict(False)] | None = Field(
        default=None, description="Only these are allowed; all that it can do if absent"
    )
    limits: Limits = Field(default=Limits(), description="The most that it may do")
    options: dict[str, SecretStr | int | float | bool] = Field(
        default_factory=dict,
        description="Settings of its protocol alone, e.g. password, t3_s, t4_s, silence_alert_s. "
        "`NAME_file = path` takes the value of NAME from the first line of a file of mode 0400, "
        "`NAME_credential = name` from a systemd credential",
    )

    @model_validator(mode="after")
    def _one_endpoint_and_no_key_twice(self) -> Self:
        if sum(way is not None for way in (self.serial, self.tcp, self.usb)) != 1:
            raise ValueError("give exactly one of [terminals.serial], [terminals.tcp] and [terminals.usb]")
        if (self.usb is None) != (self.gateway is None):
            raise ValueError("[terminals.usb] and [terminals.gateway] go together: a reader and its vault")
        if self.gateway is not None and self.gateway.tls is None:
            raise ValueError("[terminals.gateway.tls] is missing: card data goes over TLS alone")
        for name in {"transport", *GENERAL} & self.options.keys():
            raise ValueError(f"`{name}` is no option of the protocol here; set {_where_set(name)}")
        return self

    @property
    def transport(self) -> Literal["serial", "tcp", "usb"]:
        """The kind of its endpoint."""
        if self.usb is not None:
            return "usb"
        return "tcp" if self.tcp is not None else "serial"

    def for_protocol(self) -> dict[str, Scalar]:
        """Its options in plain form, with what every protocol is told, for the registry. Never log them."""
        told: dict[str, Scalar | None] = {
            "transport": self.transport,
            "currency": self.currency,
            "terminal_id": self.identity,
            "token_kind": self.token.kind if self.token is not None else None,
            "token_scope": self.token.scope if self.token is not None else None,
            "host": self.gateway.host if self.gateway is not None else None,
        }
        own = {
            name: value.get_secret_value() if isinstance(value, SecretStr) else value
            for name, value in self.options.items()
        }
        return own | {name: value for name, value in told.items() if value is not None}


def _where_set(name: str) -> str:
    """Where people set what every protocol is told."""
    if name == "transport":
        return "[terminals.serial], [terminals.tcp] or [terminals.usb]"
    section, _, key = GENERAL[name].rpartition(".")
    return f"`{key}` in [terminals.{section}]" if section else f"`{key}` of the terminal"
