"""The table of a session's steps: one operation from the connection to its end."""

from __future__ import annotations

from enum import Enum

from protocols.core.machine import Table


class Step(Enum):
    """What the session is at. While a fact is being booked the pump tells nothing else."""

    FREE = "free"
    REACHING = "reaching"  # the vault is connected to before anybody is asked for a card
    CARD = "card"  # the reader is armed
    LOOKING = "looking"  # how an earlier order stands, before anything is done to it
    MARKING = "marking"  # the mark is being booked
    ASKED = "asked"  # the order is with the vault
    SEEKING = "seeking"  # the vault is asked what became of an order
    KEEPING = "keeping"  # the vault is asked to keep the card of a done order
    ENDING = "ending"  # the end is being booked


class Event(Enum):
    """What moves a step."""

    REACH = "reach"
    ARM = "arm"
    LOOK = "look"
    MARK = "mark"
    ASK = "ask"
    SEEK = "seek"
    KEEP = "keep"
    END = "end"
    FREED = "freed"

    def __str__(self) -> str:
        return self.value


STEPS: Table[Step, Event] = Table(
    "reader and vault",
    {
        Step.FREE: {Event.REACH: Step.REACHING, Event.SEEK: Step.SEEKING, Event.KEEP: Step.KEEPING},
        Step.REACHING: {
            Event.ARM: Step.CARD,
            Event.LOOK: Step.LOOKING,
            Event.MARK: Step.MARKING,
            Event.END: Step.ENDING,
        },
        Step.CARD: {Event.MARK: Step.MARKING, Event.END: Step.ENDING},
        Step.LOOKING: {Event.MARK: Step.MARKING, Event.END: Step.ENDING},
        Step.MARKING: {
            Event.ASK: Step.ASKED,
            Event.KEEP: Step.KEEPING,
            Event.END: Step.ENDING,
        },
        Step.ASKED: {Event.MARK: Step.MARKING, Event.END: Step.ENDING},
        Step.SEEKING: {Event.MARK: Step.MARKING, Event.END: Step.ENDING},
        Step.KEEPING: {Event.END: Step.ENDING},
        Step.ENDING: {Event.FREED: Step.FREE},
    },
)
