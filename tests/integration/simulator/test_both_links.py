"""The agent's link layer against the terminal's own, with acknowledgement bytes that get lost."""

from __future__ import annotations

from collections.abc import Callable

from protocols.zvt.link import LinkOutput, SerialLink, Write
from simulator.zvt.effects import ApduIn
from simulator.zvt.lines import SerialLine

STATUS, RESULT, POSITIVE = b"\x04\xff\x01\x0a", b"\x04\x0f\x02\x27\x00", b"\x80\x00\x00"


class Cable:
    """Both ends in one virtual second after the other. `lost` says which bytes never arrive."""

    def __init__(self, lost: Callable[[bytes], bool] = lambda _data: False) -> None:
        self.ecr, self.terminal = SerialLink(), SerialLine()
        self.lost = lost
        self.at_terminal: list[bytes] = []
        self.now = 0.0

    def terminal_says(self, apdu: bytes) -> None:
        self.terminal.send(apdu, self.now)
        self._to_ecr()

    def ecr_says(self, apdu: bytes) -> None:
        self._to_terminal(self.ecr.send(apdu, self.now))

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self._to_terminal(self.ecr.wake(self.now))
        self.terminal.wake(self.now)
        self._to_ecr()

    def _to_ecr(self) -> None:
        for data in self.terminal.take():
            if not self.lost(data):
                self._to_terminal(self.ecr.feed(data, self.now))

    def _to_terminal(self, outputs: tuple[LinkOutput, ...]) -> None:
        for output in outputs:
            if isinstance(output, Write):
                events = self.terminal.feed(output.data, self.now)
                self.at_terminal += [event.data for event in events if isinstance(event, ApduIn)]
                self._to_ecr()


def test_an_old_answer_is_never_taken_for_the_acknowledgement_of_the_result() -> None:
    """Were it, the terminal would book before the ECR has made the result durable."""
    cable = Cable(lost=lambda data: data == b"\x06")
    cable.terminal_says(STATUS)
    cable.ecr_says(POSITIVE)
    cable.wait(2.0)
    cable.terminal_says(RESULT)
    assert cable.at_terminal == [POSITIVE]
    cable.wait(6.0)
    assert cable.at_terminal == [POSITIVE]
    cable.ecr_says(POSITIVE)
    assert cable.at_terminal == [POSITIVE, POSITIVE]


def test_without_losses_each_answer_arrives_once() -> None:
    cable = Cable()
    for message in (STATUS, RESULT):
        cable.terminal_says(message)
        cable.ecr_says(POSITIVE)
    cable.wait(20.0)
    assert cable.at_terminal == [POSITIVE, POSITIVE]
