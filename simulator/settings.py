"""How a simulated terminal is set up: what its PSP and its owner chose before it came to the desk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

BookingPolicy = Literal["reverse", "keep", "refuse"]
Printing = Literal["as_registered", "lines", "blocks", "none"]
BusyAnswer = Literal["9C", "silence"]
Language = Literal["fr", "en"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminalSettings:
    """All times in seconds.

    `booking_policy`: what becomes of a transaction whose result the ECR never acknowledged. reverse: charged
    and undone (PA00P015 ch. 2.2.8); keep: booked all the same (ch. 4); refuse: not booked (card complete).
    `printing` as_registered follows the registration; the others force it. `busy` is what a command in the
    middle of a dialogue gets. `step_s` is the pause before each message of the terminal's own accord.
    `currency` is the ISO 4217 number in four digits. `tokens`: whether the PSP switched 1F14 on.
    """

    terminal_id: str = "52500042"
    serial_number: str = "51234567"
    currency: str = "0124"
    passwords: tuple[str, ...] = ("000000", "123456")
    language: Language = "fr"
    merchant: tuple[str, ...] = ("CLINIQUE DU PARC", "MONTREAL QC")
    vu_number: str = "CLINIQUE0000001"
    software: str = "SIM ZVT 1.0"
    token_scope: str = "clinic-du-parc"
    tokens: bool = True
    booking_policy: BookingPolicy = "reverse"
    printing: Printing = "as_registered"
    busy: BusyAnswer = "9C"
    must_register: bool = False
    end_of_day_possible: bool = True
    contactless_pin_above_minor: int = 25_000
    paper_columns: int = 24
    t1_s: float = 0.2
    t2_s: float = 5.0
    t3_s: float = 5.0
    card_timeout_s: float = 60.0
    pin_timeout_s: float = 60.0
    remove_timeout_s: float = 20.0
    status_every_s: float = 30.0
    host_s: float = 0.8
    step_s: float = 0.02
    idle_close_s: float = 0.0
