"""The tree against published roots and against its own definition."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.log.trees import by_definition, leaves

from lodeline.log import merkle

# Entries and roots of the reference implementation of RFC 6962.
ENTRIES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


@pytest.mark.parametrize("size", range(9))
def test_published_roots(size):
    hashes = [merkle.leaf_hash(bytes.fromhex(entry)) for entry in ENTRIES[:size]]
    assert merkle.root_of(hashes).hex() == ROOTS[size]
    assert by_definition(hashes).hex() == ROOTS[size]


@given(st.integers(0, 300))
def test_the_root_is_that_of_the_definition(size):
    assert merkle.root_of(leaves(size)) == by_definition(leaves(size))


@given(st.lists(st.integers(0, 60), max_size=6))
def test_growing_in_any_steps_gives_one_tree(steps):
    grown, at, everything = merkle.Frontier(), 0, leaves(sum(steps))
    for step in steps:
        grown = merkle.Frontier(grown.size, grown.hashes)  # as if it had been stored and read again
        grown.extend(everything[at : at + step])
        at += step
    assert (grown.size, grown.root()) == (at, by_definition(everything))
    assert len(grown.hashes) == at.bit_count()


@given(st.integers(0, 5), st.integers(0, 4), st.integers(0, 7))
def test_whole_subtrees_and_single_leaves_give_one_tree(before, level, rest):
    """`before` subtrees of 2^level leaves as one step each, then `rest` leaves."""
    width, everything = 1 << level, leaves((before << level) + rest)
    tree = merkle.Frontier()
    for start in range(0, before * width, width):
        tree.append_subtree(level, by_definition(everything[start : start + width]))
    tree.extend(everything[before * width :])
    assert (tree.size, tree.root()) == (len(everything), by_definition(everything))


def test_a_subtree_does_not_fit_a_broken_edge():
    tree = merkle.Frontier()
    tree.extend(leaves(3))
    with pytest.raises(ValueError, match="a tree of 3 does not end at a multiple of 2"):
        tree.append_subtree(1, leaves(1)[0])


def test_a_frontier_of_another_size_is_refused():
    with pytest.raises(ValueError, match="3 has 2 frontier hashes"):
        merkle.Frontier(3, leaves(1))


def test_a_node_is_never_a_leaf():
    one, two = leaves(2)
    assert merkle.leaf_hash(one + two) != merkle.node_hash(one, two)


@pytest.mark.parametrize(("size", "half"), [(2, 1), (3, 2), (4, 2), (5, 4), (8, 4), (9, 8)])
def test_a_tree_splits_at_the_largest_power_of_two_below(size, half):
    assert merkle.split(size) == half
