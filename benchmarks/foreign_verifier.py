"""Runs the verifier that is not ours, and what it must refuse. For the test with a small log and for the bar."""

from __future__ import annotations

import base64
import json
import os
import random
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path

from lodeline.keys import SigningKey
from lodeline.log import checkpoint as notes
from lodeline.log import layout, receipt
from lodeline.log.checkpoint import to_base64
from lodeline.log.client import Tree
from lodeline.log.merkle import consistency

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "conformance" / "log-verifier"
NODE = Path(os.environ.get("LODELINE_NODE") or ROOT / ".tools" / "bin" / "node")
KINDS = 10  # of forgeries
FOREIGN = SigningKey.from_seed(b"\x66" * 32).verify_key


def here():
    return NODE.exists() and (FOLDER.parent / "node_modules" / "@noble" / "curves").is_dir()


def judge(folder, vkey, jobs):
    """The verdict on each job: None when it is good, else why it was refused."""
    done = subprocess.run(
        [NODE, FOLDER / "verify.mjs", folder, vkey],
        input="\n".join(map(json.dumps, jobs)), capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode not in {0, 1} or done.stderr:
        raise RuntimeError(f"the verifier ended with {done.returncode}: {done.stderr[-2000:]}")
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(found) == len(jobs)
    assert (done.returncode == 0) == all(one["good"] for one in found)
    return [None if one["good"] else one["why"] for one in found]


class Product:
    """Proofs as the product makes them, from the static files."""

    def __init__(self, folder, vkey, seed=1):
        self.note = (folder / "checkpoint").read_text()
        point = notes.parse(self.note, dict([notes.parse_vkey(vkey)]))
        self.tree = Tree(lambda path: (folder / path).read_bytes(), point)
        self.size, self.random = point.size, random.Random(seed)

    def receipt(self, index):
        return receipt.make(index, self.tree.inclusion(index), self.note).text()

    def inclusion(self, count):
        """Random positions; the proof is the product's, the entry is read by the verifier."""
        for _ in range(count):
            yield {"receipt": self.receipt(self.random.randrange(self.size))}

    def consistency(self, count):
        """Between any two sizes."""
        for _ in range(count):
            old = self.random.randint(1, self.size)
            yield self.extends(old, self.random.randint(old, self.size))

    def extends(self, old, new):
        roots = {"oldRoot": to_base64(self.tree.root_at(old)), "newRoot": to_base64(self.tree.root_at(new))}
        path = consistency(self.tree.subtree, old, new)
        return {"old": old, "new": new, **roots, "proof": [to_base64(one) for one in path]}


@contextmanager
def changed(folder, path, change):
    """A file of the log is another for a while."""
    target, kept = folder / path, folder / f"{path}.kept"
    shutil.copyfile(target, kept)
    try:
        target.write_bytes(change(target.read_bytes()))
        yield
    finally:
        kept.replace(target)


def flip(data):
    return bytes([*data[:40], data[40] ^ 1]) + data[41:]


def swap(data):
    one, two, *rest = layout.unbundle(data, 256)
    return layout.bundle([two, one, *rest])


def edited(size):
    """The checkpoint with another size."""
    return lambda data: data.replace(f"\n{size}\n".encode(), f"\n{size + 1}\n".encode(), 1)


def forgeries(folder, vkey, product):
    """Each kind of change, and the verdicts on it. None of them may be None."""
    size, at = product.size, 256 + 77
    tile = f"tile/0/{layout.number(1)}"
    for path in (
        tile,
        next(layout.edge(size)).path,
        "tile/1/000" if size >= 65_536 else layout.at(1, 0, size).path,
    ):
        with changed(folder, path, flip):
            yield f"flipped byte in {path}", judge(folder, vkey, [{"inclusion": at}])
    with changed(folder, "checkpoint", edited(size)):
        yield "edited size in the checkpoint", judge(folder, vkey, [{"inclusion": at}, {"consistency": at}])
    good = product.receipt(at)
    head, note = good.split("\n\n", 1)
    lines = head.split("\n")
    put_together = "\n\n".join
    entry = base64.b64encode(b"another entry").decode()
    yield (
        "edited size in the receipt",
        judge(
            folder,
            vkey,
            [{"receipt": put_together([head, note.replace(f"\n{size}\n", f"\n{size - 1}\n", 1)])}],
        ),
    )
    swapped = f"tile/entries/{layout.number(0)}"
    with changed(folder, swapped, swap):
        jobs = [{"inclusion": 0}, {"receipt": product.receipt(0)}]
        yield "swapped leaves in a bundle", judge(folder, vkey, jobs)
    jobs = [{"receipt": good, "entry": entry}, {"receipt": good.replace(f"index {at}", f"index {at + 1}")}]
    yield "another leaf", judge(folder, vkey, jobs)
    cuts = [lines[:-1], [*lines[:2], *lines[3:]], lines[:2]]
    yield (
        "truncated inclusion proof",
        judge(folder, vkey, [{"receipt": put_together(["\n".join(cut), note])} for cut in cuts]),
    )
    proof = product.extends(at, size)
    jobs = [{**proof, "proof": part} for part in (proof["proof"][:-1], proof["proof"][1:], [])]
    yield "truncated consistency proof", judge(folder, vkey, jobs)
    foreign = notes.vkey(vkey.split("+")[0], FOREIGN)
    yield "foreign key", judge(folder, foreign, [{"inclusion": at}, {"receipt": good}, proof])
