"""Each case in which a read is refused, from the vendors' frames with one thing changed; and none other."""

from __future__ import annotations

import pytest

from protocols.contract.wording import TEXTS
from protocols.idtech.codec import decode
from protocols.idtech.refusals import REFUSALS, of_error, of_read
from tests.support.idtech_frames import (
    BINARY,
    ENHANCED,
    ENTRIES,
    ORIGINAL,
    TEXT,
    altered,
    binary,
    framed,
    untyped,
)

GOOD = [name for name in [*BINARY, *TEXT] if name != ORIGINAL]
MASKED1, MASKED2 = 7, 7 + 72  # in the body of the enhanced vector


def _frame(name: str) -> bytes:
    return binary(name) if name in BINARY else untyped(name)


def _refused(frame: bytes, serial: str | None = None) -> str | None:
    return of_read(decode(memoryview(frame), "binary"), ("swipe", "keyed"), serial)


def _body(**changes: bytes) -> bytes:
    """The enhanced vector's frame, some parts of its body replaced."""
    body = binary(ENHANCED)[3:-3]
    parts = {
        "head": body[:7],
        "masked1": body[7:79],
        "masked2": body[79:114],
        "encrypted1": body[114:186],
        "encrypted2": body[186:226],
        "encrypted3": body[226:338],
        "digests": body[338:398],
        "ksn": body[398:],
    }
    return framed(b"".join({**parts, **changes}.values()))


@pytest.mark.parametrize("code", [*REFUSALS, "reader_keys_exhausted", "card_ignored"])
def test_every_refusal_has_words(code: str) -> None:
    assert code in TEXTS


@pytest.mark.parametrize("name", GOOD)
def test_the_vendors_good_frames_are_taken(name: str) -> None:
    assert _refused(_frame(name)) is None


@pytest.mark.parametrize(
    ("why", "frame", "code"),
    [
        ("the original format, though encrypted", binary(ORIGINAL), "reader_not_encrypting"),
        ("the original format, no payment card", altered(binary(ORIGINAL), {0: 0x01}), "not_payment_card"),
        ("everything in clear", framed(b"\x00\x1f\x02\x01\x00%B;"), "reader_not_encrypting"),
        ("a licence", altered(binary(ENHANCED), {0: 0x81}), "not_payment_card"),
        ("another format", altered(binary(ENHANCED), {0: 0x83}), "not_payment_card"),
        ("raw data", altered(binary(ENHANCED), {0: 0x84}), "not_payment_card"),
        (
            "track 1 not encrypted",
            _body(head=b"\x80\x3f\x48\x23\x6b\x03\xbe", encrypted1=b""),
            "reader_not_encrypting",
        ),
        (
            "track 2 not encrypted",
            _body(head=b"\x80\x3f\x48\x23\x6b\x03\xbd", encrypted2=b""),
            "reader_not_encrypting",
        ),
        (
            "track 3 in clear beside the others",
            _body(
                head=b"\x80\x3f\x48\x23\x6b\x07\xbb",
                masked2=binary(ENHANCED)[82:117] + ENTRIES[ENHANCED]["plain"][2].encode(),
                encrypted3=b"",
            ),
            "reader_not_encrypting",
        ),
        (
            "track 3 shown though encrypted",
            _body(
                head=b"\x80\x3f\x48\x23\x6b\x07\xbf",
                masked2=binary(ENHANCED)[82:117] + ENTRIES[ENHANCED]["plain"][2].encode(),
            ),
            "reader_not_encrypting",
        ),
        (
            "the number in the mask of track 2",
            _body(masked2=b";4266841088889999=***************?*"),
            "reader_not_encrypting",
        ),
        ("one star only", _body(masked2=b";426684108888999*=***************?*"), "reader_not_encrypting"),
        (
            "the number as a name",
            _body(masked1=b"%*4266********9999^4266841088889999^".ljust(70, b"*") + b"?*"),
            "reader_not_encrypting",
        ),
        (
            "clear digits for ciphertext",
            _body(encrypted2=b";4266841088889999=080910110000046?0\0\0\0\0\0"),
            "reader_not_encrypting",
        ),
        ("no KSN", _body(head=b"\x80\x3f\x48\x23\x6b\x03\x3f", ksn=b""), "reader_key_missing"),
        ("a fixed key", altered(binary(ENHANCED), {5: 0x0B}), "reader_key_missing"),
        ("track 2 not decoded", altered(binary(ENHANCED), {1: 0x3D}), "card_unreadable"),
        (
            "track 2 absent",
            _body(
                head=b"\x80\x3f\x48\x00\x6b\x01\xad",
                masked2=b"",
                encrypted2=b"",
                digests=binary(ENHANCED)[341:381],
            ),
            "card_unreadable",
        ),
        ("masks of two cards", altered(binary(ENHANCED), {MASKED1 + 2: ord("5")}), "card_inconsistent"),
        (
            "four last digits of two cards",
            altered(binary(ENHANCED), {MASKED2 + 16: ord("8")}),
            "card_inconsistent",
        ),
        (
            "a mask of track 1 without its fields",
            _body(
                masked1=b"%*3766********9999^".ljust(70, b"*") + b"?*",
                masked2=b";3766********9999=***************?*",
            ),
            "reader_not_encrypting",
        ),
        (
            "a length that the brand does not have, no track 1 shown",
            _body(
                head=b"\x80\x3f\x48\x23\x6b\x02\xbf",
                masked1=b"",
                masked2=b";3766********9999=***************?*",
            ),
            "card_inconsistent",
        ),
    ],
    ids=lambda value: value.replace(" ", "_") if isinstance(value, str) else "",
)
def test_what_is_refused(why: str, frame: bytes, code: str) -> None:
    assert _refused(frame) == code, why


def test_a_keyed_frame_in_clear() -> None:
    body = untyped("SYNTHETIC-keyed-3")[3:-3]
    clear = ENTRIES["SYNTHETIC-keyed-3"]["plain"].encode().ljust(24, b"\0")
    assert _refused(framed(body[:7] + clear + body[31:])) == "reader_not_encrypting"


def test_a_keyed_frame_without_a_number() -> None:
    body = untyped("moneris-sample-0")[3:-3]
    assert _refused(framed(body[:6] + b"\0" + body[31:])) == "keying_incomplete"


def test_a_keyed_frame_without_a_key() -> None:
    body = untyped("moneris-sample-0")[3:-3]
    assert _refused(framed(body[:-10])) == "reader_key_missing"


def test_a_number_keyed_as_the_postal_code_is_refused() -> None:
    body = untyped("SYNTHETIC-keyed-3")[3:-3]
    spoilt = body[:-17] + b"\x104111111111111111" + body[-10:]
    assert _refused(framed(spoilt)) == "keying_incomplete"


def test_another_readers_serial() -> None:
    frame = untyped("idtech-secured-kb-text-struct")
    assert _refused(frame, "T134000064") is None
    assert _refused(frame, "T134000065") == "wrong_device"
    assert _refused(binary(ENHANCED), "T134000065") is None  # it tells none


def test_the_way_that_is_not_asked_for() -> None:
    swiped, keyed = (
        decode(memoryview(frame), "binary") for frame in (binary(ENHANCED), untyped("moneris-sample-0"))
    )
    assert of_read(swiped, ["keyed"], None) == "entry_mode_unwanted"
    assert of_read(keyed, ["swipe"], None) == "entry_mode_unwanted"


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("bad_lrc", "frame_damaged"),
        ("truncated", "frame_damaged"),
        ("unknown_format", "reader_format_unknown"),
    ],
)
def test_a_frame_that_cannot_be_decoded(code: str, told: str) -> None:
    assert of_error(code) == told
