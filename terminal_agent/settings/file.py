"""Reading the settings file. Whatever is wrong with it ends as one SettingsError that lists everything."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

from pydantic import ValidationError

from terminal_agent import errors
from terminal_agent.redaction import clean_text
from terminal_agent.settings.complaints import Complaint, complaints
from terminal_agent.settings.secret_files import fill_in_secrets, open_keys
from terminal_agent.settings.terminal import GENERAL, Scalar, Terminal
from terminal_agent.settings.whole import Settings

LARGEST_FILE_BYTES = 1 << 20


class KnownProtocol(Protocol):
    """What the registry holds for a protocol, as far as settings need it."""

    @property
    def check(self) -> Callable[[Mapping[str, Scalar]], object]:
        """Raises ValueError, naming the key and what is allowed, without secrets."""
        ...


class SettingsError(errors.SettingsError):
    """The settings cannot be used. `complaints` say why, key by key; no secret is in them."""

    def __init__(self, path: Path, found: tuple[Complaint, ...]) -> None:
        self.path = path
        self.complaints = found
        lines = "".join(f"\n  {one}" for one in found)
        super().__init__("settings_invalid", f"the settings in {path} cannot be used:{lines}")


def load(path: Path, protocols: Mapping[str, KnownProtocol] | None = None) -> Settings:
    """The settings of a TOML file. Relative paths in it count from its folder. Raises SettingsError.

    With `protocols` (the registry) each terminal's protocol and options are checked as well.
    """
    tables = _tables(path)
    folder = path.absolute().parent
    trouble = fill_in_secrets(tables, folder)
    try:
        settings = Settings.model_validate(tables, context={"folder": folder})
    except ValidationError as error:
        # `from None`: the original holds its input, and a traceback would carry it along.
        raise SettingsError(path, (*trouble, *complaints(error))) from None
    trouble = (*trouble, *open_keys(settings))
    if protocols is not None:
        trouble = (*trouble, *_protocol_trouble(settings, protocols, trouble))
    if trouble:
        raise SettingsError(path, trouble)
    return settings


def _protocol_trouble(
    settings: Settings, protocols: Mapping[str, KnownProtocol], told: tuple[Complaint, ...]
) -> Iterator[Complaint]:
    """What the protocols themselves say of their options. They raise ValueError, without secrets in it. One
    whose secret could not be read would only complain of its absence once more."""
    for index, terminal in enumerate(settings.terminals):
        if any(complaint.key.startswith(f"terminals[{index}].options.") for complaint in told):
            continue
        protocol = protocols.get(terminal.protocol)
        if protocol is None:
            known = ", ".join(sorted(protocols))
            text = f"is {terminal.protocol!r}; allowed: {known}; change it"
            yield Complaint(f"terminals[{index}].protocol", text)
            continue
        try:
            protocol.check(terminal.for_protocol())
        except ValueError as error:
            key, text = _by_key(terminal, str(error))
            yield Complaint(f"terminals[{index}].{key}", clean_text(text))


def _by_key(terminal: Terminal, told: str) -> tuple[str, str]:
    """What a protocol says of what it was told, under the key that people wrote it at."""
    name, _, said = told.partition(" ")
    if name == "transport":
        return terminal.transport, f"{terminal.protocol} is not reached this way; {said.partition('; ')[2]}"
    return (GENERAL[name], said) if name in GENERAL else ("options", told)


def _tables(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            text = file.read(LARGEST_FILE_BYTES + 1)
    except OSError as error:
        cure = "give its path with --config"
        if isinstance(error, PermissionError):
            cure = "run this as the agent's user (sudo -u terminal-agent …), who must be able to read it"
        why = f"it cannot be read: {error.strerror}; {cure}"
        raise SettingsError(path, (Complaint("", why),)) from None
    if len(text) > LARGEST_FILE_BYTES:
        why = f"it is larger than {LARGEST_FILE_BYTES} bytes; settings are a few kilobytes"
        raise SettingsError(path, (Complaint("", why),))
    try:
        return tomllib.loads(text.decode())
    except UnicodeDecodeError as error:
        why = f"it is not UTF-8 (byte {error.start}); save it as UTF-8"
    except tomllib.TOMLDecodeError as error:
        why = f"it is not TOML: {clean_text(str(error))}; text stands in quotes, sections in [brackets]"
    raise SettingsError(path, (Complaint("", why),))
