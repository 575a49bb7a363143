"""What can go wrong for a backend that uses the client. A decline is not among it: that is an outcome."""

from __future__ import annotations

from protocols.contract.replies import Reply


class ClientError(Exception):
    """A promise between the backend, the broker and the agent was broken."""


class BrokerAwayError(ClientError):
    """The broker cannot be reached now. Nothing is known of what was being sent: repeating it is safe."""


class NoReplyError(ClientError):
    """No reply came in time. The command may have arrived: keep its id, and repeat it or query it."""


class RejectedError(ClientError):
    """The agent did not take the command, and never will under this id. `reply.code` says why."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(f"{reply.verdict} ({reply.code}): {reply.text.en}")
        self.reply = reply
