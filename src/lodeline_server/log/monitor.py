"""Following a log, ours or another's, and remembering what it showed. Needs no database and no framework.

Every growth is checked twice: by a consistency proof from the tree seen before, and by deriving the new root from the
entries themselves. A log that shrinks or shows another history is caught with both signed checkpoints as evidence.
"""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING, Any

from attrs import frozen

from lodeline.evidence import Finding, Severity
from lodeline.log.checkpoint import from_base64, to_base64
from lodeline.log.client import LogDamaged, LogUnreadable, Tree
from lodeline.log.layout import CHECKPOINT
from lodeline.log.leaf import decode
from lodeline.log.merkle import HASH_BYTES, Frontier
from lodeline.log.note import MAX_NOTE, NoteRefused
from lodeline.log.proof import ProofError, verify_consistency

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lodeline.log.checkpoint import Checkpoint
    from lodeline.log.policy import Policy

    Fetch = Callable[[str], bytes]

MOST = 256 * (65_535 + 2)  # bytes of the largest bundle
UNREADABLE, STALE, FORK = "M-UNREADABLE", "M-ROLLBACK", "M-SPLIT-VIEW"


class StateRefused(ValueError):  # noqa: N818 - a verdict
    """The file is not the state of a monitor of this log."""


@frozen(kw_only=True)
class State:
    """What was seen last: the signed note, and the right edge of its tree (hashes of 32 bytes)."""

    origin: str
    size: int
    root: bytes
    note: str
    frontier: tuple[bytes, ...]

    def text(self) -> str:
        return json.dumps(
            {
                "origin": self.origin,
                "size": self.size,
                "root": to_base64(self.root),
                "frontier": [to_base64(one) for one in self.frontier],
                "checkpoint": self.note,
            },
            indent=1,
            ensure_ascii=False,
        )


@frozen(kw_only=True)
class Look:
    """What one look found. `state` is to be kept; it moves on only when everything held.

    `evidence`: two signed checkpoints that cannot both be of one log. `strange`: new entries that are no leaf records.
    """

    state: State | None
    findings: tuple[Finding, ...]
    new: int = 0
    strange: int = 0
    evidence: tuple[str, str] | None = None


def look(
    fetch: Fetch, policy: Policy, before: State | None, seen: Callable[[int, bytes], object] = lambda *_: None
) -> Look:
    """Fetch the newest checkpoint and check the growth since `before`. `seen` gets each new entry, checked."""
    try:
        note = fetch(CHECKPOINT)[: MAX_NOTE + 1].decode()
        point = policy.check(note).checkpoint
    except (LookupError, OSError) as error:
        return _found(before, UNREADABLE, f"the checkpoint cannot be read: {error}")
    except (NoteRefused, UnicodeDecodeError) as refused:
        return _found(before, "M-CHECKPOINT", f"the checkpoint does not verify: {refused}")
    if before is not None and (refusal := _against(before, point, note)):
        return refusal
    if before is not None and point.size == before.size:
        return Look(state=before, findings=())
    tree = Tree(fetch, point)
    edge = Frontier(before.size, before.frontier) if before else Frontier()
    strange = 0
    try:
        tree.check_edge()
        if before is not None and before.size:
            proof = tree.consistency(before.size)
            try:
                verify_consistency(before.size, point.size, before.root, point.root, proof)
            except ProofError as error:
                said = f"the log of {point.size} entries does not hold that of {before.size} seen before: {error}"
                return _found(before, FORK, said, evidence=(before.note, note))
        for position, entry in tree.entries(edge.size, point.size):
            edge.append(tree.leaf_hash(position))
            strange += not _is_leaf(entry)
            seen(position, entry)
    except LogUnreadable as error:
        return _found(before, UNREADABLE, str(error))
    except LogDamaged as damage:
        return _found(before, "M-DAMAGED", str(damage))
    if edge.root() != point.root:
        said = f"the entries lead to another root than the one signed at size {point.size}"
        return _found(before, "M-ENTRIES", said)
    after = State(
        origin=point.origin, size=point.size, root=point.root, note=note, frontier=tuple(edge.hashes)
    )
    return Look(state=after, findings=(), new=point.size - (before.size if before else 0), strange=strange)


def _against(before: State, point: Checkpoint, note: str) -> Look | None:
    """What can be said of two checkpoints without looking into the log."""
    evidence = (before.note, note)
    if point.origin != before.origin:
        return _found(
            before, "M-ORIGIN", f"this is the log {point.origin}; {before.origin} was followed so far"
        )
    if point.size < before.size:
        said = f"the log shows {point.size} entries; {before.size} were signed and seen before"
        return _found(before, STALE, said, evidence=evidence)
    if point.size == before.size and point.root != before.root:
        said = f"two signed checkpoints of {point.size} entries have different roots"
        return _found(before, FORK, said, evidence=evidence)
    return None


def _found(state: State | None, rule: str, said: str, evidence: tuple[str, str] | None = None) -> Look:
    finding = Finding(rule=rule, severity=Severity.ERROR, pointer=CHECKPOINT, message=said)
    return Look(state=state, findings=(finding,), evidence=evidence)


def _is_leaf(entry: bytes) -> bool:
    try:
        decode(entry)
    except ValueError:
        return False
    return True


def folder_fetch(folder: Path) -> Fetch:
    """Reads the files of a log in a folder."""

    def fetch(path: str) -> bytes:
        with (folder / path).open("rb") as stream:
            return stream.read(MOST)

    return fetch


def web_fetch(address: str) -> Fetch:
    """Reads the files of a log below an http(s) address."""
    from lodeline_server.kit.outbound import Unreachable, call

    def fetch(path: str) -> bytes:
        try:
            answer = call(f"{address.rstrip('/')}/{path}", limit=MOST, seconds=60)
        except Unreachable as error:
            raise OSError(str(error)) from None
        if answer.status != 200:
            raise LookupError(f"{path}: answered with {answer.status}")
        return answer.body

    return fetch


def load(path: Path) -> State | None:
    """The state in a file; None when there is none. Raises `StateRefused`."""
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        state = State(
            origin=str(said["origin"]),
            size=int(said["size"]),
            root=from_base64(said["root"]),
            note=str(said["checkpoint"]),
            frontier=tuple(from_base64(one) for one in said["frontier"]),
        )
        sound = {len(one) for one in (state.root, *state.frontier)} == {HASH_BYTES}
        sound = sound and Frontier(state.size, state.frontier).root() == state.root
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise StateRefused(f"{path} is not the state of a monitor: {error}") from None
    if not sound:
        raise StateRefused(f"{path} is not the state of a monitor: its tree does not lead to its root")
    return state


def keep(path: Path, state: State) -> None:
    """Write the state: whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    with part.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write(state.text() + "\n")
        stream.flush()
        os.fsync(stream.fileno())
    part.replace(path)


def keep_evidence(path: Path, found: Look) -> Path | None:
    """Write both checkpoints beside the state, once; the file's name, None when there is no evidence."""
    if found.evidence is None:
        return None
    value: dict[str, Any] = {
        "findings": [one.as_dict() for one in found.findings],
        "checkpoints": list(found.evidence),
    }
    digest = hashlib.sha256("\0".join(found.evidence).encode()).hexdigest()[:16]
    target = path.with_name(f"{path.name}.evidence-{digest}.json")
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(
            json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n"
        )
    return target
