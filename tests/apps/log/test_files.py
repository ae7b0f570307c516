"""The log as static files: what any checkpoint needs is there, only what is new is written, nothing wrong gets out."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.apps.log.saying import put

from lodeline.log import layout
from lodeline.log.client import Tree
from lodeline.log.proof import verify_consistency, verify_inclusion
from lodeline_server.log import files, notebook, shelf
from lodeline_server.log.backend import LogInconsistent
from lodeline_server.log.books import AUDIT, MAIN
from lodeline_server.log.models import Checkpoint, Entry, LogState, Tile

pytestmark = pytest.mark.django_db


@pytest.fixture
def root(settings, tmp_path):
    return tmp_path / "main"


def listed(root):
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def reader(root):
    return lambda path: (root / path).read_bytes()


def checked(root):
    """Everything below the published checkpoint holds, as a stranger would see it."""
    point = notebook.read((root / "checkpoint").read_text())
    tree = Tree(reader(root), point)
    leaves = [entry for _, entry in tree.entries(0, point.size)]
    assert leaves == [bytes(one.leaf) for one in Entry.objects.order_by("position")[: point.size]]
    for old in Checkpoint.objects.filter(size__lte=point.size):
        verify_consistency(old.size, point.size, bytes(old.root), point.root, tree.consistency(old.size))
    return point.size


def test_the_first_publication(root):
    put(1, 2, 3)
    found = files.publish(MAIN, to=root)
    assert (found.size, found.written, found.swept) == (3, 3, 0)
    assert listed(root) == ["checkpoint", "tile/0/000.p/3", "tile/entries/000.p/3"]
    assert (root / "checkpoint").read_text() == notebook.newest().note
    assert (root / "tile/0/000.p/3").read_bytes() == b"".join(
        bytes(one.leaf_hash) for one in Entry.objects.order_by("position")
    )
    assert layout.unbundle((root / "tile/entries/000.p/3").read_bytes(), 3) == [
        bytes(one.leaf) for one in Entry.objects.order_by("position")
    ]
    assert checked(root) == 3


def test_an_empty_log_has_no_files(root):
    assert files.publish(MAIN, to=root) is None
    assert listed(root) == []


def test_partial_tiles_of_every_checkpoint(root):
    for number in (1, 2, 4):
        put(*range(number))
    files.publish(MAIN, to=root)
    assert listed(root) == [
        "checkpoint", "tile/0/000.p/1", "tile/0/000.p/3", "tile/0/000.p/7",
        "tile/entries/000.p/1", "tile/entries/000.p/3", "tile/entries/000.p/7",
    ]  # fmt: skip


def test_only_what_is_new_is_written(root):
    put(*range(700))
    assert (
        files.publish(MAIN, to=root).written == 4 + 2 + 1 + 1
    )  # two full of each, the edges, the checkpoint
    before = {name: (root / name).stat().st_mtime_ns for name in listed(root)}
    assert files.publish(MAIN, to=root).written == 0
    put(1)
    found = files.publish(MAIN, to=root)
    assert (found.size, found.written) == (701, 3)
    same = {name for name, time in before.items() if (root / name).stat().st_mtime_ns == time}
    assert same == set(before) - {"checkpoint"}
    assert sorted(set(listed(root)) - set(before)) == ["tile/0/002.p/189", "tile/entries/002.p/189"]
    assert checked(root) == 701


def test_partial_tiles_go_when_the_full_one_is_there(root):
    put(*range(255))
    files.publish(MAIN, to=root)
    put(1, 2)
    found = files.publish(MAIN, to=root)
    assert found.swept == 2
    assert listed(root) == [
        "checkpoint", "tile/0/000", "tile/0/001.p/1", "tile/1/000.p/1", "tile/entries/000", "tile/entries/001.p/1",
    ]  # fmt: skip
    assert checked(root) == 257


def test_a_full_tree_has_no_partial_leaf_tile(root):
    put(*range(512))
    files.publish(MAIN, to=root)
    assert listed(root) == [
        "checkpoint", "tile/0/000", "tile/0/001", "tile/1/000.p/2", "tile/entries/000", "tile/entries/001",
    ]  # fmt: skip
    assert checked(root) == 512


def test_step_by_step_and_at_once_give_the_same_files(root, tmp_path):
    for count in (1, 100, 154, 1, 1, 255, 300):
        put(*range(count))
        files.publish(MAIN, to=root)
        checked(root)
    files.publish(MAIN, to=tmp_path / "other")
    assert listed(root) == listed(tmp_path / "other")
    for name in listed(root):
        assert (root / name).read_bytes() == (tmp_path / "other" / name).read_bytes()


def test_the_whole_is_written_again_where_something_is_missing_or_wrong(root):
    put(*range(600))
    files.publish(MAIN, to=root)
    good = {name: (root / name).read_bytes() for name in listed(root)}
    (root / "tile/0/001").unlink()
    (root / "tile/entries/000").write_bytes(b"x" * len(good["tile/entries/000"]))
    stale = root / "tile/0/000.p/7"
    stale.parent.mkdir()
    stale.write_bytes(b"old")
    assert files.publish(MAIN, to=root).written == 0
    found = files.publish(MAIN, to=root, whole=True)
    assert (found.written, found.swept) == (2, 1)
    assert {name: (root / name).read_bytes() for name in listed(root)} == good
    shutil.rmtree(root)
    files.publish(MAIN, to=root, whole=True)
    assert {name: (root / name).read_bytes() for name in listed(root)} == good


def test_each_book_has_its_folder(root):
    put(1)
    put(1, 2, book=AUDIT)
    files.publish(AUDIT, to=root)
    signed = notebook.read((root / "checkpoint").read_text(), AUDIT)
    assert (signed.origin, signed.size) == (AUDIT.origin, 2)
    assert files.folder(AUDIT).name == "audit"
    with pytest.raises(LogInconsistent, match="not a checkpoint of this log"):
        files.publish(MAIN, to=root)


@pytest.mark.parametrize("level", [0, 1])
def test_a_changed_tile_is_not_published(root, level):
    put(*range(600))
    tile = Tile.objects.get(level=level, index=0)
    Tile.objects.filter(pk=tile.pk).update(hashes=bytes(32) + bytes(tile.hashes)[32:])
    with pytest.raises(LogInconsistent, match="signed root"):
        files.publish(MAIN, to=root)
    assert "checkpoint" not in listed(root)


def test_a_changed_entry_is_not_published(root):
    put(*range(300))
    Entry.objects.filter(position=7).update(leaf=b"{}")
    with pytest.raises(LogInconsistent, match="entry 7 is not the one in the tree"):
        files.publish(MAIN, to=root)
    assert "checkpoint" not in listed(root)


def test_a_missing_entry_is_not_published(root):
    put(*range(3))
    Entry.objects.filter(position=2).delete()
    with pytest.raises(LogInconsistent, match="the database does not hold it"):
        files.publish(MAIN, to=root)


def test_a_checkpoint_with_another_signature_is_not_published(root):
    put(1)
    Checkpoint.objects.update(note="forged\n1\nAAAA\n\n— forged AAAA\n")
    with pytest.raises(LogInconsistent, match="does not verify"):
        files.publish(MAIN, to=root)


def older(size):
    """The database as it was when the tree had `size` entries."""
    old = Checkpoint.objects.get(size=size)
    Entry.objects.filter(position__gte=size).delete()
    Checkpoint.objects.filter(size__gt=size).delete()
    hashes = [bytes(one.leaf_hash) for one in Entry.objects.order_by("position")]
    Tile.objects.filter(level=0).update(hashes=b"".join(hashes))
    from lodeline.log.merkle import Frontier

    tree = Frontier()
    tree.extend(hashes)
    assert tree.root() == bytes(old.root)
    LogState.objects.filter(name="main").update(size=size, root=tree.root(), frontier=b"".join(tree.hashes))


def test_an_older_database_publishes_nothing_over_a_newer_log(root):
    put(1, 2)
    put(3)
    files.publish(MAIN, to=root)
    older(2)
    with pytest.raises(LogInconsistent, match="of 3 entries that the database does not know"):
        files.publish(MAIN, to=root)
    put(4)  # of size 3 again, with another root
    with pytest.raises(LogInconsistent, match="publish --anew"):
        files.publish(MAIN, to=root)
    aside = files.put_aside(MAIN, root)
    assert aside.name == "main.aside-1"
    assert notebook.read((aside / "checkpoint").read_text()).size == 3
    assert files.publish(MAIN, to=root).size == 3
    assert checked(root) == 3
    assert files.put_aside(MAIN, root).name == "main.aside-2"
    assert files.put_aside(MAIN, root) is None


def test_nobody_waits_for_another_publisher(root):
    put(1)
    with files._turn(root, wait=True):
        assert files.publish(MAIN, to=root, wait=False) is None
    assert files.publish(MAIN, to=root, wait=False).size == 1


def test_after_a_commit_little_is_published_and_not_too_often(settings, tmp_path, monkeypatch):
    settings.DATA = tmp_path
    (tmp_path / "secrets").mkdir()
    monkeypatch.setattr(files, "_not_before", {})
    put(*range(40))
    monkeypatch.setattr(files, "INLINE", 39)
    files.offered(MAIN)
    assert not files.folder(MAIN).joinpath("checkpoint").exists()
    monkeypatch.setattr(files, "_not_before", {})
    monkeypatch.setattr(files, "INLINE", 40)
    files.offered(MAIN)
    assert files.published_size(MAIN, files.folder(MAIN)) == 40
    put(1)
    files.offered(MAIN)
    assert files.published_size(MAIN, files.folder(MAIN)) == 40
    assert [one.size for one in files.catch_up()] == [41]
    assert files.published_size(MAIN, files.folder(MAIN)) == 41
    assert files._not_before["main"] > 0


def test_a_full_disk_leaves_the_old_files(root, monkeypatch):
    put(1)
    files.publish(MAIN, to=root)
    put(2)

    def full(path, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shelf, "_write", full)
    with pytest.raises(OSError, match="No space"):
        files.publish(MAIN, to=root)
    assert checked(root) == 1
    monkeypatch.undo()
    assert files.publish(MAIN, to=root).size == 2
    assert not (root / ".part").exists()


KILLED = """
import os, signal, sys
from pathlib import Path
from lodeline_server.log import shelf
at, root = int(sys.argv[1]), Path(sys.argv[2])
steps = 0
def step(function):
    def counted(*args, **more):
        global steps
        steps += 1
        if steps == at:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*args, **more)
    return counted
shelf._write = step(shelf._write)
shelf.sync_folder = step(shelf.sync_folder)
Path.replace = step(Path.replace)
Path.mkdir = step(Path.mkdir)
shelf.FLUSHERS = 1
one = shelf.Shelf(root)
one.put("tile/0/000", b"a" * 8192)
one.put("tile/0/001.p/3", b"b" * 96)
one.flush()
one.put("checkpoint", b"signed")
one.close()
print(steps)
"""


def test_a_process_that_is_killed_leaves_whole_files_and_the_checkpoint_last(tmp_path):
    whole = {"tile/0/000": b"a" * 8192, "tile/0/001.p/3": b"b" * 96, "checkpoint": b"signed"}
    ended = 0
    for at in range(1, 60):
        root = tmp_path / str(at)
        done = subprocess.run(
            [sys.executable, "-c", KILLED, str(at), str(root)], capture_output=True, check=False
        )
        found = {name: (root / name).read_bytes() for name in listed(root) if not name.startswith(".part/")}
        assert found.items() <= whole.items()
        assert "checkpoint" not in found or found == whole
        if done.returncode == 0:
            ended = int(done.stdout)
            assert (found, at) == (whole, ended + 1)
            break
        assert done.returncode == -signal.SIGKILL
        again = shelf.Shelf(root)
        for name, data in whole.items():
            again.put(name, data)
        again.close()
        assert listed(root) == sorted(whole)
    assert ended > 12


def test_proofs_come_from_the_files(root):
    put(*range(600))
    files.publish(MAIN, to=root)
    point = notebook.read((root / "checkpoint").read_text())
    tree = Tree(reader(root), point)
    for entry in Entry.objects.order_by("position")[::97]:
        path = tree.inclusion(entry.position)
        verify_inclusion(bytes(entry.leaf_hash), entry.position, 600, path, point.root)


def test_files_can_be_read_by_a_web_server(root):
    put(1)
    files.publish(MAIN, to=root)
    mask = os.umask(0)
    os.umask(mask)
    assert Path(root / "checkpoint").stat().st_mode & 0o777 == 0o666 & ~mask
