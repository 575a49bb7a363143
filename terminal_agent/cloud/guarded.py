"""The tripwire before the MQTT door: whatever the agent publishes goes through here."""

from __future__ import annotations

from dataclasses import replace

from protocols.contract.messages import Message
from terminal_agent.cloud.ports import Publisher
from terminal_agent.tripwire.alarm import Alarm, forms_of
from terminal_agent.tripwire.masking import mask_json_text


class Guarded:
    """A publisher before the publisher. A card number is masked in place, and the message goes out."""

    def __init__(self, door: Publisher, alarm: Alarm) -> None:
        self._door = door
        self._alarm = alarm

    async def publish(self, message: Message, *, correlation: bytes | None = None) -> None:
        """Hand a message to the broker, masked. Raises LinkDownError."""
        text, found = mask_json_text(message.payload.decode())
        if found:
            message = replace(message, payload=text.encode())
            self._alarm.fired(f"message {'/'.join(message.topic.split('/')[-2:])}", forms_of(found))
        await self._door.publish(message, correlation=correlation)
