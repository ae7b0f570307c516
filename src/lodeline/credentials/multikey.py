"""Public keys as Multikey text: multibase of a multicodec prefix and the raw key.

Source: Controlled Identifiers 1.0, section 2.2.2. Ed25519 gives `z6Mk...`, P-256 (compressed) `zDna...`.
"""

from __future__ import annotations

from typing import Final

from lodeline.credentials import multibase
from lodeline.credentials.keys import P256VerifyKey, PublicKey
from lodeline.keys import VerifyKey

ED25519: Final = b"\xed\x01"
P256: Final = b"\x80\x24"
_ED25519_SEED: Final = b"\x80\x26"
_P256_SCALAR: Final = b"\x86\x26"


def encode(key: PublicKey) -> str:
    return multibase.encode((ED25519 if isinstance(key, VerifyKey) else P256) + key.raw)


def decode(text: str) -> PublicKey:
    """The key; `ValueError` for other kinds, wrong lengths, points that are none and other bases than `z`."""
    if text[:1] != "z":
        raise ValueError("a Multikey starts with z (base58btc)")
    data = multibase.decode(text)
    prefix, raw = data[:2], data[2:]
    if prefix == ED25519:
        return VerifyKey(raw)
    if prefix == P256:
        return P256VerifyKey(raw)
    if prefix in (_ED25519_SEED, _P256_SCALAR):
        raise ValueError("this is a private key. Publish the public one, and replace this one")
    raise ValueError("not a Multikey of kind Ed25519 or P-256")
