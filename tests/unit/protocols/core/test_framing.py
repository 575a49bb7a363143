"""Noise is told in lots that do not depend on the splits."""

from protocols.core.framing import Finding, Frame, Noise, NoiseMeter


def test_noise_is_told_when_something_else_was_found() -> None:
    meter, found = NoiseMeter(), list[Finding]()
    meter.add(3, found)
    assert found == []
    meter.tell(found)
    assert found == [Noise(3)]
    meter.tell(found)
    assert found == [Noise(3)]


def test_endless_noise_is_told_in_lots() -> None:
    at_once, one_by_one = list[Finding](), list[Finding]()
    NoiseMeter().add(600, at_once)
    meter = NoiseMeter()
    for _ in range(600):
        meter.add(1, one_by_one)
    assert at_once == one_by_one == [Noise(256), Noise(256)]


def test_a_frame_does_not_show_its_bytes() -> None:
    assert "4111" not in repr(Frame(b"4111111111111111"))
