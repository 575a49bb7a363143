"""The codec for all messages and all bytes."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from protocols.core.errors import DecodingError
from protocols.zvt import codes
from protocols.zvt.codec import decode, encode
from protocols.zvt.data_objects import DataObjects, Message
from tests.property.protocols.zvt.zvt_messages import messages, near_apdus
from tests.support.vectors import load

VECTORS = [bytes.fromhex(vector["hex"]) for vector in load("zvt") if vector["kind"] == "apdu"]
SECRET = {0x3A, 0xD1}
NUMBER = "4111111111111111"  # a public test number
PACKED, TEXT = bytes.fromhex(NUMBER), NUMBER.encode()
CARRIERS = (
    b"\x22\xf0\xf8" + PACKED,
    b"\x22\xf1\xf1" + PACKED + b"\xd2\x51\x2f",
    b"\x23\xf1\xf1" + PACKED + b"\xd2\x51\x2f",
    b"\x24\xf0\xf1\xf1" + PACKED + b"\xd2\x51\x2f",
    b"\x2d\xf1\xf7B" + TEXT,
    b"\x2e\xf0\xf0\xf8" + PACKED,
    b"\x3c\xf0\xf1\xf8A " + TEXT,
    b"\x3c\xf0\xf1\xf94111-1111-1111-1111",
    b"\x8b\xf1\xf7" + TEXT + b"\x00",
    b"\xa7\xf0\xf8" + PACKED,
    b"\xf1\xf1\xf6" + TEXT,
    b"\x06\x12\x07\x10" + TEXT,
    b"\x06\x13\x1f\x08\x10" + TEXT,
    b"\x06\x14\x24\x12\x07\x10" + TEXT,
    b"\x06\x0c\xe8\x0a\xc1\x08" + PACKED,
)


def is_from_terminal(apdu: bytes) -> bool:
    """Whether the class and instruction belong to the terminal."""
    return int.from_bytes(apdu[:2], "big") in codes.ONLY_FROM_TERMINAL


def attempt(apdu: bytes, from_terminal: bool, charset: str = "cp437") -> Message | DecodingError:
    """The message, or the only error that may be raised."""
    try:
        return decode(apdu, from_terminal=from_terminal, charset=charset)
    except DecodingError as error:
        return error


@given(messages)
def test_what_is_written_is_read_back(message: Message) -> None:
    apdu = encode(message)
    read = decode(apdu, from_terminal=is_from_terminal(apdu))
    assert read == message
    assert encode(read) == apdu


@given(near_apdus | st.binary(max_size=60), st.booleans(), st.sampled_from(("cp437", "utf-8", "iso8859-15")))
def test_any_bytes_are_a_message_or_a_decoding_error(apdu: bytes, from_terminal: bool, charset: str) -> None:
    assert_stable(attempt(apdu, from_terminal, charset), apdu, from_terminal, charset)


@given(st.sampled_from(VECTORS), st.data())
def test_wire_examples_with_a_wrong_byte(apdu: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(apdu) - 1))
    spoilt = apdu[:at] + bytes((data.draw(st.integers(0, 255)),)) + apdu[at + 1 :]
    from_terminal = is_from_terminal(apdu)
    assert_stable(attempt(spoilt, from_terminal), spoilt, from_terminal, "cp437")


def assert_stable(found: Message | DecodingError, apdu: bytes, from_terminal: bool, charset: str) -> None:
    """What was read is written so that it reads the same, and byte for byte when nothing is hidden."""
    if isinstance(found, DecodingError):
        assert found.code.replace("_", "").isalpha()
        return
    written = encode(found)
    again = decode(written, from_terminal=from_terminal, charset=charset)
    assert again == replace(found, incomplete=again.incomplete)
    assert again.masked == 0
    if not (found.incomplete or found.masked or holds_secrets(found)):
        assert written == apdu


def holds_secrets(message: Message) -> bool:
    """Whether something was hidden that is not counted as a whole card number."""
    if not isinstance(message, DataObjects):
        return False
    tracks = (message.track1_length, message.track2_length, message.track3_length)
    return (
        message.pan is not None
        or any(track is not None for track in tracks)
        or any(number in SECRET for number, _ in message.others)
    )


@given(st.lists(st.sampled_from(CARRIERS), min_size=1, max_size=6))
def test_no_attribute_holds_a_whole_card_number(carriers: list[bytes]) -> None:
    data = b"\x27\x00" + b"".join(carriers)
    message = decode(b"\x04\x0f\xff" + len(data).to_bytes(2, "little") + data, from_terminal=True)
    assert not message.incomplete
    values = [getattr(message, name) for name in type(message).__dataclass_fields__]
    for form in (repr(message), repr(values), encode(message).hex(), encode(message).decode("latin-1")):
        for spelling in (NUMBER, "411111111111", "4111-1111-1111", TEXT.hex(), r"A\x11\x11\x11\x11\x11"):
            assert spelling not in form
    assert message.masked == len(carriers)
