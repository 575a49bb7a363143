"""What is common to all endpoints."""

from __future__ import annotations

import pytest

from drivers.transport import EndpointClosed, EndpointUnavailable, octets
from protocols.core.card import Sealed
from protocols.core.errors import LocalError
from protocols.core.session import Report


def test_errors_say_code_text_and_whether_money_may_have_moved() -> None:
    busy = EndpointUnavailable("port_busy", "/dev/ttyS9 is held by minicom", holder="minicom")
    lost = EndpointClosed("unplugged", "/dev/ttyS9 is gone")
    assert (busy.why, busy.holder, busy.effect, busy.fault) == (
        "port_busy: /dev/ttyS9 is held by minicom",
        "minicom",
        "none",
        "operator",
    )
    assert (lost.why, lost.effect) == ("unplugged: /dev/ttyS9 is gone", "unknown")


def test_a_sealed_buffer_is_lent_not_copied() -> None:
    sealed = Sealed(b"secret")
    lent = octets(sealed)
    sealed.wipe()
    assert bytes(lent) == bytes(6)


def test_a_hid_report_is_refused_by_a_byte_stream() -> None:
    with pytest.raises(LocalError, match="USB"):
        octets(Report("output", 1, b"x"))
