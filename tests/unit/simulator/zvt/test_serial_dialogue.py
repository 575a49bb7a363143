"""A whole payment on a serial line in virtual time: ACK bytes, lost ACKs, an ECR that vanishes."""

from __future__ import annotations

from datetime import UTC, datetime

from protocols.core.framing import Frame
from protocols.zvt.framing import SerialFramer, serial_frame
from simulator.acquirer.ledger import MemoryLedger
from simulator.faults import Fault
from simulator.scenario import Scenario
from simulator.settings import TerminalSettings
from simulator.zvt.device import Bytes, build
from simulator.zvt.state import MemoryStore
from tests.unit.simulator.ecr import registration, sale


class SerialEcr:
    """A register on a serial line. `deaf`: it is gone, nothing is heard or answered."""

    def __init__(self, scenario: Scenario) -> None:
        self.ledger = MemoryLedger()
        self.now = 0.0
        self.deaf = False
        self.heard: list[str] = []
        self.written: list[bytes] = []
        self._framer = SerialFramer()
        self.device = build(
            scenario,
            ledger=self.ledger,
            store=MemoryStore(),
            wall=lambda: datetime(2026, 11, 22, 15, tzinfo=UTC),
            on_tcp=False,
        )

    def say(self, apdu: str, seconds: float) -> list[str]:
        before = len(self.heard)
        self._feed(serial_frame(bytes.fromhex(apdu)))
        self.run(seconds)
        return self.heard[before:]

    def run(self, seconds: float) -> None:
        end = self.now + seconds
        while (due := self.device.next_deadline()) is not None and due <= end:
            self.now = max(self.now, due)
            self._hear(self.device.wake(self.now))
        self.now = end

    def _feed(self, data: bytes) -> None:
        self._hear(self.device.receive(data, self.now))

    def _hear(self, outputs: tuple[object, ...]) -> None:
        for output in outputs:
            if isinstance(output, Bytes):
                self.written.append(output.data)
                for finding in () if self.deaf else self._framer.feed(output.data):
                    if isinstance(finding, Frame):
                        self._answer(finding.body.hex().upper())

    def _answer(self, apdu: str) -> None:
        self._feed(b"\x06")
        if self.heard and self.heard[-1] == apdu and apdu[:2] == "04":
            return  # a repeated frame
        self.heard.append(apdu)
        if apdu[:2] in ("04", "06"):
            self._feed(serial_frame(bytes.fromhex("800000")))


def _scenario(*faults: Fault, policy: str = "reverse") -> Scenario:
    settings = TerminalSettings(booking_policy=policy)  # type: ignore[arg-type]  # one of the literals
    return Scenario(terminal=settings, faults=faults)


def test_a_payment_over_frames() -> None:
    ecr = SerialEcr(_scenario())
    ecr.say(registration(), 1)
    heard = ecr.say(sale(1010), 30)
    assert heard[0] == "800000"
    assert heard[-1] == "060F00"
    assert len(ecr.ledger.lines()) == 1


def test_the_cardholder_goes_on_when_the_ecr_vanishes_and_the_policy_decides() -> None:
    for policy, kinds in (("reverse", ["charge", "reversal"]), ("keep", ["charge"]), ("refuse", [])):
        ecr = SerialEcr(_scenario(policy=policy))
        ecr.say(registration(), 1)
        ecr.say(sale(1250), 0.1)
        ecr.deaf = True
        ecr.run(120)
        assert [line.kind for line in ecr.ledger.lines()] == kinds
        results = [frame for frame in ecr.written if frame[:4] == b"\x10\x02\x04\x0f"]
        assert len(results) == 3, "04 0F is sent three times"
        assert not ecr.device.terminal.busy


def test_an_ecr_that_comes_back_in_time_hears_the_result() -> None:
    ecr = SerialEcr(_scenario())
    ecr.say(registration(), 1)
    ecr.say(sale(1250), 0.1)
    ecr.deaf = True
    ecr.run(24)
    ecr.deaf = False
    ecr.run(30)
    assert any(apdu.startswith("040F") for apdu in ecr.heard)
    assert ecr.heard[-1] == "060F00"
    assert [line.kind for line in ecr.ledger.lines()] == ["charge"]


def test_bad_frames_cost_time_and_nothing_else() -> None:
    ecr = SerialEcr(
        _scenario(
            Fault(when="answered", what="bad_crc", command="sale"),
            Fault(when="before_result", what="twice", command="sale"),
        )
    )
    ecr.say(registration(), 1)
    ecr.say(sale(1250), 60)
    assert ecr.heard[-1] == "060F00"
    assert len(ecr.ledger.lines()) == 1


def test_a_terminal_without_power_acknowledges_nothing() -> None:
    ecr = SerialEcr(_scenario(Fault(when="command", what="power_cut", seconds=5.0)))
    ecr.say("050103000000", 1)
    assert ecr.written == [b"\x06"]
    ecr.say("050103000000", 10)
    assert len(ecr.written) == 1
    ecr.say("050103000000", 1)
    assert ecr.written[1:3] == [b"\x06", bytes.fromhex("10028000001003F51F")]
