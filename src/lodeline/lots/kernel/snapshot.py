"""A graph on disk: one `.npy` file for each array and a manifest, opened by memory map and shared by all processes.

The folder is named after its content: two snapshots of one graph have one id. It is written beside its place and then
renamed, so that a reader finds all of it or nothing. Opening checks types, shapes and ends; `check` reads everything.
"""

from __future__ import annotations

import hashlib
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import Factory, frozen

from lodeline import strictjson
from lodeline.lots.kernel.compressed import Compressed, locked

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

FORMAT = 2
STRUCTURE = ("indptr", "sources", "out_indptr", "targets", "nodes", "rows")
MANIFEST, BESIDE = "manifest.json", "beside."
LARGEST_MANIFEST = 1 << 20


class SnapshotUnusable(ValueError):  # noqa: N818 - a verdict; the message names the file
    """The folder holds no snapshot that this program can open."""


@frozen(kw_only=True)
class Snapshot:
    """An opened snapshot: what it is called, up to which log position it knows the log, and the graph.

    `beside`: arrays that its writer put beside the graph, as what lots are called.
    """

    id: str
    position: int
    graph: Compressed
    beside: Mapping[str, NDArray[Any]] = Factory(dict)


def write(
    graph: Compressed, folder: Path, *, position: int, beside: Mapping[str, NDArray[Any]] | None = None
) -> Path:
    """Write a graph that knows the log below `position` into `folder`; the path of the snapshot.

    A snapshot that is already there stays as it is.
    """
    arrays, more = dict(_arrays(graph)), {f"{BESIDE}{key}": array for key, array in (beside or {}).items()}
    called = identity(arrays, position)
    final, part = folder / called, folder / f".{called}.part"
    if (final / MANIFEST).exists():
        return final
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    for key, array in (arrays | more).items():
        np.save(part / f"{key}.npy", array, allow_pickle=False)
    said = {
        "format": FORMAT,
        "id": called,
        "position": position,
        "arrays": {key: [one.dtype.str, len(one)] for key, one in (arrays | more).items()},
        "beside": identity(more, position),
    }
    (part / MANIFEST).write_bytes(strictjson.canonical(said))
    part.rename(final)
    return final


def name(graph: Compressed, position: int) -> str:
    """What a snapshot of the graph is called, written or not."""
    return identity(dict(_arrays(graph)), position)


def open_(path: Path) -> Snapshot:
    """Map a snapshot into memory. Raises `SnapshotUnusable`."""
    said = _manifest(path)
    try:
        arrays = {key: _mapped(path, key, dtype, length) for key, (dtype, length) in said["arrays"].items()}
        graph = Compressed(
            **{key: arrays[key] for key in STRUCTURE},
            weights=_named(arrays, "weights."),
            masses=_named(arrays, "masses."),
            left=arrays.get("left"),
        )
        found = Snapshot(
            id=str(said["id"]), position=_position(said), graph=graph, beside=_named(arrays, BESIDE)
        )
    except (KeyError, TypeError, AttributeError) as wrong:
        raise SnapshotUnusable(f"{path.name}/{MANIFEST} is not a manifest of a snapshot: {wrong}") from None
    _ends(path, graph)
    return found


def check(path: Path) -> Snapshot:
    """Open a snapshot and read all of it: every index in its range, and the content that its id promises."""
    found = open_(path)
    graph = found.graph
    for key, limit in (
        ("sources", graph.size),
        ("targets", graph.size),
        ("nodes", graph.size),
        ("rows", graph.size),
    ):
        array = getattr(graph, key)
        if len(array) and not (array.min() >= 0 and array.max() < limit):
            raise SnapshotUnusable(f"{path.name}/{key}.npy points outside the graph")
    for key in ("indptr", "out_indptr"):
        if (np.diff(getattr(graph, key)) < 0).any():
            raise SnapshotUnusable(f"{path.name}/{key}.npy does not grow")
    into = np.repeat(np.arange(graph.size), np.diff(graph.indptr))
    if not (graph.sources < into).all():
        raise SnapshotUnusable(f"{path.name}/sources.npy is not in topological order")
    if name(graph, found.position) != found.id:
        raise SnapshotUnusable(f"{path.name}: the content is not what the id was made from")
    beside = {f"{BESIDE}{key}": array for key, array in found.beside.items()}
    if identity(beside, found.position) != _manifest(path).get("beside"):
        raise SnapshotUnusable(f"{path.name}: what stands beside the graph was changed")
    return found


def identity(arrays: dict[str, NDArray[Any]], position: int) -> str:
    """What a snapshot is called: 24 hexadecimal digits of the SHA-256 of its arrays and its position."""
    digest = hashlib.sha256(f"lodeline snapshot {FORMAT} {position}\n".encode())
    for key in sorted(arrays):
        array = np.ascontiguousarray(arrays[key])
        digest.update(f"{key} {array.dtype.str} {len(array)}\n".encode())
        digest.update(array.data)
    return digest.hexdigest()[:24]


def _arrays(graph: Compressed) -> Iterator[tuple[str, NDArray[Any]]]:
    for key in STRUCTURE:
        yield key, getattr(graph, key)
    for prefix, columns in (("weights.", graph.weights), ("masses.", graph.masses)):
        for name, column in columns.items():
            if not name.isalnum():
                raise ValueError(f"a substance is named by letters and digits, not {name!r}")
            yield prefix + name, column
    if graph.left is not None:
        yield "left", graph.left


def _named(arrays: dict[str, NDArray[Any]], prefix: str) -> dict[str, NDArray[Any]]:
    return {key.removeprefix(prefix): one for key, one in arrays.items() if key.startswith(prefix)}


def _manifest(path: Path) -> dict[str, Any]:
    try:
        with (path / MANIFEST).open("rb") as file:
            said = strictjson.loads(file.read(LARGEST_MANIFEST))
    except (OSError, ValueError) as wrong:
        raise SnapshotUnusable(f"{path.name}/{MANIFEST} cannot be read: {wrong}") from None
    if not isinstance(said, dict) or said.get("format") != FORMAT:
        raise SnapshotUnusable(f"{path.name}/{MANIFEST} is of another format than {FORMAT}")
    return said


def _position(said: dict[str, Any]) -> int:
    if type(said["position"]) is not int or said["position"] < 0:
        raise TypeError("position is no log position")
    return int(said["position"])


def _mapped(path: Path, key: str, dtype: str, length: int) -> NDArray[Any]:
    if not all(part.isalnum() for part in key.replace("_", "").split(".")):
        raise SnapshotUnusable(f"{path.name}/{MANIFEST} names a file that is none of a snapshot: {key!r}")
    try:
        mode: Any = "r" if length else None  # an empty file cannot be mapped
        array = np.load(path / f"{key}.npy", mmap_mode=mode, allow_pickle=False)
    except (OSError, ValueError, EOFError) as wrong:
        raise SnapshotUnusable(f"{path.name}/{key}.npy cannot be read: {wrong}") from None
    if array.dtype.str != dtype or array.shape != (length,):
        raise SnapshotUnusable(f"{path.name}/{key}.npy is not what the manifest says: {dtype}, {length}")
    return locked(array)


def _ends(path: Path, graph: Compressed) -> None:
    """Types and lengths that the loops rely on."""
    edges = graph.edges
    if any(getattr(graph, key).dtype != np.int32 for key in STRUCTURE):
        raise SnapshotUnusable(f"{path.name}: the structure is not of 32-bit integers")
    if any(one.dtype.kind != "f" or len(one) != edges for one in graph.weights.values()):
        raise SnapshotUnusable(f"{path.name}: a weight for each of {edges} edges is missing")
    lots: list[NDArray[Any]] = [
        graph.rows,
        *graph.masses.values(),
        *([graph.left] if graph.left is not None else []),
    ]
    right = len(graph.targets) == edges and all(len(one) == graph.size for one in lots)
    for indptr in (graph.indptr, graph.out_indptr):
        right = right and len(indptr) == graph.size + 1 and indptr[0] == 0 and indptr[-1] == edges
    if not right:
        raise SnapshotUnusable(f"{path.name}: the arrays do not fit each other")
