"""Paths, widths and bundles of a log's files, by the examples of the specification and by laws."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lodeline.log import layout
from lodeline.log.layout import ENTRIES, NoSuchPath, Tile


def test_numbers_stand_in_groups_of_three():
    assert layout.number(0) == "000"
    assert layout.number(999) == "999"
    assert layout.number(1000) == "x001/000"
    assert layout.number(1234067) == "x001/x234/067"
    with pytest.raises(ValueError, match="numbered from 0"):
        layout.number(-1)


def test_paths_of_the_specification():
    """A tree of 70,000: 273 full tiles and .p/112, one full and .p/17, .p/1."""
    assert [tile.path for tile in layout.edge(70_000)] == [
        "tile/0/273.p/112",
        "tile/1/001.p/17",
        "tile/2/000.p/1",
    ]
    assert [tile.path for tile in layout.edge(256)] == ["tile/1/000.p/1"]
    assert list(layout.edge(0)) == []
    assert layout.at(0, 0, 256).path == "tile/0/000"
    assert layout.at(ENTRIES, 273, 70_000).path == "tile/entries/273.p/112"


@pytest.mark.parametrize(("index", "size"), [(-1, 10), (1, 256), (274, 70_000), (0, 0)])
def test_tiles_that_a_tree_does_not_have(index, size):
    with pytest.raises(ValueError, match="has no tile"):
        layout.at(0, index, size)


@given(
    st.builds(
        Tile,
        st.integers(0, 63) | st.just(ENTRIES),
        st.integers(0, 10**20),
        st.integers(1, 256),
    )
)
def test_a_path_names_one_tile(tile):
    assert layout.parse(tile.path) == tile


@pytest.mark.parametrize(
    "path",
    [
        "", "checkpoint", "tile", "tile/0", "tile/0/", "tile/0/1", "tile/0/0001", "tile/0/001/002", "tile/0/x001",
        "tile/0/x000/001", "tile/0/x01/001", "tile/00/001", "tile/64/001", "tile/-1/001", "tile/+1/001",
        "tile/0/001.p", "tile/0/001.p/", "tile/0/001.p/0", "tile/0/001.p/01", "tile/0/001.p/256",
        "tile/0/001.p/1000", "tile/0/001.p/-1", "tile/0/001/", "/tile/0/001", "tile/0/001\n", "tile/0/../0/001",
        "tile/0/00１", "tile/entries", "tile/data/001", "tile/0/" + "x001/" * 7 + "001", "tile/0/001.p/1 ",
    ],
)  # fmt: skip
def test_other_spellings_name_nothing(path):
    with pytest.raises(NoSuchPath):
        layout.parse(path)


@given(st.integers(0, 2**63))
def test_the_edge_adds_up_to_the_size(size):
    edge = list(layout.edge(size))
    assert sum(tile.width << 8 * tile.level for tile in edge) == size
    assert all(1 <= tile.width <= 255 for tile in edge)
    assert all(tile.needs <= size for tile in edge)


def test_a_tile_needs_its_last_leaf():
    assert Tile(0, 273, 112).needs == 70_000
    assert Tile(1, 0, 1).needs == 256
    assert Tile(ENTRIES, 1, 3).needs == 259


@given(st.lists(st.binary(max_size=400), max_size=20))
def test_bundles_come_apart_as_they_were(entries):
    assert layout.unbundle(layout.bundle(entries), len(entries)) == entries


def test_the_length_of_an_entry_is_big_endian():
    assert layout.bundle([b"a" * 258]) == b"\x01\x02" + b"a" * 258
    assert len(layout.bundle([b"x" * 65_535])) == 65_537
    with pytest.raises(ValueError, match="at most 65535"):
        layout.bundle([b"x" * 65_536])


@pytest.mark.parametrize("data", [b"\0", b"\0\2a", b"\0\1a\0", b"\0\1a", b"\0\1a\0\1b\0\1c"])
def test_bundles_that_are_not_whole(data):
    with pytest.raises(ValueError, match="bundle"):
        layout.unbundle(data, 2)
