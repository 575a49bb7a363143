"""The matrix of a campaign: every fault, every stage of an operation, and which cells a history can reach.

A fault strikes in the stage of the newest operation that is open; where the terminal goes on with a dialogue
whose end is in doubt, both in the stage that it tells and in `in_doubt`. Most can strike in every one. Those
that wait for a moment of the terminal's dialogue strike when it comes, and patients are not always there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Literal

Stage = Literal[
    "idle", "accepted", "committed", "card", "pin", "host", "result_seen", "in_doubt", "needs_human"
]
STAGES: tuple[Stage, ...] = (
    "idle",
    "accepted",
    "committed",
    "card",
    "pin",
    "host",
    "result_seen",
    "in_doubt",
    "needs_human",
)
# Every fault, and how the long campaign groups them.
FAULTS: Mapping[str, tuple[str, ...]] = {
    "bytes": ("split", "merge", "drop", "corrupt", "duplicate", "delay", "noise", "foreign_frame"),
    "frames": ("nak_storm", "lost_ack", "repeated_frame", "silence"),
    "link": ("cut", "half_open", "replugged", "other_terminal"),
    "terminal": (
        "busy",
        "hung",
        "power_lost",
        "power_before_booking",
        "power_after_booking",
        "late_answer",
        "forgetful",
        "wrong_clock",
        "own_end_of_day",
        "unmasked",
    ),
    "acquirer": ("slow", "host_timeout", "approved_late", "unreachable"),
    "people": ("hand_sale", "other_ecr", "crossed", "abort", "resolve", "walks_away"),
    "disk": ("disk_full", "disk_fails", "machine_down", "journal_deleted", "journal_old"),
    "clock": ("clock_jump",),
    "agent": ("kill", "second_agent"),
    "broker": ("broker_away", "broker_loses", "broker_doubles", "broker_swaps", "early_ack", "takeover"),
    "backend": ("backend_restart",),
}
KINDS: tuple[str, ...] = tuple(kind for group in FAULTS.values() for kind in group)
# Faults that are planned now and strike when the terminal's dialogue comes to their moment.
AT_A_MOMENT = frozenset(
    {
        "busy",
        "hung",
        "power_before_booking",
        "power_after_booking",
        "late_answer",
        "slow",
        "host_timeout",
        "approved_late",
        "unreachable",
        "unmasked",
    }
)
# What has a meaning at a reader and its vault. Faults of bytes, frames and dialogues have none: what goes to
# the vault goes over TLS, and nobody uses a reader by hand.
AT_THE_VAULT = frozenset(
    {
        "silence", "cut", "half_open", "replugged", "lost_ack", "corrupt",
        "busy", "hung", "power_before_booking", "power_after_booking", "late_answer", "forgetful",
        "slow", "host_timeout", "approved_late", "unreachable",
        "abort", "resolve", "walks_away",
        *FAULTS["disk"], *FAULTS["clock"], *FAULTS["agent"], *FAULTS["broker"], *FAULTS["backend"],
    }
)  # fmt: skip

_ANSWERED = "it is the answer to a command, and none is given while the terminal leads"
_HOST = "the host is asked once the card is read: our status has not come further, or the agent lost sight"
_RESULT = "it lies around a result, which comes after the host's word, or when the agent lost sight of it"
_PATIENT = "no patient of ours is at the terminal"

# The stages in which these can strike, and why in no other; all others can in all.
ONLY: Mapping[str, tuple[tuple[Stage, ...], str]] = {
    "busy": (("idle", "accepted", "committed", "in_doubt", "needs_human"), _ANSWERED),
    "hung": (("idle", "accepted", "committed", "card", "pin", "in_doubt", "needs_human"), _ANSWERED),
    "slow": (("card", "pin", "in_doubt"), _HOST),
    "approved_late": (("card", "pin", "in_doubt"), _HOST),
    "unreachable": (("card", "pin", "in_doubt"), _HOST),
    "host_timeout": (("host", "in_doubt"), _HOST),
    "power_before_booking": (("host", "result_seen", "in_doubt"), _RESULT),
    "power_after_booking": (("accepted", "result_seen", "in_doubt"), _RESULT),
    "late_answer": (("idle", "accepted", "committed", "host", "result_seen", "in_doubt"), _RESULT),
    "unmasked": (("host", "result_seen", "in_doubt"), _RESULT),
    "walks_away": (("committed", "card", "pin", "host", "in_doubt"), _PATIENT),
}


def reachable(kind: str, stage: Stage) -> bool:
    """Whether a history can have this fault strike in this stage."""
    return kind not in ONLY or stage in ONLY[kind][0]


def cells(kinds: Collection[str] = KINDS) -> Iterator[tuple[str, Stage]]:
    """All that can be reached, of these kinds."""
    return ((kind, stage) for kind in KINDS for stage in STAGES if kind in kinds and reachable(kind, stage))
