"""What a ZVT terminal can do."""

from __future__ import annotations

import pytest

from protocols.core.operations import NAMES, OF_STORED_CARDS
from protocols.core.session import Peer
from protocols.zvt.capabilities import capabilities_of
from protocols.zvt.options import ZvtOptions


def test_it_can_do_every_operation_with_a_card_and_tell_its_last_receipt() -> None:
    can = capabilities_of(ZvtOptions(), Peer(""), None)
    assert can.operations == {*NAMES.values(), "receipt"} - OF_STORED_CARDS
    assert (can.recovery, can.abort) == ("last", "before_card")


@pytest.mark.parametrize(
    ("serial", "terminal_id", "identity"),
    [(None, None, "none"), ("A1", None, "port"), ("A1", "52500042", "wire"), (None, "52500042", "wire")],
)
def test_it_is_known_by_its_own_id_or_its_ports_or_not_at_all(
    serial: str | None, terminal_id: str | None, identity: str
) -> None:
    assert capabilities_of(ZvtOptions(), Peer("", serial=serial), terminal_id).identity == identity


def test_tokens_are_what_the_settings_say() -> None:
    can = capabilities_of(ZvtOptions(token_kind="chargeable", token_scope="m-1"), Peer(""), None)
    assert (can.token_kind, can.token_scope) == ("chargeable", "m-1")
    assert capabilities_of(ZvtOptions(), Peer(""), None).token_scope is None
