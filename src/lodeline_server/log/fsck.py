"""Re-deriving the log: every commitment, every leaf, the root, the checkpoint's signature."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from lodeline.evidence import Finding, Severity
from lodeline.log import checkpoint as notes
from lodeline.log.leaf import decode
from lodeline.log.merkle import Frontier, leaf_hash
from lodeline.sealing import Unreadable, commit
from lodeline_server.log import tiles, vault
from lodeline_server.log.models import Checkpoint, Entry, LogState
from lodeline_server.log.queries import opened

if TYPE_CHECKING:
    from collections.abc import Iterator

CHUNK = 2_000
ENOUGH = 100


@frozen(kw_only=True)
class Verdict:
    """`size` entries were looked at; `root` is what they lead to. Sound when there are no findings."""

    size: int
    root: bytes
    findings: tuple[Finding, ...]


def _bad(rule: str, pointer: str, message: str) -> Finding:
    return Finding(rule=rule, severity=Severity.ERROR, pointer=pointer, message=message)


def fsck(*, quick: bool = False) -> Verdict:
    """Check the log. `quick` compares the stored tree with the signed checkpoint and opens no entry."""
    state = LogState.objects.first()
    size, root = (state.size, bytes(state.root)) if state else (0, Frontier().root())
    findings = list(_checkpoint(size, root))
    if state and Frontier(state.size, tiles.hashes(bytes(state.frontier))).root() != root:
        findings.append(
            _bad("L-FRONTIER", "state", "the stored right edge of the tree does not lead to its root")
        )
    if not quick:
        derived, found = _entries(size)
        findings += found
        if derived != root:
            findings.append(_bad("L-ROOT", "state", "the entries lead to another root than the stored one"))
        root = derived
    return Verdict(size=size, root=root, findings=tuple(findings[:ENOUGH]))


def _checkpoint(size: int, root: bytes) -> Iterator[Finding]:
    last = Checkpoint.objects.order_by("-size").first()
    if last is None:
        if size:
            yield _bad("L-UNSIGNED", "checkpoint", f"the log holds {size} entries and no signed checkpoint")
        return
    try:
        origin = last.note.split("\n", 1)[0]
        signed = notes.parse(last.note, {origin: vault.signing_key().verify_key})
    except notes.CheckpointRefused as refused:
        yield _bad("L-SIGNATURE", "checkpoint", f"the last checkpoint does not verify: {refused}")
        return
    if (signed.size, signed.root) != (size, root):
        yield _bad(
            "L-CHECKPOINT",
            "checkpoint",
            f"the signed checkpoint is of size {signed.size}, the stored tree of size {size}, or their roots differ",
        )


def _entries(size: int) -> tuple[bytes, list[Finding]]:
    """The root that the stored entries lead to, and what is wrong with single entries."""
    tree, findings, keys = Frontier(), [], vault.tenants()
    rows = Entry.objects.select_related("subject_key").order_by("position")
    start = 0
    while chunk := list(rows.filter(position__gte=start)[:CHUNK]):
        for entry in chunk:
            if entry.position != tree.size:
                findings.append(_bad("L-GAP", str(tree.size), f"position {tree.size} is missing"))
                return tree.root(), findings
            findings += _entry(entry, keys)
            tree.append(leaf_hash(bytes(entry.leaf)))
        start = chunk[-1].position + 1
    if tree.size != size:
        findings.append(_bad("L-SIZE", "state", f"{tree.size} entries are stored, the tree has {size}"))
    return tree.root(), findings


def _entry(entry: Entry, keys: dict[tuple[int, int], vault.Tenant]) -> Iterator[Finding]:
    at = str(entry.position)
    try:
        leaf = decode(bytes(entry.leaf))
    except ValueError as error:
        yield _bad("L-LEAF", at, f"the leaf is not a leaf record: {error}")
        return
    if leaf_hash(bytes(entry.leaf)) != bytes(entry.leaf_hash):
        yield _bad("L-HASH", at, "the stored leaf hash is not that of the leaf")
    owner = keys.get((entry.workspace, entry.key_version))
    if owner is None or (leaf.type, leaf.time, leaf.tenant) != (entry.type, entry.time, owner.pseudonym):
        yield _bad("L-ROW", at, "type, time or workspace beside the leaf differ from those in it")
        return
    if entry.subject_key is not None and entry.subject_key.destroyed_at is not None:
        return  # erased: the leaf stands, the payload cannot be opened any more
    try:
        salt, payload = opened(entry, keys)
    except Unreadable:
        yield _bad("L-SEALED", at, "the sealed payload cannot be opened: changed, moved, or the wrong key")
        return
    if commit(salt, payload) != leaf.commitment:
        yield _bad("L-COMMITMENT", at, "payload and salt do not lead to the commitment in the leaf")
