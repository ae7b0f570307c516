"""Values kept for the next step: handed out once, within a total weight."""

from __future__ import annotations

from lodeline.events.recent import Recent


def test_each_is_handed_out_once():
    kept = Recent[str](10)
    kept.put(b"a", "A")
    assert [kept.take(b"a"), kept.take(b"a"), kept.take(b"b")] == ["A", None, None]


def test_older_ones_make_room():
    kept = Recent[str](3)
    for key in (b"a", b"b", b"c", b"d"):
        kept.put(key, key.decode())
    assert [kept.take(key) for key in (b"a", b"b", b"c", b"d")] == [None, "b", "c", "d"]


def test_weights_count_and_what_is_too_heavy_stays_out():
    kept = Recent[str](10)
    kept.put(b"a", "A", 6)
    kept.put(b"b", "B", 11)
    kept.put(b"c", "C", 5)
    assert [kept.take(key) for key in (b"a", b"b", b"c")] == [None, None, "C"]
    kept.put(b"a", "A", 10)
    kept.put(b"a", "newer", 10)
    assert kept.take(b"a") == "newer"
    kept.put(b"a", "A")
    kept.clear()
    assert kept.take(b"a") is None
