"""Every ZVT wire example, both ways: what it means, and the same bytes again."""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest

from protocols.core.checksums import crc16_kermit
from protocols.core.errors import DecodingError, LocalError
from protocols.core.framing import Frame
from protocols.zvt import tlv
from protocols.zvt.bmp import LL, LLL, amount, length_at, length_of
from protocols.zvt.codec import decode, encode
from protocols.zvt.data_objects import Message, TlvCarrier
from protocols.zvt.framing import SerialFramer, TcpFramer, serial_frame
from protocols.zvt.messages import (
    Authorization,
    Completion,
    IntermediateStatus,
    OtherCommand,
    PrintLine,
    ReadCard,
    Registration,
)
from tests.support.vectors import load

VECTORS = load("zvt")
Vector = dict[str, Any]


def of_kind(*kinds: str) -> list[Any]:
    """The entries of these kinds, named by their id."""
    return [pytest.param(vector, id=vector["id"]) for vector in VECTORS if vector["kind"] in kinds]


def apdu_of(vector: Vector) -> bytes:
    """The APDU of an entry, framed or not."""
    return bytes.fromhex(str(vector.get("apdu", vector["hex"])))


def decoded(vector: Vector) -> Message:
    """The message of an entry."""
    return decode(apdu_of(vector), from_terminal=vector["direction"] != "ECR->PT")


APDUS = of_kind("apdu", "serial_frame")
SOUND = [param for param in APDUS if not param.values[0].get("negative_test")]
BROKEN = [param for param in APDUS if param.values[0].get("negative_test")]
CLEAR = [param for param in SOUND if param.values[0].get("contains_card_number")]


def tree(container: tlv.Container | None) -> list[dict[str, Any]]:
    """A container in the form of the examples."""
    return [
        {"tag": f"{node.tag:02X}", "children": tree(node.children)}
        if node.children
        else {"tag": f"{node.tag:02X}", "hex": node.digits}
        for node in container or ()
    ]


def octet(name: str) -> Callable[[Any], str | None]:
    """An attribute as two hexadecimal digits."""
    return lambda message: f"{getattr(message, name):02X}"


def other(number: int) -> Callable[[Any], str]:
    """A BMP without a name, as hexadecimal digits."""
    return lambda message: dict(message.others)[number].hex().upper()


def approval(message: Any) -> str:
    """The authorisation attribute as it stands on the wire."""
    code: str = message.authorisation
    return code if len(code) == 16 else code.encode().ljust(8, b"\0").hex().upper()


MEANING: dict[str, Callable[[Any], Any]] = {
    "amount": lambda message: message.amount_minor,
    "additional_text": lambda message: message.additional_text,
    "attribute": octet("attribute"),
    "auth_attribute_aid": approval,
    "card_name": lambda message: message.card_name,
    "card_seq_no": lambda message: message.card_sequence,
    "card_type": octet("card_type"),
    "card_type_network": octet("network_card_type"),
    "config_byte": octet("config"),
    "currency": lambda message: f"0{message.currency}",
    "data": lambda message: message.data.hex().upper(),
    "date_mmdd": lambda message: message.date_mmdd,
    "dialog_control": octet("dialog_control"),
    "expiry_yymm": lambda message: message.expiry_yymm,
    "intermediate_status": octet("status"),
    "max_status_infos": octet("max_status"),
    "pan": lambda message: message.pan.replace("*", "E"),
    "password": lambda message: message.password,
    "payment_type_or_status_byte": octet("payment_type"),
    "pump_no": other(0x05),
    "receipt_no": lambda message: message.receipt,
    "result_code": octet("result_code"),
    "result_code_as": octet("host_result"),
    "service_byte": octet("service"),
    "single_amounts": lambda message: message.totals.hex().upper(),
    "sw_version": lambda message: message.software,
    "terminal_id": lambda message: message.terminal_id,
    "terminal_status": octet("terminal_status"),
    "text": lambda message: message.text,
    "time": lambda message: message.time_hhmmss,
    "timeout": octet("timeout_s"),
    "timeout_minutes_bcd": lambda message: f"{message.timeout_minutes:02d}",
    "tlv": lambda message: tree(message.tlv),
    "tlv_receipt_type": lambda message: message.receipt_type,
    "trace": lambda message: message.trace,
    "turnover_no": lambda message: message.turnover,
    "vu_number": lambda message: message.vu_number,
}
SECRET = {"pan", "track2"}


@pytest.mark.parametrize("vector", SOUND)
def test_it_decodes_to_its_stated_meaning(vector: Vector) -> None:
    message = decoded(vector)
    stated = vector["decoded"]["fields"]
    if vector.get("contains_card_number"):
        stated = {name: value for name, value in stated.items() if name not in SECRET}
    assert {name: MEANING[name](message) for name in stated} == stated
    assert not message.incomplete


@pytest.mark.parametrize("vector", [param for param in SOUND if param not in CLEAR])
def test_it_is_written_back_byte_for_byte(vector: Vector) -> None:
    message = decoded(vector)
    assert encode(message).hex() == apdu_of(vector).hex()
    assert message.masked == 0


@pytest.mark.parametrize("vector", CLEAR)
def test_a_whole_card_number_is_masked_in_every_form_of_the_message(vector: Vector) -> None:
    message = decoded(vector)
    stated = vector["decoded"]["fields"]
    number = (stated.get("pan") or stated["track2"]).partition("D")[0].rstrip("F")
    assert message.masked == 1
    forms = (repr(message), str(message), encode(message).hex(), "".join(map(str, every_value(message))))
    assert all(number[:-4] not in form for form in forms)
    again = decode(encode(message), from_terminal=True)
    assert again == message
    assert again.masked == 0


def every_value(message: Message) -> list[object]:
    """The values of all attributes, the hidden ones included."""
    return [getattr(message, name) for name in type(message).__dataclass_fields__]


@pytest.mark.parametrize("vector", BROKEN)
def test_a_malformed_one_gives_the_typed_error(vector: Vector) -> None:
    with pytest.raises(DecodingError) as caught:
        decoded(vector)
    assert caught.value.code == "length_mismatch"
    assert caught.value.at == 2


@pytest.mark.parametrize("vector", BROKEN)
def test_a_stream_waits_when_less_has_come_than_the_length_says(vector: Vector) -> None:
    framer = TcpFramer()
    found = framer.feed(apdu_of(vector))
    shorter = vector["decoded"]["length_error"] < 0
    assert framer.midframe == shorter
    assert any(isinstance(finding, Frame) for finding in found) != shorter


@pytest.mark.parametrize("vector", of_kind("serial_frame"))
def test_a_serial_frame_both_ways(vector: Vector) -> None:
    wire = bytes.fromhex(vector["hex"])
    assert SerialFramer().feed(wire) == (Frame(apdu_of(vector)),)
    assert serial_frame(apdu_of(vector)) == wire


@pytest.mark.parametrize("vector", of_kind("apdu_header"))
def test_an_apdu_header(vector: Vector) -> None:
    data, stated = bytes.fromhex(vector["hex"]), vector["asserted_by_peer"]
    if "data" in stated:
        assert TcpFramer().feed(data) == (Frame(data),)
        assert decode(data, from_terminal=True).incomplete  # 6C is no BMP
        return
    with pytest.raises(DecodingError) as caught:
        decode(data, from_terminal=True)
    assert caught.value.code == ("too_short" if "error" in stated else "length_mismatch")
    if "length" in stated:
        framer = TcpFramer()
        rest = bytes(stated["length"] - 1)
        assert framer.feed(data) == ()
        assert framer.feed(rest) == (Frame(data + rest),)


@pytest.mark.parametrize("vector", of_kind("crc16"))
def test_a_checksum(vector: Vector) -> None:
    crc = crc16_kermit(bytes.fromhex(vector["hex"]))
    assert f"{crc:04X}" == vector["crc_hex_big_endian"]
    assert crc.to_bytes(2, "little").hex().upper() == vector["on_wire_low_high"]


@pytest.mark.parametrize("vector", of_kind("llvar_length", "lllvar_length"))
def test_a_length_in_digits(vector: Vector) -> None:
    data = bytes.fromhex(vector["hex"])
    size = LL if vector["kind"] == "llvar_length" else LLL
    assert length_at(data, 0, len(data), size) == (vector["value"], len(data))
    assert length_of(vector["value"], size) == data


@pytest.mark.parametrize("vector", of_kind("tlv_length"))
def test_a_tlv_length(vector: Vector) -> None:
    data = bytes.fromhex(vector["hex"])
    assert tlv.read_length(data, 0, len(data)) == (vector["value"], vector["bytes_used"])
    assert tlv.write_length(vector["value"]) == data


@pytest.mark.parametrize("vector", of_kind("tlv_tag"))
def test_a_tlv_tag(vector: Vector) -> None:
    data = bytes.fromhex(vector["hex"])
    tag, end = tlv.read_tag(data, 0, len(data))
    assert (tag, end) == (int(vector["hex"], 16), vector["bytes_used"])
    assert tlv.is_constructed(tag) == (vector["type"] == "constructed")


@pytest.mark.parametrize("vector", of_kind("amount_bcd"))
def test_an_amount(vector: Vector) -> None:
    raw = bytes.fromhex(vector["hex"])
    minor = int((Decimal(vector["amount"]) * 100).to_integral_value(ROUND_HALF_UP))  # the peer's rounding
    assert amount().write(minor, "") == raw


def test_an_amount_of_more_than_twelve_digits_does_not_fit() -> None:
    with pytest.raises(LocalError, match="BMP 04"):
        encode(Authorization(amount_minor=9_123_456_789_000))


@pytest.mark.parametrize("vector", of_kind("config_byte"))
def test_a_config_byte_is_carried_as_it_is(vector: Vector) -> None:
    config = int(vector["hex"], 16)
    message = decode(encode(Registration(config=config, currency="124")), from_terminal=False)
    assert isinstance(message, Registration)
    assert message.config == config


@pytest.mark.parametrize("vector", of_kind("token_1F61"))
def test_a_token_with_its_index(vector: Vector) -> None:
    index, digest = tlv.split_index_and_hash(bytes.fromhex(vector["hex"]))
    assert vector["token_index"].startswith(f"0x{index:04X}")
    assert digest.hex() == vector["token_hash"]


def test_no_kind_of_example_is_left_out() -> None:
    kinds = {vector["kind"] for vector in VECTORS}
    assert kinds <= {
        "amount_bcd", "apdu", "apdu_header", "config_byte", "crc16", "llvar_length", "lllvar_length",
        "serial_frame", "tlv_length", "tlv_tag", "token_1F61",
    }  # fmt: skip


# --- what the foreign implementations assert beyond the fields --------------------------------------


def by_id(name: str) -> Any:
    """One example's message."""
    return decoded(next(vector for vector in VECTORS if vector["id"] == name))


def test_the_chip_payment_of_a_capture() -> None:
    message = by_id("zvt-007")
    assert (message.technology, message.cvm, message.aid) == (1, 3, "A0000000041010")
    assert message.long_trace == "10016005"
    assert message.application_label == "Debit Mastercard"
    assert message.last_four == "4771"


def test_display_lines_beside_an_intermediate_status() -> None:
    message = by_id("zvt-023")
    assert isinstance(message, IntermediateStatus)
    assert message.display_lines == ("EUR 1.23", "Bitte warten")
    assert message.timeout_minutes == 10


def test_a_container_without_the_minutes_before_it() -> None:
    message = by_id("zvt-180")
    assert isinstance(message, IntermediateStatus)
    assert message.timeout_minutes is None
    assert tree(message.tlv) == [{"tag": "1F73", "hex": "000002"}]


def test_the_status_enquiry_of_a_capture() -> None:
    message = by_id("zvt-117")
    assert isinstance(message, Completion)
    assert message.serial_number == "11E930EC"
    assert message.device_name == "cVEND box+"
    assert message.tlv_terminal_id == "52500245"
    assert message.terminal_clock == "20230622085556"


def test_a_token_asked_for_and_given() -> None:
    asked, given = by_id("zvt-153"), by_id("zvt-175")
    assert isinstance(asked, ReadCard)
    assert asked.timeout_s == 15
    assert tlv.find(asked.tlv, 0x1F15) == tlv.node(0x1F15, b"\xd0")
    assert given.card_token == "3F56A32065CC4DBE8330C37609F91996"
    assert given.uid == "00000000000008B3C880"
    assert given.track2_length == 19


def test_a_printed_line_knows_its_receipt() -> None:
    message = by_id("zvt-040")
    assert isinstance(message, PrintLine)
    assert (message.text, message.receipt_type) == ("TEST Portalum", 1)


@pytest.mark.parametrize(("name", "kind", "lines", "line"), [("zvt-059", 3, 13, "Abschluss - keine TX")])
def test_a_printed_block(name: str, kind: int, lines: int, line: str) -> None:
    message = by_id(name)
    assert isinstance(message, TlvCarrier)
    assert message.receipt_type == kind
    assert len(message.print_lines) == lines
    assert line in [text.strip() for _, text in message.print_lines]


def test_a_command_without_a_class_of_its_own_is_named() -> None:
    message = by_id("zvt-135")
    assert isinstance(message, OtherCommand)
    assert message.code == 0x0814
