"""The registry: what can be built, and that options are checked before anything is."""

from __future__ import annotations

import pytest

from protocols.core.options import OptionError
from protocols.core.session import Phase
from protocols.registry import PROTOCOLS


@pytest.mark.parametrize("name", PROTOCOLS)
def test_each_protocol_builds_sessions_that_share_nothing(name: str) -> None:
    one, other = (PROTOCOLS[name].build({}, bytes) for _ in range(2))
    assert one is not other
    assert one.phase is other.phase is Phase.DOWN
    assert one.capabilities.operations


@pytest.mark.parametrize("name", PROTOCOLS)
def test_options_are_checked_without_building_anything(name: str) -> None:
    PROTOCOLS[name].check({})
    with pytest.raises(OptionError, match="nonsense is not an option"):
        PROTOCOLS[name].check({"nonsense": 1})
    with pytest.raises(OptionError):
        PROTOCOLS[name].build({"nonsense": 1}, bytes)
