"""A HidDevice behind USB's default pipe and its interrupt endpoints, for whatever emulates the bus below it.

Requests: USB 2.0 ch. 9.4 and HID 1.11 ch. 7. On the wire a report's id stands before its data, unless
it is 0.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from simulator.reader.hid import HidDevice, Stalled

_STRING, _ENDPOINT = 3, 5  # descriptor types
_OUTPUT_TYPE, _FEATURE_TYPE = 2, 3
_ENGLISH = (0x0409).to_bytes(2, "little")


@dataclass(frozen=True, slots=True)
class Setup:
    """A control request (USB 2.0 ch. 9.3). `length`: bytes that the host sends, or the most that it wants."""

    request_type: int
    request: int
    value: int
    index: int
    length: int


class UsbFunction:
    """Answers one device's requests. Whoever calls it sees to it that one call is made at a time."""

    def __init__(self, device: HidDevice) -> None:
        self.device = device
        self.packet_bytes = _input_packet_bytes(device.descriptors.configuration)
        self._rest = b""

    def control(self, setup: Setup, data: bytes) -> bytes:
        """The answer, cut to what the host wants; empty for a request that brought data. Raises Stalled."""
        kind, report_id = setup.value >> 8, setup.value & 0xFF
        match setup.request_type, setup.request:
            case ((0x80 | 0x81), 0x06):  # GET_DESCRIPTOR
                answer = self._descriptor(kind, report_id)
            case 0x80, 0x08:  # GET_CONFIGURATION
                answer = b"\x01"
            # GET_REPORT
            case 0xA1, 0x01 if kind == _FEATURE_TYPE:
                answer = _numbered(report_id, self.device.feature_get(report_id))
            # SET_REPORT
            case 0x21, 0x09 if kind in (_OUTPUT_TYPE, _FEATURE_TYPE):
                answer = self._set_report(kind, report_id, data)
            case 0x21, 0x0A:  # SET_IDLE: send a report only when there is one, which is what we do
                answer = b""
            case ((0x00 | 0x01 | 0x02), _):  # SET_CONFIGURATION, SET_INTERFACE, CLEAR_FEATURE: nothing to do
                answer = b""
            case _:
                raise Stalled(f"{setup}")
        return answer[: setup.length]

    def interrupt_out(self, data: bytes) -> None:
        """An output report by its endpoint (HID 1.11 ch. 4.4); the device numbers none. Raises Stalled."""
        self.device.output_report(0, data)

    def next_packet(self) -> bytes | None:
        """The next packet of the interrupt IN endpoint; None while the device has nothing to say (NAK)."""
        if not self._rest:
            self._rest = self.device.take_input() or b""
        packet, self._rest = self._rest[: self.packet_bytes], self._rest[self.packet_bytes :]
        return packet or None

    def listen(self, heard: Callable[[], None]) -> None:
        """See HidDevice."""
        self.device.listen(heard)

    def _descriptor(self, kind: int, index: int) -> bytes:
        told = self.device.descriptors
        match kind:
            case 1:  # device
                return told.device
            case 2:  # configuration
                return told.configuration
            case 3 if index == 0:  # string 0: the languages
                return _string(_ENGLISH)
            case 3 if index in told.strings:
                return _string(told.strings[index].encode("utf-16-le"))
            case 0x22:  # report
                return told.report
            case _:
                raise Stalled(f"descriptor {kind}/{index}")

    def _set_report(self, kind: int, report_id: int, data: bytes) -> bytes:
        payload = data[1:] if report_id else data
        if kind == _OUTPUT_TYPE:
            self.device.output_report(report_id, payload)
        else:
            self.device.feature_set(report_id, payload)
        return b""


def split_descriptors(configuration: bytes) -> list[bytes]:
    """The descriptors of a configuration one by one: each begins with its length (USB 2.0 ch. 9.5)."""
    found, rest = [], configuration
    while rest and rest[0]:
        found.append(rest[: rest[0]])
        rest = rest[rest[0] :]
    return found


def _input_packet_bytes(configuration: bytes) -> int:
    """wMaxPacketSize of its IN endpoint."""
    for descriptor in split_descriptors(configuration):
        if descriptor[1] == _ENDPOINT and descriptor[2] & 0x80:
            return int.from_bytes(descriptor[4:6], "little")
    raise ValueError("the device's configuration has no IN endpoint")


def _numbered(report_id: int, data: bytes) -> bytes:
    return bytes((report_id,)) + data if report_id else data


def _string(text: bytes) -> bytes:
    return bytes((2 + len(text), _STRING)) + text
