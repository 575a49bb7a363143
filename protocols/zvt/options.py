"""The settings of one ZVT terminal, checked once, with errors that name key, value and what is allowed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Self

from protocols.core.card import TokenKind
from protocols.core.options import OptionError, Scalar, check_currency, check_seconds, read_options


@dataclass(frozen=True, slots=True, repr=False)
class ZvtOptions:
    """All times in seconds, with their chapter in PA00P016 (transport) and PA00P015 (application).

    `config` is the registration byte (PA00P015 ch. 2.1): BE = receipts, statuses and print lines to us, and
    neither amounts nor administration at the terminal's own keys, so that nothing happens behind our back.
    """

    transport: Literal["serial", "tcp"] = "serial"
    currency: str = "CAD"
    password: str = "000000"
    config: int = 0xBE
    terminal_id: str | None = None  # the eight digits it must tell at its greeting; None learns them
    token_kind: TokenKind = "recognition"
    token_scope: str = ""
    capture_with: Literal["book_total", "partial_reversal"] = "book_total"
    # The code with which this terminal refuses 06 20 when it has stored nothing yet. The specification names
    # none, and a refusal for any other reason must not look like "nothing was booked": None is safe.
    nothing_stored_code: int | None = None
    t1_s: float = 0.2  # gap between two bytes of a serial frame (PA00P016 ch. 4)
    t2_s: float = 5.0  # serial frame to its ACK
    t3_s: float = 5.0  # command to its answer
    t4_s: float = 180.0  # between two messages of the terminal; restarted by each, set anew by 04 FF
    silence_alert_s: float = 40.0  # vendors send a status every 30 to 40 s
    read_card_timeout_s: int = 60
    probe_s: float = 240.0  # an idle terminal is asked for its status this often
    redial_s: float = 5.0  # the longest pause between two tries to reach it

    def __repr__(self) -> str:
        return f"ZvtOptions(transport={self.transport!r}, terminal_id={self.terminal_id!r})"

    def __post_init__(self) -> None:
        check_currency(self.currency)
        if not (len(self.password) == 6 and self.password.isdecimal()):
            raise OptionError("password must be six digits; the value given is not shown")
        if not 0 <= self.config <= 0xFF:
            raise OptionError(f"config is {self.config}; allowed: one byte, 0x00 to 0xFF")
        if self.terminal_id is not None and not (len(self.terminal_id) == 8 and self.terminal_id.isdecimal()):
            raise OptionError(
                f"terminal_id is {self.terminal_id!r}; allowed: eight digits, as on its receipts"
            )
        check_seconds(self, "t1_s", "t2_s", "t3_s", "t4_s", "silence_alert_s", "probe_s", "redial_s")
        if not 1 <= self.read_card_timeout_s <= 99:
            raise OptionError(f"read_card_timeout_s is {self.read_card_timeout_s}; allowed: 1 to 99 seconds")

    @classmethod
    def from_mapping(cls, options: Mapping[str, Scalar]) -> Self:
        """Build from a settings table. Raises OptionError for an unknown key or a wrong type."""
        return read_options(cls, "zvt", options)
