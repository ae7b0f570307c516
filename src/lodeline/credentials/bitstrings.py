"""Packed status values, in the two bit orders, and decompression that cannot be made to eat the memory.

W3C lists put index 0 into the most significant bit of byte 0, IETF lists into the least significant one.
"""

from __future__ import annotations

import zlib
from typing import Final

LIMIT: Final = 16 * 1024 * 1024
"""Bytes to which a list may unfold: 134,217,728 entries of one bit."""
GZIP, ZLIB = 31, 15
"""Window bits of the two formats (RFC 1952, RFC 1950)."""


def blank(entries: int, size: int = 1) -> bytes:
    """Room for `entries` values of `size` bits, all 0."""
    return bytes(-(-entries * size // 8))


def inflate(data: bytes, form: int, limit: int = LIMIT) -> bytes:
    """Decompress; `ValueError` when it is not whole, has more behind it, or unfolds to more than `limit`."""
    unpacker = zlib.decompressobj(form)
    try:
        found = unpacker.decompress(data, limit + 1)
    except zlib.error as error:
        raise ValueError(f"it cannot be decompressed: {error}") from None
    if len(found) > limit:
        raise ValueError(f"it unfolds to more than {limit} bytes")
    if not unpacker.eof or unpacker.unused_data:
        raise ValueError("the compressed data are cut off, or something follows them")
    return found


def deflate(bits: bytes, form: int, level: int) -> bytes:
    packer = zlib.compressobj(level, zlib.DEFLATED, form)
    return packer.compress(bits) + packer.flush()


def left(bits: bytes, index: int, size: int = 1) -> int:
    """Value `index` counted from the left-most bit. `IndexError` outside."""
    first, last = index * size, (index + 1) * size
    if index < 0 or last > len(bits) * 8:
        raise IndexError(index)
    window = int.from_bytes(bits[first // 8 : (last + 7) // 8], "big")
    return window >> (-last % 8) & ((1 << size) - 1)


def put_left(bits: bytearray, index: int, value: int, size: int = 1) -> None:
    """The inverse of `left`. `IndexError` outside, `ValueError` for a value that does not fit."""
    first = index * size
    if index < 0 or first + size > len(bits) * 8:
        raise IndexError(index)
    if not 0 <= value < 1 << size:
        raise ValueError(f"{value} does not fit into {size} bits")
    for offset in range(size):
        at, mask = divmod(first + offset, 8)
        mask = 0x80 >> mask
        bits[at] = bits[at] | mask if value >> (size - 1 - offset) & 1 else bits[at] & ~mask


def right(bits: bytes, index: int, size: int = 1) -> int:
    """Value `index` counted from the right-most bit of each byte; `size` divides 8. `IndexError` outside."""
    at, shift = divmod(index * size, 8)
    if index < 0 or at >= len(bits):
        raise IndexError(index)
    return bits[at] >> shift & ((1 << size) - 1)


def put_right(bits: bytearray, index: int, value: int, size: int = 1) -> None:
    """The inverse of `right`."""
    at, shift = divmod(index * size, 8)
    if index < 0 or at >= len(bits):
        raise IndexError(index)
    if not 0 <= value < 1 << size:
        raise ValueError(f"{value} does not fit into {size} bits")
    bits[at] = bits[at] & ~(((1 << size) - 1) << shift) | value << shift
