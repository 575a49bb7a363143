"""Two ends of a serial line that loses and spoils bytes: all arrives once and in order, or it is told."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from protocols.zvt.framing import serial_frame
from protocols.zvt.link import Arrived, Delivered, Failed, LinkOutput, SerialLink, TcpLink, Write

FATES = ("arrives", "lost", "spoilt", "split")


class Cable:
    """A null modem with a fate for each write, and the time when nothing is under way."""

    def __init__(self, fates: Iterable[str]) -> None:
        self.links = (SerialLink(), SerialLink())
        self.arrived: tuple[list[bytes], list[bytes]] = ([], [])
        self.delivered = [0, 0]
        self.failed = [False, False]
        self.now = 0.0
        self._fates = iter(fates)
        self._under_way: deque[tuple[int, bytes]] = deque()

    def send(self, end: int, apdu: bytes) -> None:
        """Send from one end."""
        self._take(end, self.links[end].send(apdu, self.now))

    def run(self) -> None:
        """Until nothing is under way and nobody waits."""
        for _ in range(10_000):
            if self._under_way:
                end, data = self._under_way.popleft()
                self._take(end, self.links[end].feed(data, self.now))
                continue
            deadlines = [at for link in self.links if (at := link.next_deadline()) is not None]
            if not deadlines:
                return
            self.now = min(deadlines)
            for end in (0, 1):
                self._take(end, self.links[end].wake(self.now))
        raise AssertionError("the line never comes to rest")

    def _take(self, end: int, outputs: tuple[LinkOutput, ...]) -> None:
        for output in outputs:
            if isinstance(output, Write):
                self._carry(1 - end, output.data)
            elif isinstance(output, Arrived):
                self.arrived[end].append(output.apdu)
            elif isinstance(output, Delivered):
                self.delivered[end] += 1
            elif isinstance(output, Failed):
                self.failed[end] = True

    def _carry(self, to: int, data: bytes) -> None:
        fate = next(self._fates, "arrives")
        middle = len(data) // 2
        if fate == "spoilt":
            data = data[:middle] + bytes((data[middle] ^ 0x40,)) + data[middle + 1 :]
        if fate == "split":
            self._under_way += [(to, data[:middle]), (to, data[middle:])]
        elif fate != "lost":
            self._under_way.append((to, data))


def numbered(end: int, count: int) -> list[bytes]:
    """Commands that all differ."""
    return [bytes((0x06, 0xD1, 3, end, 0x10, number)) for number in range(count)]


@given(st.integers(1, 5), st.lists(st.sampled_from(FATES), max_size=12))
def test_one_way_everything_arrives_once_and_in_order_or_the_failure_is_told(
    count: int, fates: list[str]
) -> None:
    cable, sent = Cable(fates), numbered(0, count)
    for apdu in sent:
        cable.send(0, apdu)
    cable.run()
    assert cable.arrived[1] == sent[: len(cable.arrived[1])]
    assert len(cable.arrived[1]) >= cable.delivered[0]
    assert cable.failed[0] or (cable.arrived[1] == sent and cable.delivered[0] == count)


@given(st.integers(0, 4), st.integers(0, 4), st.lists(st.sampled_from(("arrives", "lost")), max_size=12))
def test_both_ways_at_once_nothing_arrives_twice(there: int, back: int, fates: list[str]) -> None:
    cable = Cable(fates)
    for number in range(max(there, back)):
        for end, count in ((0, there), (1, back)):
            if number < count:
                cable.send(end, numbered(end, count)[number])
    cable.run()
    for end, count in ((0, there), (1, back)):
        arrived = cable.arrived[1 - end]
        assert arrived == numbered(end, count)[: len(arrived)]
        assert cable.failed[end] or len(arrived) == count


@given(st.lists(st.sampled_from(("lost", "spoilt")), max_size=2))
def test_two_accidents_are_always_survived(fates: list[str]) -> None:
    cable, sent = Cable(fates), numbered(0, 2)
    for apdu in sent:
        cable.send(0, apdu)
    cable.run()
    assert cable.arrived[1] == sent
    assert not any(cable.failed)


@given(st.binary(max_size=120), st.lists(st.integers(0, 10_000), max_size=8), st.booleans())
def test_outputs_do_not_depend_on_the_split(data: bytes, places: list[int], serial: bool) -> None:
    data = data + serial_frame(b"\x80\x00\x00") + b"\x06" if serial else data + b"\x80\x00\x00"
    at = sorted({place % (len(data) + 1) for place in places})
    whole, split = (SerialLink(), SerialLink()) if serial else (TcpLink(), TcpLink())
    for link in (whole, split):
        link.send(b"\x06\x01\x00", 0.0)
    pieces = [data[start:end] for start, end in zip([0, *at], [*at, len(data)], strict=True)]
    outputs = [output for piece in pieces for output in split.feed(piece, 1.0)]
    assert outputs == list(whole.feed(data, 1.0))
    assert split.next_deadline() == whole.next_deadline()
