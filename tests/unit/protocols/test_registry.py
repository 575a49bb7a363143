"""The registry: what can be built, and that options are checked before anything is."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from protocols.core.options import OptionError
from protocols.core.session import Phase
from protocols.registry import PROTOCOLS, Options

# The options without which a protocol cannot be built.
LEAST: Mapping[str, Options] = {"zvt": {}, "idtech_moneris": {"store_id": "store5", "api_token": "yesguy"}}


@pytest.mark.parametrize("name", PROTOCOLS)
def test_each_protocol_builds_sessions_that_share_nothing(name: str) -> None:
    one, other = (PROTOCOLS[name].build(LEAST[name], bytes) for _ in range(2))
    assert one is not other
    assert one.phase is other.phase is Phase.DOWN
    assert one.next_deadline() is None
    assert one.capabilities.operations


@pytest.mark.parametrize("name", PROTOCOLS)
def test_options_are_checked_without_building_anything(name: str) -> None:
    PROTOCOLS[name].check(LEAST[name])
    with pytest.raises(OptionError, match="nonsense is not an option"):
        PROTOCOLS[name].check({**LEAST[name], "nonsense": 1})
    with pytest.raises(OptionError):
        PROTOCOLS[name].build({**LEAST[name], "nonsense": 1}, bytes)


@pytest.mark.parametrize("name", [name for name, protocol in PROTOCOLS.items() if protocol.beside])
def test_a_second_lane_does_what_the_first_does_not(name: str) -> None:
    first, lane = PROTOCOLS[name], PROTOCOLS[name].beside
    assert lane is not None
    beside = lane.build(LEAST[name], bytes).capabilities
    assert beside.operations == lane.operations
    assert not lane.operations & first.build(LEAST[name], bytes).capabilities.operations


def test_the_options_of_a_reader_with_its_vault_go_to_whom_they_are_for() -> None:
    told: Options = {**LEAST["idtech_moneris"], "transport": "usb", "terminal_id": "T1", "host": "v.example"}
    PROTOCOLS["idtech_moneris"].check(
        {**told, "reader_modes": "keyed", "vault_total_s": 20.0, "settle_s": 90.0}
    )
    for wrong in ("reader_nonsense", "vault_nonsense", "vault_host", "reader_serial"):
        with pytest.raises(
            OptionError, match=f"{wrong} is not an option of idtech_moneris; known: api_token"
        ):
            PROTOCOLS["idtech_moneris"].check({**told, wrong: "x"})
    for wrong in ("reader_answer_s", "vault_total_s", "settle_s"):
        with pytest.raises(OptionError, match=f"^{wrong} is 0; allowed: more than 0 seconds"):
            PROTOCOLS["idtech_moneris"].check({**told, wrong: 0})
    with pytest.raises(OptionError, match="api_token is missing; give api_token_file"):
        PROTOCOLS["idtech_moneris"].check({"store_id": "store5"})
    with pytest.raises(ValueError, match="api_token is empty"):
        PROTOCOLS["idtech_moneris"].check({"store_id": "store5", "api_token": " "})
