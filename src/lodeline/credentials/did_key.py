"""did:key: the identifier is the public key. It cannot be rotated or revoked: for tests and short-lived keys.

Source: did:key method of the W3C Credentials Community Group; one Multikey, all purposes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lodeline.credentials import multikey
from lodeline.credentials.did import CONTEXTS, PURPOSES, Document, parse, read
from lodeline.credentials.verdict import CredentialRefused

if TYPE_CHECKING:
    from lodeline.credentials.keys import PublicKey


def did(key: PublicKey) -> str:
    return f"did:key:{multikey.encode(key)}"


def method(key: PublicKey) -> str:
    """The id of its one verification method."""
    text = multikey.encode(key)
    return f"did:key:{text}#{text}"


def key(identifier: str) -> PublicKey:
    """The key in a did:key. Refused with step `key`."""
    url = parse(identifier)
    if url.method != "key" or url.did != identifier:
        raise CredentialRefused("key", f"{identifier[:80]!r} is not a did:key")
    try:
        return multikey.decode(url.name)
    except ValueError as error:
        raise CredentialRefused("key", f"{identifier[:80]} holds no usable key: {error}") from None


def document(identifier: str) -> Document:
    """The document that follows from the identifier."""
    text = multikey.encode(key(identifier))
    name = f"{identifier}#{text}"
    method_ = {"id": name, "type": "Multikey", "controller": identifier, "publicKeyMultibase": text}
    raw = {"@context": list(CONTEXTS[:2]), "id": identifier, "verificationMethod": [method_]}
    return read(raw | {purpose: [name] for purpose in PURPOSES}, identifier)
