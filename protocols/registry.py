"""Name -> what to build. The only file that names concrete protocols; a new protocol is one line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import TypeVar

from protocols.core.options import OptionError, Scalar, read_options
from protocols.core.session import Session
from protocols.idtech.options import ReaderOptions
from protocols.idtech.reader import Reader
from protocols.moneris.credentials import Credentials
from protocols.moneris.options import MonerisOptions
from protocols.moneris.vault import MonerisVault
from protocols.reader_vault.capabilities import WITHOUT_CARD
from protocols.reader_vault.options import ReaderVaultOptions
from protocols.reader_vault.session import ReaderVaultSession
from protocols.zvt.options import ZvtOptions
from protocols.zvt.session import ZvtSession

T = TypeVar("T")
Options = Mapping[str, Scalar]
Entropy = Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class Lane:
    """A second session of the same terminal, for operations that may run beside those of the first."""

    operations: frozenset[str]
    build: Callable[[Options, Entropy], Session]


@dataclass(frozen=True, slots=True)
class Protocol:
    """How to build a session of one protocol from a terminal's options. A session asks for its openings by
    the names of their links: "terminal" for a serial line or an address, "reader" for a USB device, "gateway"
    for the vault behind it."""

    build: Callable[[Options, Entropy], Session]
    check: Callable[[Options], object]
    beside: Lane | None = None


def _zvt(options: Options, _entropy: Entropy) -> Session:
    return ZvtSession(ZvtOptions.from_mapping(options))


# What the names of a wire's own options begin with.
_READER, _VAULT = "reader_", "vault_"
# General keys that a reader's session does not need itself.
_TOLD_ELSEWHERE = frozenset({"transport", "token_kind", "terminal_id", "host"})
# What the two wires are told from general keys, so that it cannot be said twice.
_NOT_TWICE = frozenset({"reader_serial", "vault_host", "vault_currency", "vault_token_scope"})
_CREDENTIALS = ("store_id", "api_token")


def _without(prefix: str, options: Options) -> dict[str, Scalar]:
    """The options of one wire, by its own names."""
    return {name.removeprefix(prefix): v for name, v in options.items() if name.startswith(prefix)}


def _known() -> frozenset[str]:
    """The names of all options of a reader with its vault."""
    kinds = (("", ReaderVaultOptions), (_READER, ReaderOptions), (_VAULT, MonerisOptions))
    named = {f"{prefix}{field.name}" for prefix, kind in kinds for field in fields(kind)}
    return frozenset({*named, *_TOLD_ELSEWHERE, *_CREDENTIALS} - _NOT_TWICE)


def _made(build: Callable[[Options], T], prefix: str, options: Options) -> T:
    """The options of one wire; what is said of them names them as the settings do."""
    try:
        return build(options)
    except OptionError as error:
        raise OptionError(f"{prefix}{error}") from None


def _split(options: Options) -> tuple[ReaderVaultOptions, ReaderOptions, MonerisOptions, Credentials]:
    """The options of a reader with its vault, by whom they are for. Raises OptionError, ValueError."""
    own, reader, vault = dict(options), _without(_READER, options), _without(_VAULT, options)
    known = _known()
    if strange := sorted(own.keys() - known):
        raise OptionError(
            f"{strange[0]} is not an option of idtech_moneris; known: {', '.join(sorted(known))}"
        )
    if own.get("transport", "usb") != "usb":
        raise OptionError(f"transport is {own['transport']!r}; allowed: 'usb'")
    for name in _CREDENTIALS:
        if name not in own:
            raise OptionError(f"{name} is missing; give {name}_file = path, or {name}_credential = name")
    credentials = Credentials(*(str(own.pop(name)) for name in _CREDENTIALS))
    vault |= {name: own[name] for name in ("currency", "token_scope", "host") if name in own}
    if "terminal_id" in own:
        reader["serial"] = own["terminal_id"]
    told = {*_TOLD_ELSEWHERE, *(name for name in own if name.startswith((_READER, _VAULT)))}
    joined = {name: value for name, value in own.items() if name not in told}
    return (
        read_options(ReaderVaultOptions, "idtech_moneris", joined),
        _made(ReaderOptions.from_mapping, _READER, reader),
        _made(MonerisOptions.from_mapping, _VAULT, vault),
        credentials,
    )


def _with_card(options: Options, _entropy: Entropy) -> Session:
    joined, reader, vault, credentials = _split(options)
    return ReaderVaultSession(joined, MonerisVault(vault, credentials), Reader(reader))


def _without_card(options: Options, _entropy: Entropy) -> Session:
    joined, _, vault, credentials = _split(options)
    return ReaderVaultSession(joined, MonerisVault(vault, credentials), None)


PROTOCOLS: Mapping[str, Protocol] = {
    "zvt": Protocol(_zvt, ZvtOptions.from_mapping),
    "idtech_moneris": Protocol(_with_card, _split, Lane(WITHOUT_CARD, _without_card)),
}
