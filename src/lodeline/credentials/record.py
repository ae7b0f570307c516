"""A credential's place in a transparency log, shown by a receipt that needs nobody to be asked.

Two forms are read. A statement of a log like ours: leaf, salt, payload and proof, as `lodeline log show --json`, the
API and bundles give it; the leaf commits to the payload, and the payload names the hash of the credential. Or the text
of a proof alone (C2SP tlog-proof) of a log whose leaves are the credentials' own bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from lodeline import strictjson
from lodeline.credentials.verdict import CredentialRefused
from lodeline.keys import unb64url
from lodeline.log import leaf as leaves
from lodeline.log import receipt as receipts
from lodeline.log.checkpoint import from_base64
from lodeline.log.merkle import leaf_hash
from lodeline.sealing import SALT_BYTES, commit

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from lodeline.log.leaf import Leaf
    from lodeline.log.policy import Judged, Policy
    from lodeline.log.receipt import Receipt
    from lodeline.strictjson import JSON

KINDS: Final = "credential."
"""Statements about credentials have types that begin so."""
MAX_PATH: Final = 63


@frozen(kw_only=True)
class Place:
    """Where it stands. `time`: when the log took it, where the log says so; `witnesses`: who saw the checkpoint."""

    origin: str
    position: int
    size: int
    time: datetime | None = None
    witnesses: tuple[str, ...] = ()


@frozen(kw_only=True)
class Record:
    """A statement with its way into the log; the commitment was compared, the way was not."""

    leaf: bytes
    decoded: Leaf
    payload: Mapping[str, JSON]
    receipt: Receipt

    @property
    def body(self) -> Mapping[str, Any]:
        found = self.payload.get("body")
        return found if isinstance(found, dict) else {}

    def place(self, policy: Policy, now: datetime) -> Place:
        """Its place in a log of `policy`. Raises `CredentialRefused("receipt", ...)`."""
        judged = _judged(self.receipt, self.leaf, policy, now)
        return Place(
            origin=judged.checkpoint.origin,
            position=self.receipt.index,
            size=judged.checkpoint.size,
            time=self.decoded.time,
            witnesses=judged.witnesses,
        )


def read(value: JSON) -> Record:
    """The statement in `value`; refused when salt and payload are not what the leaf commits to."""
    if not isinstance(value, dict):
        raise _wrong("a receipt is the text of a proof, or an object with leaf, salt, payload and proof")
    leaf, salt, payload = (value.get(name) for name in ("leaf", "salt", "payload"))
    if not isinstance(leaf, str) or not isinstance(salt, str) or not isinstance(payload, dict):
        raise _wrong("the receipt has no leaf, salt and payload")
    try:
        decoded, random, proof = leaves.decode(leaf.encode()), unb64url(salt), _proof(value)
        committed = len(random) == SALT_BYTES and commit(random, strictjson.canonical(payload))
    except ValueError as error:
        raise _wrong(f"the receipt cannot be read: {error}") from None
    if committed != decoded.commitment:
        raise _wrong("salt and payload do not lead to the commitment in the leaf")
    return Record(leaf=leaf.encode(), decoded=decoded, payload=payload, receipt=proof)


def find(value: JSON, digests: Collection[str], data: bytes, policy: Policy, now: datetime) -> Place:
    """The place of a credential by its receipt. Raises `CredentialRefused("receipt", ...)`.

    `digests`: SHA-256 of the credential as it is (and without what its holder may leave away), in hexadecimal.
    `data`: its bytes. `policy`: the logs that count here.
    """
    if isinstance(value, str):
        try:
            proof = receipts.read(value)
        except ValueError as error:
            raise _wrong(f"the receipt cannot be read: {error}") from None
        judged = _judged(proof, data, policy, now)
        point = judged.checkpoint
        return Place(origin=point.origin, position=proof.index, size=point.size, witnesses=judged.witnesses)
    record = read(value)
    if not record.decoded.type.startswith(KINDS) or record.body.get("sha256") not in digests:
        raise _wrong("the receipt is of a statement that does not name this credential")
    return record.place(policy, now)


def _judged(proof: Receipt, leaf: bytes, policy: Policy, now: datetime) -> Judged:
    if not policy.logs:
        raise _wrong("no log's key was named, so no receipt can be checked")
    try:
        return proof.judge(leaf_hash(leaf), policy, int(now.timestamp()))
    except ValueError as error:
        raise _wrong(f"the receipt does not hold: {error}") from None


def _proof(value: Mapping[str, JSON]) -> Receipt:
    """As text, or as the API's three members."""
    text = value.get("proof")
    if isinstance(text, str):
        return receipts.read(text)
    position, path, note = (value.get(name) for name in ("position", "inclusion", "checkpoint"))
    if isinstance(position, bool) or not isinstance(position, int) or not isinstance(note, str):
        raise ValueError("it has no proof")  # noqa: TRY004 - a verdict
    if not isinstance(path, list) or len(path) > MAX_PATH:
        raise ValueError("it has no proof")
    if not all(isinstance(one, str) for one in path):
        raise ValueError("a hash is a text")
    made = receipts.make(position, [from_base64(one) for one in path], note)
    return receipts.read(made.text())


def _wrong(message: str) -> CredentialRefused:
    return CredentialRefused("receipt", message)
