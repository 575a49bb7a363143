"""DUKPT: one key per read, derived from a base key and the reader's counter. TDES and AES.

ANSI X9.24-1:2009 (TDES) and X9.24-3:2017 (AES). It is the simulator's alone: the agent holds no card key.
Readers and the vault of the simulator use the base key that the standard's own examples made public.
"""

from __future__ import annotations

from typing import Final, Literal

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC, ECB

PUBLIC_BASE_KEY: Final = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
MOST_BITS: Final = 10  # one-bits in a TDES counter; a device passes over the others
MOST_BITS_AES: Final = 16
_COUNTER: Final = (1 << 21) - 1
_MASK: Final = bytes.fromhex("C0C0C0C000000000") * 2

Variant = Literal["pin", "mac_request", "mac_response", "data_request", "data_response"]
# Which byte of each half is turned over (X9.24-1 A.4.1).
_VARIANT_BYTE: Final[dict[Variant, int]] = {
    "pin": 7,
    "mac_request": 6,
    "mac_response": 4,
    "data_request": 5,
    "data_response": 3,
}


class KeySerialError(ValueError):
    """A key serial number that no device sends: wrong length, counter 0, or too many one-bits."""


# --- TDES -----------------------------------------------------------------------------------------------


def initial_key(base_key: bytes, ksn: bytes) -> bytes:
    """What is loaded into the device of this KSN (10 bytes, its counter does not matter): 16 bytes. Raises
    KeySerialError."""
    _check_length(ksn)
    device = (int.from_bytes(ksn, "big") & ~_COUNTER).to_bytes(10, "big")[:8]
    return _tdes(base_key, device) + _tdes(_xor(base_key, _MASK), device)


def transaction_key(base_key: bytes, ksn: bytes) -> bytes:
    """The key of one read, before any variant: 16 bytes. Raises KeySerialError."""
    counter = _counter_of(ksn)
    key = initial_key(base_key, ksn)
    register = int.from_bytes(ksn[2:], "big") & ~_COUNTER
    for place in range(20, -1, -1):
        bit = 1 << place
        if counter & bit:
            register |= bit
            key = _next_key(key, register.to_bytes(8, "big"))
    return key


def variant_of(key: bytes, variant: Variant) -> bytes:
    """The transaction key for one use."""
    place = _VARIANT_BYTE[variant]
    mask = bytes(0xFF if index == place else 0 for index in range(8)) * 2
    return _xor(key, mask)


def data_key(base_key: bytes, ksn: bytes, variant: Variant = "data_request") -> bytes:
    """The key that encrypts tracks: the variant, then once through itself (X9.24-1 A.4.1, one-way)."""
    varied = variant_of(transaction_key(base_key, ksn), variant)
    return _tdes(varied, varied[:8]) + _tdes(varied, varied[8:])


def encrypt(key: bytes, plain: bytes, *, aes: bool = False) -> bytes:
    """CBC with a zero IV, of TDES or, where a reader is set to it, of AES under the same 16 bytes [?];
    filled up with zeros to whole blocks."""
    size = 16 if aes else 8
    worker = _chained(key, aes=aes).encryptor()
    return worker.update(plain.ljust(-(-len(plain) // size) * size, b"\0")) + worker.finalize()


def decrypt(key: bytes, sealed: bytes, *, aes: bool = False) -> bytes:
    """The reverse; the zeros that filled it up are still there."""
    worker = _chained(key, aes=aes).decryptor()
    return worker.update(sealed) + worker.finalize()


def _chained(key: bytes, *, aes: bool) -> Cipher[CBC]:
    return Cipher(AES(key), CBC(bytes(16))) if aes else Cipher(TripleDES(key + key[:8]), CBC(bytes(8)))


def following(ksn: bytes) -> bytes:
    """The next KSN that the device uses: those with more than ten one-bits are passed over. Raises
    KeySerialError when the device is used up."""
    _check_length(ksn)
    whole = int.from_bytes(ksn, "big")
    counter = (whole & _COUNTER) + 1
    while counter.bit_count() > MOST_BITS:
        counter += counter & -counter  # to the next number with fewer bits set
    if counter > _COUNTER:
        raise KeySerialError("this device has used all its keys (X9.24-1: about a million)")
    return (whole & ~_COUNTER | counter).to_bytes(10, "big")


def _check_length(ksn: bytes) -> None:
    if len(ksn) != 10:
        raise KeySerialError(f"a KSN has 10 bytes, not {len(ksn)}; filled up at its beginning with FF")


def _counter_of(ksn: bytes) -> int:
    _check_length(ksn)
    counter = int.from_bytes(ksn, "big") & _COUNTER
    if not 0 < counter.bit_count() <= MOST_BITS:
        raise KeySerialError(
            f"the counter {counter:X} has {counter.bit_count()} one-bits; allowed: 1 to {MOST_BITS}"
        )
    return counter


def _next_key(key: bytes, register: bytes) -> bytes:
    """The non-reversible step (X9.24-1 A.2): both halves, the left one under the masked key."""
    return _step(_xor(key, _MASK), register) + _step(key, register)


def _step(key: bytes, register: bytes) -> bytes:
    left, right = key[:8], key[8:]
    return _xor(_ecb(TripleDES(left * 3), _xor(register, right)), right)


def _tdes(key: bytes, block: bytes) -> bytes:
    return _ecb(TripleDES(key + key[:8]), block)


# --- AES ------------------------------------------------------------------------------------------------

AesUse = Literal["pin", "mac_generate", "data_encrypt", "data_decrypt", "data_both", "derive"]
_USES: Final[dict[AesUse, int]] = {
    "pin": 0x1000,
    "mac_generate": 0x2000,
    "data_encrypt": 0x3000,
    "data_decrypt": 0x3001,
    "data_both": 0x3002,
    "derive": 0x8000,
}
_INITIAL: Final = 0x8001
_ALGORITHMS: Final = {128: 2, 192: 3, 256: 4}


def aes_initial_key(base_key: bytes, device_id: bytes) -> bytes:
    """What is loaded into the device of this id (8 bytes); as long as the base key. Raises KeySerialError."""
    if len(device_id) != 8:
        raise KeySerialError(f"the id of an initial key has 8 bytes, not {len(device_id)}")
    return _derived(base_key, _INITIAL, len(base_key) * 8, device_id)


def aes_transaction_key(base_key: bytes, ksn: bytes) -> bytes:
    """The derivation key of one read (KSN of 12 bytes); as long as the base key. Raises KeySerialError."""
    if len(ksn) != 12:
        raise KeySerialError(f"a KSN of AES DUKPT has 12 bytes, not {len(ksn)}")
    counter = int.from_bytes(ksn[8:], "big")
    if not 0 < counter.bit_count() <= MOST_BITS_AES:
        raise KeySerialError(
            f"the counter {counter:X} has {counter.bit_count()} one-bits; allowed: 1 to {MOST_BITS_AES}"
        )
    key, register = aes_initial_key(base_key, ksn[:8]), 0
    for place in range(31, -1, -1):
        if counter >> place & 1:
            register |= 1 << place
            context = ksn[4:8] + register.to_bytes(4, "big")
            key = _derived(key, _USES["derive"], len(base_key) * 8, context)
    return key


def aes_working_key(base_key: bytes, ksn: bytes, use: AesUse, bits: int) -> bytes:
    """The key of one read for one use, of 128, 192 or 256 bits."""
    return _derived(aes_transaction_key(base_key, ksn), _USES[use], bits, ksn[4:])


def _derived(key: bytes, use: int, bits: int, context: bytes) -> bytes:
    made = b""
    for block in range(1, -(-bits // 128) + 1):
        head = bytes([1, block]) + use.to_bytes(2, "big") + _ALGORITHMS[bits].to_bytes(2, "big")
        made += _ecb(AES(key), head + bits.to_bytes(2, "big") + context)
    return made[: bits // 8]


def _ecb(algorithm: TripleDES | AES, block: bytes) -> bytes:
    worker = Cipher(algorithm, ECB()).encryptor()  # noqa: S305  # the standards' own single blocks
    return worker.update(block) + worker.finalize()


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))
