"""Salted commitments, and payloads encrypted so that destroying a key erases them.

Key order: installation key (KEK) -> workspace key -> optional key per data subject. A wrapped key or a sealed payload
is nonce (12) + ciphertext + tag (16), AES-256-GCM. The additional data binds a ciphertext to its place, so that
moving it to another row, workspace or key version makes it unreadable. Randomness is passed in.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

if TYPE_CHECKING:
    from collections.abc import Callable

KEY_BYTES = SALT_BYTES = 32
NONCE_BYTES = 12


class Unreadable(ValueError):  # noqa: N818 - a state of the data, not a programming error
    """The key is wrong or destroyed, or the ciphertext was moved or changed."""


def commit(salt: bytes, payload: bytes) -> bytes:
    """SHA-256 of salt (32 bytes) and canonical payload: hides the payload, binds to it."""
    if len(salt) != SALT_BYTES:
        raise ValueError(f"a salt has {SALT_BYTES} bytes, not {len(salt)}")
    return hashlib.sha256(salt + payload).digest()


def place(*parts: str | int) -> bytes:
    """Additional data from the parts of a place: each with its length, so that no two places run together."""
    return "".join([f"{len(text)}:{text}|" for text in map(str, parts)]).encode()


def seal(key: bytes, plain: bytes, *, aad: bytes, random: Callable[[int], bytes]) -> bytes:
    """Encrypt `plain` under a 32-byte key. With random nonces a key is good for 2^32 times (NIST SP 800-38D, 8.3)."""
    nonce = random(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, aad)


class Sealer:
    """`seal` many times under one key: the nonces of all are drawn at once, the key is set up once."""

    def __init__(self, key: bytes, count: int, *, random: Callable[[int], bytes]) -> None:
        self._encrypt = AESGCM(key).encrypt
        nonces = random(NONCE_BYTES * count)
        self._nonces = iter([nonces[at : at + NONCE_BYTES] for at in range(0, len(nonces), NONCE_BYTES)])

    def seal(self, plain: bytes, aad: bytes) -> bytes:
        """Encrypt; `StopIteration` after `count` times."""
        nonce = next(self._nonces)
        return nonce + self._encrypt(nonce, plain, aad)


def unseal(key: bytes, sealed: bytes, *, aad: bytes) -> bytes:
    """The inverse of `seal`; raises `Unreadable`."""
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], aad)
    except (InvalidTag, ValueError):
        raise Unreadable("the sealed bytes cannot be opened with this key at this place") from None


def wrap(kek: bytes, key: bytes, *, aad: bytes, random: Callable[[int], bytes]) -> bytes:
    """Encrypt a key under another. Rotation wraps anew and leaves payloads alone."""
    if len(key) != KEY_BYTES:
        raise ValueError(f"a key has {KEY_BYTES} bytes, not {len(key)}")
    return seal(kek, key, aad=aad, random=random)


def rewrap(
    old: bytes, new: bytes, wrapped: bytes, *, aad: bytes, new_aad: bytes, random: Callable[[int], bytes]
) -> bytes:
    """The same key, wrapped by another: how an installation's key is rotated. Raises `Unreadable`."""
    return wrap(new, unwrap(old, wrapped, aad=aad), aad=new_aad, random=random)


def unwrap(kek: bytes, wrapped: bytes, *, aad: bytes) -> bytes:
    """The inverse of `wrap`; raises `Unreadable`."""
    return unseal(kek, wrapped, aad=aad)
