"""A log of somebody else's, as static files: written by the definition, signed with a key of the test."""

from __future__ import annotations

from lodeline.keys import SigningKey
from lodeline.log import checkpoint as notes
from lodeline.log import layout
from lodeline.log.layout import ENTRIES, WIDTH, Tile
from lodeline.log.merkle import leaf_hash, root_of

ORIGIN = "log.example/theirs"
KEY = SigningKey.from_seed(b"\3" * 32)
VKEY = notes.vkey(ORIGIN, KEY.verify_key)


def entries(count, word="entry"):
    return [f"{word} {number}".encode() for number in range(count)]


def write(folder, leaves, *, key=KEY, origin=ORIGIN):
    """Tiles, bundles and checkpoint of a log with these entries; the note."""
    level, row = 0, [leaf_hash(one) for one in leaves]
    root = root_of(row)
    while row:
        for index in range(-(-len(row) // WIDTH)):
            part = row[index * WIDTH : (index + 1) * WIDTH]
            _put(folder, Tile(level, index, len(part)).path, b"".join(part))
        row = [root_of(row[at : at + WIDTH]) for at in range(0, len(row) - WIDTH + 1, WIDTH)]
        level += 1
    for index in range(-(-len(leaves) // WIDTH)):
        part = leaves[index * WIDTH : (index + 1) * WIDTH]
        _put(folder, Tile(ENTRIES, index, len(part)).path, layout.bundle(part))
    note = notes.sign(notes.Checkpoint(origin=origin, size=len(leaves), root=root), key)
    _put(folder, "checkpoint", note.encode())
    return note


def _put(folder, path, data):
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_bytes(data)
