"""Secrets that stand beside the settings: in files of our own alone, or in systemd's credentials.

Never in the settings file itself where another way is asked for: that file is copied, shown and mailed.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from protocols.core.options import NEVER_IN_CLEAR
from terminal_agent.settings.complaints import Complaint
from terminal_agent.settings.whole import Settings

FROM_FILE, FROM_CREDENTIAL = "_file", "_credential"
# Where systemd puts what LoadCredential= names; it guards the folder itself (systemd.exec(5)).
CREDENTIALS_FOLDER = "CREDENTIALS_DIRECTORY"
_OF_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class SecretRefusedError(ValueError):
    """A secret cannot be taken from where it is said to be; the text says what to do."""


def fill_in_secrets(tables: dict[str, Any], folder: Path) -> tuple[Complaint, ...]:
    """Replace `NAME_file = path` and `NAME_credential = name` among each terminal's options by `NAME` = the
    first line of what they name, in place."""
    trouble: list[Complaint] = []
    terminals = tables.get("terminals")
    for index, terminal in enumerate(terminals if isinstance(terminals, list) else []):
        options = terminal.get("options") if isinstance(terminal, dict) else None
        if isinstance(options, dict):
            key = f"terminals[{index}].options"
            found = (*_in_clear(options), *_read_options(options, folder))
            trouble += [Complaint(f"{key}.{name}", why) for name, why in found]
    return tuple(trouble)


def open_keys(settings: Settings) -> Iterator[Complaint]:
    """Private keys of TLS that others may read."""
    tcp = [(f"terminals[{at}].tcp", one.tcp) for at, one in enumerate(settings.terminals)]
    gateways = [(f"terminals[{at}].gateway", one.gateway) for at, one in enumerate(settings.terminals)]
    sections = [("broker", settings.broker.tls)]
    sections += [(name, where.tls) for name, where in (*tcp, *gateways) if where is not None]
    for name, tls in sections:
        if tls is not None and tls.key is not None and (why := _key_refusal(tls.key)) is not None:
            yield Complaint(f"{name}.tls.key", why)


def _key_refusal(key: Path) -> str | None:
    """None for a missing key, too: that is told with the files that it belongs to."""
    try:
        return refusal(key, key.stat().st_mode)
    except FileNotFoundError:
        return None
    except OSError as error:
        return f"{key} cannot be reached ({error.strerror}); the agent's user must be able to read it"


def refusal(path: Path, mode: int) -> str | None:
    """Why a file of that mode is no place for a secret; None where it is one. Windows has other means."""
    credentials = os.environ.get(CREDENTIALS_FOLDER)
    guarded = credentials is not None and path.is_relative_to(credentials)
    if os.name != "posix" or guarded or not stat.S_IMODE(mode) & _OF_OTHERS:
        return None
    return f"{path} is open to others (mode {stat.S_IMODE(mode):04o}); chmod 0400 {path}"


def _in_clear(options: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name in sorted(NEVER_IN_CLEAR & options.keys()):
        yield (
            name,
            f"stands in clear in the settings; put it into a file of mode 0400 ({name}{FROM_FILE} = path) or "
            f"a systemd credential ({name}{FROM_CREDENTIAL} = name), and have it changed: this file was read",
        )


def _read_options(options: dict[str, Any], folder: Path) -> Iterator[tuple[str, str]]:
    for name in [name for name in options if name.endswith((FROM_FILE, FROM_CREDENTIAL))]:
        where, target = options.pop(name), name.removesuffix(FROM_FILE).removesuffix(FROM_CREDENTIAL)
        if target in options:
            yield name, f"stands beside {target}; give one of them"
            continue
        options[target] = ""
        try:
            options[target] = _read(name, where, folder)
        except SecretRefusedError as error:
            yield name, str(error)


def _read(name: str, where: object, folder: Path) -> str:
    from_file = name.endswith(FROM_FILE)
    if not isinstance(where, str):
        what = "a file; allowed: a path" if from_file else "a credential; allowed: its name"
        raise SecretRefusedError(f"names {what} as text")
    path = folder / where if from_file else _credential(where)
    try:
        with path.open(encoding="utf-8") as file:
            return _first_line(path, file)
    except (OSError, UnicodeDecodeError) as error:
        cure = "the agent's user must own it, mode 0400"
        if not from_file:
            cure = f"is there LoadCredential={where}:PATH in the unit?"
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise SecretRefusedError(f"{path} cannot be read ({why}); {cure}") from None


def _credential(name: str) -> Path:
    folder = os.environ.get(CREDENTIALS_FOLDER)
    if folder is None:
        raise SecretRefusedError(
            f"systemd has handed over no credentials; add LoadCredential={name}:PATH to the unit, "
            "or give a file outside of systemd"
        )
    if not name or Path(name).name != name:
        raise SecretRefusedError("is no credential's name; allowed: a name without slashes")
    return Path(folder) / name


def _first_line(path: Path, file: TextIO) -> str:
    """The mode is that of the file which is read, not of what stands there a moment later."""
    why = refusal(path, os.fstat(file.fileno()).st_mode)
    if why is not None:
        raise SecretRefusedError(why)
    return file.readline().strip()
