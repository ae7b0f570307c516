"""Multibase text (base58btc `z`, base64url `u`) and SHA-256 multihashes.

Sources: Controlled Identifiers 1.0 section 2.4 (multibase) and 2.5 (multihash); the alphabet is Bitcoin's.
"""

from __future__ import annotations

import hashlib
from typing import Final

from lodeline.keys import SignatureRefused, b64url, unb64url

ALPHABET: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_VALUES: Final = bytes(
    ALPHABET.index(chr(code)) if chr(code) in ALPHABET else 0xFF for code in range(256)
)  # what a sign stands for; 255 for what is none
MAX_TEXT: Final = 4096
"""Base 58 costs the square of the length; nothing we read is longer."""
SHA256_PREFIX: Final = b"\x12\x20"


def b58(data: bytes) -> str:
    """Base58btc without a prefix."""
    number, text = int.from_bytes(data, "big"), ""
    while number:
        number, rest = divmod(number, 58)
        text = ALPHABET[rest] + text
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + text


def unb58(text: str) -> bytes:
    """The inverse of `b58`. `ValueError` for other signs and for more than `MAX_TEXT` of them."""
    if len(text) > MAX_TEXT:
        raise ValueError(f"base58 text of {len(text)} signs; at most {MAX_TEXT}")
    values = text.encode("ascii", "replace").translate(_VALUES)
    if (at := values.find(0xFF)) >= 0:
        raise ValueError(f"{text[at]!r} is not a base58btc sign")
    number = 0
    for value in values:
        number = number * 58 + value
    zeros = len(text) - len(text.lstrip("1"))
    return b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8, "big")


def encode(data: bytes) -> str:
    """`z` and base58btc."""
    return "z" + b58(data)


def decode(text: str) -> bytes:
    """Bytes of a multibase text with prefix `z` or `u`; `ValueError` for all others."""
    if text[:1] == "z":
        return unb58(text[1:])
    if text[:1] == "u":
        try:
            return unb64url(text[1:])
        except SignatureRefused as error:
            raise ValueError(str(error)) from None
    raise ValueError("multibase text starts with z (base58btc) or u (base64url)")


def encode_url(data: bytes) -> str:
    """`u` and base64url without padding."""
    return "u" + b64url(data)


def multihash(data: bytes) -> bytes:
    """SHA-256 of `data` as a multihash: 0x12, 0x20, 32 bytes."""
    return SHA256_PREFIX + hashlib.sha256(data).digest()
