"""The vault's ledger by the command that caused its lines: the vault is told a command's name with each
order, so nothing is judged by amount.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from protocols.contract.commands import MONEY
from simulator.acquirer.lines import Line
from tests.prove.backend import Backend, Command
from tests.prove.checker import Booked, Books, Others, Violation
from tests.prove.verdicts import by_a_human

_KINDS = {"charge": ("sale", "charge_card"), "refund": ("refund",), "reversal": ("reversal",)}
_NOBODY = Others("", "")  # at a vault nobody else pays


class VaultBooks(Books):
    """As Books. A reversal is an order of its own, and takes nothing of another's line back."""

    def __init__(self, lines: Sequence[Line], commands: Sequence[Command]) -> None:
        super().__init__(lines, commands, _NOBODY)

    def of(self, command: Command, original: Command | None) -> Booked:
        """Its own lines."""
        own = tuple(
            line
            for line in self._lines
            if line.customer == command.id and command.op in _KINDS.get(line.kind, ())
        )
        return Booked(own, own)

    def unclaimed(self, backend: Backend) -> Iterator[Violation]:
        """Money that nobody ordered, and cards that are kept or forgotten otherwise than was told."""
        for line in self._lines:
            causes = _KINDS.get(line.kind)
            command = backend.commands.get(line.customer)
            if causes and (command is None or command.op not in causes):
                yield Violation("I2", f"a {line.kind} of {line.amount_minor} that nobody ordered")
        yield from self._cards()

    def _cards(self) -> Iterator[Violation]:
        stored = {line.token: line for line in self._lines if line.kind == "token_stored"}
        deleted = {line.token for line in self._lines if line.kind == "token_deleted"}
        known = {token for command in self._commands for token in _tokens(command)}
        doubtful: set[str] = set()
        for command in self._commands:
            if command.op in MONEY:
                continue
            believed = command.corrected[-1] if command.corrected else command.final
            approved = believed is not None and believed["state"] == "approved"
            if command.with_a_human or by_a_human(believed):
                doubtful.add(command.id)
            elif approved and believed is not None and command.op == "store_card":
                if not stored.keys() & _tokens(command):
                    yield Violation(
                        "I4", f"store_card ({command.id[-4:]}) was told as approved, nothing is kept"
                    )
            elif approved and command.op == "delete_card" and command.data["token"] not in deleted:
                yield Violation(
                    "I4", f"delete_card ({command.id[-4:]}) was told as approved, the card is kept"
                )
        for command in self._commands:
            # A lost wish to keep a card that arrives once the card was kept, told and deleted keeps it anew.
            if _tokens(command) & deleted:
                doubtful.add(command.id)
        for token, line in stored.items():
            if token not in known and line.customer not in doubtful:
                yield Violation("I2", f"a card is kept for {line.customer[-4:]} of which nobody was told")


def _tokens(command: Command) -> set[str]:
    """Those that were told of it; a second journal may have told another end."""
    told = (
        *command.views,
        *command.corrected,
        *(reply["state"] for reply in command.replies if reply.get("state")),
    )
    return {view["token"]["value"] for view in told if view["state"] == "approved" and view.get("token")}
