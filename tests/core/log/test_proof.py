"""A proof holds exactly when the leaf is in the tree, or the new tree extends the old; all else is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.log.trees import by_definition, leaves, subtrees

from lodeline.log import merkle
from lodeline.log.proof import MAX_SIZE, ProofError, verify_consistency, verify_inclusion

sizes = st.integers(1, 70)


def test_every_leaf_of_every_small_tree():
    for size in range(1, 41):
        hashes = leaves(size)
        root = by_definition(hashes)
        for index in range(size):
            path = merkle.inclusion(subtrees(hashes), index, size)
            verify_inclusion(hashes[index], index, size, path, root)


def test_every_pair_of_small_trees():
    roots = [by_definition(leaves(size)) for size in range(41)]
    for new in range(1, 41):
        source = subtrees(leaves(new))
        for old in range(1, new + 1):
            verify_consistency(old, new, roots[old], roots[new], merkle.consistency(source, old, new))


@st.composite
def proven(draw):
    size = draw(sizes)
    index = draw(st.integers(0, size - 1))
    hashes = leaves(size)
    return hashes, index, merkle.inclusion(subtrees(hashes), index, size), by_definition(hashes)


@given(proven(), st.data())
def test_no_other_leaf_index_path_or_root_is_accepted(case, data):
    hashes, index, path, root = case
    size = len(hashes)
    other = data.draw(
        st.binary(min_size=32, max_size=32).filter(lambda value: value not in {hashes[index], root})
    )
    wrong = [
        (other, index, path, root),
        (hashes[index], index, path, other),
        (hashes[index], index, [*path, other], root),
        (hashes[index], index, [other, *path], root),
        *((one, index, path, root) for one in hashes if one != hashes[index]),
        *((hashes[index], place, path, root) for place in range(size) if place != index),
        *((hashes[index], index, path[:at] + path[at + 1 :], root) for at in range(len(path))),
        *((hashes[index], index, [*path[:at], other, *path[at + 1 :]], root) for at in range(len(path))),
    ]
    if len(path) > 1:
        wrong.append((hashes[index], index, path[::-1], root))
    for leaf, place, given_path, given_root in wrong:
        with pytest.raises(ProofError):
            verify_inclusion(leaf, place, size, given_path, given_root)


@st.composite
def extended(draw):
    new = draw(sizes)
    old = draw(st.integers(1, new))
    hashes = leaves(new)
    return (
        old,
        new,
        by_definition(hashes[:old]),
        by_definition(hashes),
        merkle.consistency(subtrees(hashes), old, new),
    )


@given(extended(), st.data())
def test_no_other_history_is_accepted(case, data):
    old, new, before, after, path = case
    other = data.draw(st.binary(min_size=32, max_size=32).filter(lambda value: value not in {before, after}))
    wrong = [
        (other, after, path),
        (before, other, path),
        (before, after, [*path, other]),
        *((before, after, path[:at] + path[at + 1 :]) for at in range(len(path))),
        *((before, after, [*path[:at], other, *path[at + 1 :]]) for at in range(len(path))),
    ]
    if old != new:
        wrong += [(after, before, path), (before, after, [])]
    for root1, root2, given_path in wrong:
        with pytest.raises(ProofError):
            verify_consistency(old, new, root1, root2, given_path)


@given(st.integers(2, 60), st.data())
def test_a_rewritten_leaf_breaks_consistency(new, data):
    old = data.draw(st.integers(1, new - 1))
    at = data.draw(st.integers(0, old - 1))
    honest, forged = leaves(new), leaves(new)
    forged[at] = b"\xee" * 32
    path = merkle.consistency(subtrees(forged), old, new)
    with pytest.raises(ProofError):
        verify_consistency(old, new, by_definition(honest[:old]), by_definition(forged), path)


HASH = b"\1" * 32


@pytest.mark.parametrize(
    ("leaf", "index", "size", "path", "root"),
    [
        (HASH, 0, 0, [], HASH),
        (HASH, 0, 0, [], merkle.EMPTY_ROOT),
        (HASH, -1, 1, [], HASH),
        (HASH, 1, 1, [], HASH),
        (HASH, 0, -1, [], HASH),
        (HASH, 0, MAX_SIZE + 1, [], HASH),
        (HASH, 0, 2**200, [], HASH),
        (HASH, True, 2, [HASH], HASH),
        (HASH, 0, True, [], HASH),
        (HASH, 0.0, 1, [], HASH),
        (HASH, None, 1, [], HASH),
        (HASH, "0", 1, [], HASH),
        (HASH[:31], 0, 1, [], HASH[:31]),
        (HASH + b"\0", 0, 1, [], HASH + b"\0"),
        (b"", 0, 1, [], b""),
        ("1" * 32, 0, 1, [], "1" * 32),
        (None, 0, 1, [], None),
        (HASH, 0, 2, [b""], HASH),
        (HASH, 0, 2, ["1" * 32], HASH),
        (HASH, 0, 2, HASH, HASH),
        (HASH, 0, 2, None, HASH),
        (HASH, 0, 2, [HASH] * 64, HASH),
        (HASH, 0, 2, [], HASH),
    ],
)
def test_malformed_inclusion_is_refused(leaf, index, size, path, root):
    with pytest.raises(ProofError):
        verify_inclusion(leaf, index, size, path, root)


@pytest.mark.parametrize(
    ("old", "new", "before", "after", "path"),
    [
        (0, 0, merkle.EMPTY_ROOT, merkle.EMPTY_ROOT, []),
        (0, 1, merkle.EMPTY_ROOT, HASH, []),
        (2, 1, HASH, HASH, []),
        (-1, 1, HASH, HASH, []),
        (1, MAX_SIZE + 1, HASH, HASH, [HASH]),
        (1, 1, HASH, b"\2" * 32, []),
        (1, 1, HASH, HASH, [HASH]),
        (1, 1, HASH[:31], HASH[:31], []),
        (1, 2, HASH, HASH, [b"short"]),
        (1, 2, HASH, HASH, [HASH] * 64),
        (1, 2, HASH, HASH, None),
        (True, 1, HASH, HASH, []),
        (1.0, 1, HASH, HASH, []),
        ("1", 1, HASH, HASH, []),
    ],
)
def test_malformed_consistency_is_refused(old, new, before, after, path):
    with pytest.raises(ProofError):
        verify_consistency(old, new, before, after, path)


@pytest.mark.parametrize(("index", "size"), [(0, 0), (-1, 3), (3, 3)])
def test_no_path_is_made_for_a_leaf_that_is_not_there(index, size):
    with pytest.raises(ValueError, match="no leaf"):
        merkle.inclusion(subtrees(leaves(size)), index, size)


@pytest.mark.parametrize(("old", "new"), [(0, 0), (0, 3), (4, 3), (-1, 3)])
def test_no_consistency_path_is_made_out_of_range(old, new):
    with pytest.raises(ValueError, match="no consistency"):
        merkle.consistency(subtrees(leaves(max(new, 0))), old, new)


def test_a_path_in_the_largest_tree():
    """63 hashes are the most there can be; checking them takes no more than 63 steps."""
    root = found = HASH
    path = [bytes([number]) * 32 for number in range(63)]
    for sibling in path:
        found = merkle.node_hash(found, sibling)
    root = found
    verify_inclusion(HASH, 0, MAX_SIZE, path, root)
