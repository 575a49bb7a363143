"""A small HID device for tests of the USB door: it keeps what it is sent and sends what it is told to."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from simulator.reader.hid import Descriptors, Stalled

VID, PID = 0x0ACD, 0x2010
_INPUT, _OUTPUT, _FEATURE = 0x81, 0x91, 0xB1


def report_descriptor(input_bytes: int, output_bytes: int, feature_bytes: int) -> bytes:
    """One report of each kind, without ids, on a vendor's page (HID 1.11 ch. 6.2.2)."""
    fields = b"".join(
        bytes((0x96, *size.to_bytes(2, "little"), 0x09, 0x20, item, 0x02))
        for item, size in ((_INPUT, input_bytes), (_OUTPUT, output_bytes), (_FEATURE, feature_bytes))
    )
    return bytes.fromhex("0600ff 0901 a101 1500 26ff00 7508") + fields + b"\xc0"


class HidEcho:
    """Interface 1 is HID with input endpoint 0x83 and, where wanted, output endpoint 0x04; before it stands
    an interface of another class, so that numbers cannot be guessed; or, where wanted, of the same."""

    vid, pid = VID, PID

    def __init__(
        self,
        serial: str | None = "A1",
        *,
        input_bytes: int = 64,
        packet_bytes: int = 64,
        has_output: bool = True,
        hid_class: tuple[int, int, int] = (3, 0, 0),
        two_interfaces: bool = False,
    ) -> None:
        self.serial = serial
        self.sent: deque[tuple[str, bytes]] = deque()
        self.features: dict[int, bytes] = {}
        self.arrived = threading.Semaphore(0)
        self._waiting: deque[bytes] = deque()
        self._heard: Callable[[], None] = lambda: None
        outs = bytes((7, 5, 0x04, 3, *packet_bytes.to_bytes(2, "little"), 10)) if has_output else b""
        report = report_descriptor(input_bytes, 64, 8)
        interfaces = (
            bytes((9, 4, 0, 0, 1, *(hid_class if two_interfaces else (0xFF, 0, 0)), 0))
            + bytes((7, 5, 0x82, 3 if two_interfaces else 2, 64, 0, 0))
            + bytes((9, 4, 1, 0, 2 if has_output else 1, *hid_class, 0))
            + bytes((9, 0x21, 0x11, 1, 0, 1, 0x22, *len(report).to_bytes(2, "little")))
            + bytes((7, 5, 0x83, 3, *packet_bytes.to_bytes(2, "little"), 10))
            + outs
        )
        total = (9 + len(interfaces)).to_bytes(2, "little")
        self.descriptors = Descriptors(
            device=bytes((18, 1, 0, 2, 0, 0, 0, 64))
            + VID.to_bytes(2, "little")
            + PID.to_bytes(2, "little")
            + bytes((0, 1, 0, 2, 3 if serial else 0, 1)),
            configuration=bytes((9, 2, *total, 2, 1, 0, 0x80, 50)) + interfaces,
            report=report,
            strings={2: "Echo reader"} | ({3: serial} if serial else {}),
        )

    def say(self, report: bytes) -> None:
        """Send an input report."""
        self._waiting.append(report)
        self._heard()

    def _take(self, kind: str, data: bytes) -> None:
        self.sent.append((kind, data))
        self.arrived.release()

    def output_report(self, report_id: int, data: bytes) -> None:
        self._take(f"output {report_id}", data)

    def feature_set(self, report_id: int, data: bytes) -> None:
        if data[:1] == b"\xff":
            raise Stalled("this feature is not taken")
        self._take(f"feature {report_id}", data)

    def feature_get(self, report_id: int) -> bytes:
        if report_id not in self.features:
            raise Stalled(f"no feature {report_id}")
        return self.features[report_id]

    def take_input(self) -> bytes | None:
        return self._waiting.popleft() if self._waiting else None

    def listen(self, heard: Callable[[], None]) -> None:
        self._heard = heard

    def lose_power(self) -> None:
        self._waiting.clear()
