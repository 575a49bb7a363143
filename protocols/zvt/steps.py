"""The table of a ZVT session's steps, and the errands of which every operation's plan is made."""

from __future__ import annotations

from enum import Enum

from protocols.core.machine import Table


class Step(Enum):
    """Who may speak on the line. BOOKING is no step: the pump answers a Persist before anything else."""

    DOWN = "down"
    OPENING = "opening"
    IDLE = "idle"  # we are master (PA00P015 ch. 1.1); the socket may be closed
    ASKED = "asked"  # our command waits for 80/84, T3
    LED = "led"  # the terminal is master until 06 0F or 06 1E, T4
    UNFIT = "unfit"


class Event(Enum):
    """What moves a step."""

    DIAL = "dial"
    OPENED = "opened"
    ASK = "ask"
    TAKEN = "taken"
    LEADS = "leads"  # with a message of its own, before or without an answer to ours
    ENDED = "ended"
    LOST = "lost"
    REFUSED = "refused_by_us"

    def __str__(self) -> str:
        return self.value


STEPS: Table[Step, Event] = Table(
    "zvt session",
    {
        Step.DOWN: {Event.DIAL: Step.OPENING, Event.LOST: Step.DOWN},
        Step.OPENING: {Event.OPENED: Step.IDLE, Event.LOST: Step.DOWN},
        Step.IDLE: {
            Event.ASK: Step.ASKED,
            Event.LEADS: Step.LED,
            Event.DIAL: Step.OPENING,
            Event.LOST: Step.DOWN,
            Event.REFUSED: Step.UNFIT,
        },
        Step.ASKED: {
            Event.TAKEN: Step.LED,
            Event.LEADS: Step.LED,
            Event.ENDED: Step.IDLE,
            Event.LOST: Step.DOWN,
        },
        Step.LED: {Event.ENDED: Step.IDLE, Event.LOST: Step.DOWN},
        Step.UNFIT: {Event.DIAL: Step.OPENING, Event.LOST: Step.UNFIT},
    },
)


class Errand(Enum):
    """One command of ours with all that the terminal says to it."""

    REGISTER = "register"  # 06 00
    ENQUIRE = "enquire"  # 05 01
    NOTE = "note"  # 06 20 before our command: the baseline
    WORK = "work"  # the operation's own command
    READ = "read"  # 06 20 after a lost result
    OLD = "old"  # no command: the terminal goes on with a dialogue that we lost
