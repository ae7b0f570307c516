"""Being a witness of other logs (C2SP tlog-witness): cosign what extends the checkpoint we cosigned last.

That check and the storing of the new checkpoint are one transaction, on disk before anything is answered.
"""

from __future__ import annotations

import hashlib
import re
from http import HTTPStatus
from typing import TYPE_CHECKING

import structlog
from attrs import frozen
from django.conf import settings
from django.db import transaction

from lodeline.log import checkpoint as checkpoints
from lodeline.log import note as notes
from lodeline.log.cosignature import LONGEST_NAME, MAX_TIME, Cosigner, verifier
from lodeline.log.merkle import HASH_BYTES, Frontier
from lodeline.log.note import COSIGNATURE, MLDSA, NoteRefused, from_base64
from lodeline.log.policy import PolicyRefused
from lodeline.log.proof import MAX_PATH, ProofError, verify_consistency
from lodeline_server.kit.secrets import secret
from lodeline_server.log import backend, trusted
from lodeline_server.log.models import Suspect, Witnessed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from lodeline.log.checkpoint import Checkpoint

MAX_BODY = notes.MAX_NOTE + 4096
SIZE_TYPE = "text/x.tlog.size"
KEPT = 1_000  # suspects of one origin and kind
EMPTY = Frontier().root()
_OLD = re.compile(r"old (0|[1-9][0-9]{0,18})")
logger = structlog.get_logger(__name__)


class Refused(Exception):  # noqa: N818 - a verdict
    """The answer to a request that is not granted."""

    def __init__(self, status: HTTPStatus, words: str, media_type: str = "text/plain; charset=utf-8") -> None:
        super().__init__(words)
        self.status, self.words, self.media_type = status, words, media_type


@frozen(kw_only=True)
class Request:
    """A request whose checkpoint a known log has signed. `logged`: text and the log's own signature lines."""

    body: str
    old: int
    proof: tuple[bytes, ...]
    checkpoint: Checkpoint
    logged: str

    @property
    def origin_hash(self) -> str:
        return hashlib.sha256(self.checkpoint.origin.encode()).hexdigest()


def cosigners() -> tuple[Cosigner, Cosigner]:
    """Our keys as a witness: Ed25519 and ML-DSA-44. Made on first use."""
    return (
        Cosigner(settings.WITNESS_NAME, COSIGNATURE, secret(settings.DATA, "witness.key")),
        Cosigner(settings.WITNESS_NAME, MLDSA, secret(settings.DATA, "witness-mldsa.key")),
    )


def add_checkpoint(body: bytes, now: datetime) -> str:
    """Our signature lines under the checkpoint in `body`. Raises `Refused` with the status of the specification."""
    request = read(body)
    try:
        backend.require_durable()
    except backend.Unsafe:
        logger.exception("the witness cannot store safely")
        raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, "this witness cannot store safely\n") from None
    with transaction.atomic():
        done = _step(request, now)
    if isinstance(done, Refused):
        raise done
    return done


def read(body: bytes) -> Request:
    """Take a request apart: a known origin (404), signed by a key of it (403), well-formed (400)."""
    bad = HTTPStatus.BAD_REQUEST
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise Refused(bad, "not UTF-8\n") from None
    head, blank, note = text.partition("\n\n")
    if not blank:
        raise Refused(bad, "a request is: old size, proof, empty line, checkpoint\n")
    origin = note.split("\n", 1)[0]
    try:
        policy = trusted.load(trusted.WITNESS)
    except (PolicyRefused, OSError):
        logger.exception("the witness's policy is not usable")
        raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, "this witness's policy is not usable\n") from None
    keys = [log.key for log in (policy.logs if policy else ()) if log.key.name == origin]
    if not keys:
        try:
            _head(head)
        except ValueError as refused:  # then the line behind it is no origin either
            raise Refused(bad, f"{refused}\n") from None
        raise Refused(HTTPStatus.NOT_FOUND, "this log is not known here\n")
    try:
        notes.split(note)
    except NoteRefused as refused:
        raise Refused(bad, f"{refused}\n") from None
    try:
        verified = notes.verify(note, map(verifier, keys))
    except NoteRefused as refused:
        raise Refused(HTTPStatus.FORBIDDEN, f"{refused}\n") from None
    try:
        checkpoint = checkpoints.read(verified.text, extensions=True)
        old, proof = _head(head)
    except ValueError as refused:
        raise Refused(bad, f"{refused}\n") from None
    if not old <= checkpoint.size <= MAX_TIME:
        raise Refused(bad, "the old size is above the checkpoint's, or that is out of range\n")
    lines = "".join(one.signature.line() for one in verified.by)
    return Request(body=text, old=old, proof=proof, checkpoint=checkpoint, logged=f"{verified.text}\n{lines}")


def _head(head: str) -> tuple[int, tuple[bytes, ...]]:
    first, *lines = head.split("\n")
    old = _OLD.fullmatch(first)
    if old is None or len(lines) > MAX_PATH:
        raise ValueError(f"a request starts with 'old' and a size, and has at most {MAX_PATH} hashes")
    proof = tuple(map(from_base64, lines))
    if any(len(one) != HASH_BYTES for one in proof):
        raise ValueError(f"a hash has exactly {HASH_BYTES} bytes")
    return int(old[1]), proof


def _step(request: Request, now: datetime) -> str | Refused:
    """Compare with what we cosigned last, and store; a request that fails is kept as evidence and committed."""
    new, place = request.checkpoint, request.origin_hash
    row, _ = Witnessed.objects.select_for_update().get_or_create(
        origin_hash=place, defaults={"origin": new.origin, "size": 0, "root": EMPTY, "note": ""}
    )
    size, root = row.size, bytes(row.root)
    if size and new.size == size and new.root != root:
        _keep(request, Suspect.Kind.SPLIT, row.note, now)
    if request.old != size:
        if (new.size, new.root) != (size, root):
            _keep(request, Suspect.Kind.SIZE, row.note, now)
        return _conflict(size)
    try:
        _require_growth(new, size, root, request.proof)
    except ProofError as refused:
        _keep(request, Suspect.Kind.PROOF, row.note, now)
        return Refused(HTTPStatus.UNPROCESSABLE_ENTITY, f"{refused}\n")
    lines = _cosign(new, int(now.timestamp()))
    swapped = Witnessed.objects.filter(origin_hash=place, size=size, root=root).update(
        size=new.size, root=new.root, note=request.logged + lines, cosigned_at=now
    )
    if swapped != 1:  # the row is ours until the transaction ends; should it not be, nothing is cosigned
        return _conflict(Witnessed.objects.values_list("size", flat=True).get(origin_hash=place))
    Suspect.objects.filter(
        origin_hash=place, size=new.size, root=new.root, kind=Suspect.Kind.SIZE
    ).delete()  # asked without state, and now shown to be an extension
    return lines


def _conflict(size: int) -> Refused:
    return Refused(HTTPStatus.CONFLICT, f"{size}\n", SIZE_TYPE)


def _require_growth(new: Checkpoint, size: int, root: bytes, proof: Sequence[bytes]) -> None:
    """Raise `ProofError` unless `new` extends the tree of `size`."""
    if new.size == 0 and new.root != EMPTY:
        raise ProofError("the root of an empty tree is the hash of nothing")
    if size:
        verify_consistency(size, new.size, root, new.root, proof)
    elif proof:
        raise ProofError("from size 0 there is nothing to prove")


def _cosign(checkpoint: Checkpoint, time: int) -> str:
    """ML-DSA where its form can hold the origin."""
    plain, lattice = cosigners()
    fits = max(len(checkpoint.origin.encode()), len(settings.WITNESS_NAME.encode())) <= LONGEST_NAME
    signers = (plain, lattice) if fits else (plain,)
    return "".join(one.sign(checkpoint.text(), time).line() for one in signers)


def _keep(request: Request, kind: Suspect.Kind, ours: str, now: datetime) -> None:
    """Once for each tree; a split view outranks what was noted about it before."""
    new, place = request.checkpoint, request.origin_hash
    logger.warning("a checkpoint was not cosigned", origin=new.origin, size=new.size, kind=str(kind))
    row = Suspect.objects.filter(origin_hash=place, size=new.size, root=new.root).first()
    full = Suspect.objects.filter(origin_hash=place, kind=kind).count() >= KEPT
    if full or (row is not None and not _graver(kind, row.kind)):
        return
    Suspect.objects.update_or_create(
        origin_hash=place,
        size=new.size,
        root=new.root,
        defaults={
            "origin": new.origin,
            "kind": kind,
            "request": request.body,
            "ours": ours,
            "received_at": now,
        },
    )


def _graver(kind: str, known: str) -> bool:
    order = [Suspect.Kind.SIZE, Suspect.Kind.PROOF, Suspect.Kind.SPLIT]
    return order.index(Suspect.Kind(kind)) > order.index(Suspect.Kind(known))


def latest(origin_hash: str) -> str | None:
    """The checkpoint we cosigned last of the log with this SHA-256 of its origin, with its lines and ours."""
    note = Witnessed.objects.filter(origin_hash=origin_hash).values_list("note", flat=True).first()
    return note or None
