"""Proofs from static files: right for every size, and nothing that was changed is believed."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.log.trees import by_definition, leaves

from lodeline.log import layout
from lodeline.log.checkpoint import Checkpoint
from lodeline.log.client import LogDamaged, Tree
from lodeline.log.layout import ENTRIES, WIDTH, Tile
from lodeline.log.merkle import leaf_hash, root_of
from lodeline.log.proof import verify_consistency, verify_inclusion

MOST = 70_000
LEAVES = leaves(MOST)


def written(size, hashes=LEAVES, entries=None):
    """All files of a tree of `size`, by the definition of a tile: not by the product's writer."""
    files = {}
    level, row = 0, list(hashes[:size])
    while row:
        for index in range(-(-len(row) // WIDTH)):
            part = row[index * WIDTH : (index + 1) * WIDTH]
            files[Tile(level, index, len(part)).path] = b"".join(part)
        row = [by_definition(row[at : at + WIDTH]) for at in range(0, len(row) - WIDTH + 1, WIDTH)]
        level += 1
    for index in range(-(-size // WIDTH)):
        part = [str(n).encode() for n in range(index * WIDTH, min(size, (index + 1) * WIDTH))]
        files[Tile(ENTRIES, index, len(part)).path] = layout.bundle(part)
    return files


BIG = written(MOST)
POINT = Checkpoint(origin="log.example", size=MOST, root=root_of(LEAVES))


def tree(files, size):
    point = Checkpoint(origin="log.example", size=size, root=root_of(LEAVES[:size]))
    return Tree(files.__getitem__, point)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 255, 256, 257, 511, 512, 700])
def test_proofs_of_small_trees(size):
    found = tree(written(size), size)
    root = by_definition(LEAVES[:size])
    for index in range(0, size, max(1, size // 40)):
        verify_inclusion(LEAVES[index], index, size, found.inclusion(index), root)
        assert found.leaf_hash(index) == LEAVES[index]
        old = index + 1
        verify_consistency(old, size, by_definition(LEAVES[:old]), root, found.consistency(old))
        assert found.root_at(old) == by_definition(LEAVES[:old])
    assert list(found.entries(0, size)) == [(n, str(n).encode()) for n in range(size)]


@settings(max_examples=60)
@given(st.integers(0, MOST - 1), st.integers(1, MOST))
def test_proofs_of_a_tree_of_three_levels(index, old):
    found = Tree(BIG.__getitem__, POINT)
    verify_inclusion(LEAVES[index], index, MOST, found.inclusion(index), POINT.root)
    verify_consistency(old, MOST, root_of(LEAVES[:old]), POINT.root, found.consistency(old))


def test_only_what_a_proof_needs_is_fetched():
    asked = []
    found = Tree(lambda path: asked.append(path) or BIG[path], POINT)
    found.inclusion(1000)
    assert asked == ["tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1", "tile/1/000", "tile/0/003"]


def test_no_more_tiles_are_kept_than_was_said():
    found = Tree(BIG.__getitem__, POINT, kept=3)
    for index in range(0, 60_000, 256):
        verify_inclusion(LEAVES[index], index, MOST, found.inclusion(index), POINT.root)
    assert len(found._full) == 3


def test_an_empty_tree():
    found = tree({}, 0)
    found.check_edge()
    assert list(found.entries(0, 0)) == []
    with pytest.raises(ValueError, match="no leaf 0 in a tree of 0"):
        found.inclusion(0)


@pytest.mark.parametrize("index", [-1, MOST, 2**70])
def test_leaves_that_are_not_there(index):
    with pytest.raises(ValueError, match=f"no leaf {index} in a tree of {MOST}"):
        Tree(BIG.__getitem__, POINT).inclusion(index)


def test_a_subtree_beyond_the_edge():
    with pytest.raises(ValueError, match="no full subtree"):
        Tree(BIG.__getitem__, POINT).subtree(4, MOST >> 4)


@pytest.mark.parametrize(
    "path", ["tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1", "tile/1/000", "tile/0/003"]
)
@pytest.mark.parametrize("at", [0, 31, -1])
def test_a_flipped_byte_of_any_tile_is_found(path, at):
    data = bytearray(BIG[path])
    data[at] ^= 1
    with pytest.raises(LogDamaged, match="signed root"):
        Tree({**BIG, path: bytes(data)}.__getitem__, POINT).inclusion(1000)


@pytest.mark.parametrize("change", [lambda data: data[:-1], lambda data: data + b"\0", lambda data: b""])
def test_a_tile_of_another_length(change):
    path = "tile/0/003"
    with pytest.raises(LogDamaged, match="tile/0/003 has"):
        Tree({**BIG, path: change(BIG[path])}.__getitem__, POINT).inclusion(1000)


def test_a_tile_that_is_not_there():
    files = {path: data for path, data in BIG.items() if path != "tile/0/003"}
    with pytest.raises(LogDamaged, match="tile/0/003 cannot be read"):
        Tree(files.__getitem__, POINT).inclusion(1000)


def test_two_tiles_that_changed_places():
    files = {**BIG, "tile/0/003": BIG["tile/0/004"], "tile/0/004": BIG["tile/0/003"]}
    with pytest.raises(LogDamaged, match="tile/0/003 does not lead"):
        Tree(files.__getitem__, POINT).inclusion(1000)


@pytest.mark.parametrize("size", [300, 512, 700])
def test_the_full_tile_stands_in_for_a_swept_partial_one(size):
    files = {
        path: data for path, data in written(1024).items() if ".p/" not in path or path == "tile/1/000.p/4"
    }
    del files["tile/1/000.p/4"]
    files["tile/1/000"] = b"".join(by_definition(LEAVES[at : at + 256]) for at in range(0, 65_536, 256))
    found = tree(files, size)
    for index in (0, 255, 256, size - 1):
        verify_inclusion(LEAVES[index], index, size, found.inclusion(index), root_of(LEAVES[:size]))
    assert [entry for _, entry in found.entries(250, 262)] == [str(n).encode() for n in range(250, 262)]


def test_another_size_or_root_is_found():
    for size, root in ((MOST - 1, POINT.root), (MOST, b"\1" * 32)):
        point = Checkpoint(origin="log.example", size=size, root=root)
        with pytest.raises(LogDamaged):
            Tree(BIG.__getitem__, point).inclusion(5)


@pytest.mark.parametrize(
    "change",
    [
        lambda entries: [b"other", *entries[1:]],
        lambda entries: [entries[1], entries[0], *entries[2:]],
    ],
)
def test_entries_are_those_of_the_tree(change):
    files = written(300)
    path = "tile/entries/000"
    files[path] = layout.bundle(change(layout.unbundle(files[path], 256)))
    with pytest.raises(LogDamaged, match="entry 0 is not the one in the tree"):
        list(tree(files, 300).entries(0, 300))
    with pytest.raises(ValueError, match="no entries 5 to 301"):
        list(tree(files, 300).entries(5, 301))


def test_a_bundle_that_ends_early():
    files = written(300)
    files["tile/entries/001.p/44"] = files["tile/entries/001.p/44"][:-1]
    found = tree(files, 300)
    assert len(list(found.entries(0, 256))) == 256
    with pytest.raises(LogDamaged, match=r"tile/entries/001.p/44: a bundle ends inside an entry"):
        list(found.entries(0, 300))


def test_the_leaves_here_are_those_of_the_product():
    assert LEAVES[7] == leaf_hash(b"7")
