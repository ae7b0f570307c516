"""Keys of the demonstration parties that sign their own documents.

The seeds follow from the parties' names, so that the same documents carry the same signatures. Anybody can
compute them: they are good for invented data only.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from lodeline.keys import SigningKey, sign_detached

if TYPE_CHECKING:
    from lodeline_server.demo.documents import Document


def key(party: str) -> SigningKey:
    """The signing key of a demonstration party, by its short name."""
    return SigningKey.from_seed(sha256(f"lodeline demonstration key of {party}".encode()).digest())


def kid(party: str) -> str:
    return f"demonstration-{party}"


def signature(document: Document) -> str:
    """A detached JWS over the document's bytes, by the party that sends it."""
    return sign_detached(key(document.party), document.data, kid(document.party))
