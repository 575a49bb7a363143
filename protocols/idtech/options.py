"""The settings of one ID TECH reader, checked once, with errors that name key, value and what is allowed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Self

from protocols.core.card import EntryMode
from protocols.core.options import OptionError, Scalar, check_seconds, read_options
from protocols.idtech.reports import HEAD
from protocols.idtech.settings import FEATURE_SIZE


@dataclass(frozen=True, slots=True)
class ReaderOptions:
    """All times in seconds. `serial` is what the reader's label, its USB descriptor and its frames say.

    `commands`: whether the reader is asked for its security level, output format and key serial number when
    it is met. One that does not answer is used all the same, as every frame is refused that is not provably
    encrypted; `none` asks nothing.
    """

    serial: str | None = None
    modes: Literal["swipe", "keyed", "swipe_and_keyed"] = "swipe"
    commands: Literal["feature", "none"] = "feature"
    report_size: int = 0  # 0: the endpoint gives whole reports, as the USB port does
    feature_size: int = FEATURE_SIZE
    answer_s: float = 1.0  # a setting is answered within this time, or counts as unknown
    report_gap_s: float = 1.0  # the rest of a report that has begun comes within this time, or it is lost
    redial_s: float = 1.0  # the longest pause between two tries to open it

    def __post_init__(self) -> None:
        if self.serial is not None and not self.serial.strip():
            raise OptionError("serial is empty; allowed: the reader's serial number, or no such line")
        if self.report_size and not HEAD < self.report_size <= 4096:
            raise OptionError(f"report_size is {self.report_size}; allowed: 0, or {HEAD + 1} to 4096 bytes")
        if not 1 <= self.feature_size <= 256:
            raise OptionError(f"feature_size is {self.feature_size}; allowed: 1 to 256 bytes")
        check_seconds(self, "answer_s", "report_gap_s", "redial_s")

    @property
    def entry_modes(self) -> tuple[EntryMode, ...]:
        """How cards may be entered."""
        modes: dict[str, tuple[EntryMode, ...]] = {"swipe": ("swipe",), "keyed": ("keyed",)}
        return modes.get(self.modes, ("swipe", "keyed"))

    @classmethod
    def from_mapping(cls, options: Mapping[str, Scalar]) -> Self:
        """Build from a settings table. Raises OptionError for an unknown key or a wrong type."""
        return read_options(cls, "idtech", options)
