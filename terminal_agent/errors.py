"""The agent's own broken promises, beside those of the wires (protocols.core.errors).

    AgentError
    ├── JournalFailed        a write did not reach the disk; nothing that depends on it may happen
    ├── CertificatesUnusable the TLS files for the broker cannot be read, or do not belong together
    ├── JournalUnusable      the journal cannot be opened or trusted; money stops until an operator acts
    └── SettingsError        the settings name something that cannot be (file, key, value, what is allowed)

`fault` says who has to act, `effect` whether money may have moved because of it, `code` is stable;
`stops_money` tells the supervisor that no terminal may be driven any further.
"""

from __future__ import annotations

from protocols.core.errors import Effect, Fault


class AgentError(Exception):
    """A promise of the agent itself was broken."""

    fault: Fault = "ours"
    effect: Effect = "none"
    stops_money = False

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class JournalFailed(AgentError):  # noqa: N818  named for what happened to the write
    """A write may not be on disk. Codes: journal_full, journal_io, journal_closed.

    The caller does nothing further for the operation it was writing for: silence is the safe answer.
    `stops_money` tells the supervisor to stop every unit that may move money.
    """

    effect: Effect = "unknown"
    stops_money = True


class JournalUnusable(AgentError):  # noqa: N818  named for the state it is in
    """The journal cannot be opened or believed. Codes: journal_corrupt, journal_foreign, journal_newer,
    journal_in_use, journal_unreadable."""

    fault: Fault = "operator"
    stops_money = True


class CertificatesUnusable(AgentError):  # noqa: N818  named for the state they are in
    """The TLS files for the broker cannot be used. Code: tls_files. The text names them, and no key."""

    fault: Fault = "operator"


class SettingsError(AgentError):
    """The settings are wrong: which file, which key, which value, what is allowed."""

    fault: Fault = "operator"
