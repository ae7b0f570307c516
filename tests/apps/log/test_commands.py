"""`lodeline log` and `lodeline rebuild`: exit codes 0, 1 and 2, and the same facts as JSON."""

from __future__ import annotations

import argparse
import json

import pytest
from django.db import DatabaseError
from tests.apps.log.saying import NOON, Seen, put

from lodeline.log import checkpoint as notes
from lodeline.log import receipt
from lodeline.log.merkle import leaf_hash
from lodeline_server.log import command, command_rebuild, notebook, projections
from lodeline_server.log.models import Checkpoint, Entry, SubjectKey, Tile

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(capsys):
    def call(module, *words):
        parser = argparse.ArgumentParser()
        module.add_arguments(parser)
        code = module.run(parser.parse_args([str(word) for word in words]))
        said = capsys.readouterr().out
        return code, json.loads(said) if "--json" in words else said

    return call


def test_fsck_of_a_sound_log(run):
    put(1, 2, 3)
    code, said = run(command, "fsck", "--json")
    assert (code, said["size"], said["findings"], said["firstBad"]) == (0, 3, [], None)
    code, said = run(command, "fsck")
    assert (code, said) == (0, f"3 entries, root {notebook.newest().note.split()[2]}: sound\n")


def test_fsck_of_an_empty_log(run):
    code, said = run(command, "fsck")
    assert (code, said) == (0, "0 entries, root 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=: sound\n")


def test_fsck_names_the_first_bad_position(run):
    put(1, 2, 3)
    Entry.objects.filter(position__gte=1).update(sealed=b"x" * 60)
    code, said = run(command, "fsck")
    assert code == 1
    assert said.splitlines()[0].startswith("L-SEALED       1: the sealed payload cannot be opened")
    assert said.splitlines()[-1].endswith(": damaged, first at position 1")
    code, said = run(command, "fsck", "--json")
    assert (code, said["firstBad"], [one["pointer"] for one in said["findings"]]) == (1, 1, ["1", "2"])
    assert run(command, "fsck", "--quick")[0] == 0


def test_fsck_without_tables(run, monkeypatch):
    def broken(**_):
        raise DatabaseError("no such table: log_logstate")

    monkeypatch.setattr("lodeline_server.log.fsck.fsck", broken)
    code, said = run(command, "fsck")
    assert (code, said) == (
        2,
        "lodeline log: the log cannot be read: no such table: log_logstate. 'lodeline doctor' tells more.\n",
    )


def test_the_checkpoint_is_printed_as_signed(run):
    code, said = run(command, "checkpoint")
    assert (code, said.startswith("the log is empty")) == (0, True)
    put(1)
    code, said = run(command, "checkpoint", "--json")
    assert (code, said) == (0, {"checkpoint": notebook.newest().note, "vkey": notebook.verifier()})
    code, said = run(command, "checkpoint")
    assert said == f"{notebook.newest().note}\nverify with {notebook.verifier()}\n"


def test_a_statement_is_shown(run):
    put(1, 7)
    code, said = run(command, "show", 1, "--json")
    assert (code, said["payload"], said["erased"]) == (0, {"id": "urn:test:7", "body": {"n": 7}}, False)
    assert leaf_hash(said["leaf"].encode()).hex() == said["leafHash"]


def test_an_erased_statement_is_shown_as_erased(run):
    put(1, subject="anna")
    SubjectKey.objects.update(destroyed_at=NOON)
    code, said = run(command, "show", 0, "--json")
    assert (code, said["payload"], said["salt"], said["erased"]) == (0, {}, "", True)


@pytest.mark.parametrize("step", ["show", "prove"])
@pytest.mark.parametrize("position", [2, 10**30])
def test_positions_that_are_not_there(run, step, position):
    put(1, 2)
    code, said = run(command, step, position)
    assert (code, said) == (2, f"lodeline log: there is no position {position}\n")


@pytest.mark.parametrize("step", ["show", "prove"])
def test_a_damaged_entry_is_refused(run, step):
    put(1, 2)
    Entry.objects.filter(position=1).update(sealed=b"x" * 60)
    code, said = run(command, step, 1, "--json")
    assert (code, said["error"].startswith("this entry is damaged")) == (1, True)


def test_a_proof_is_a_receipt(run):
    put(*range(11))
    code, said = run(command, "prove", 4)
    name, key = notes.parse_vkey(notebook.verifier())
    leaf = bytes(Entry.objects.get(position=4).leaf_hash)
    assert code == 0
    assert receipt.read(said).verify(leaf, {name: key}).size == 11
    code, told = run(command, "prove", 4, "--json")
    assert (code, told["index"], told["leafHash"], told["faults"]) == (0, 4, leaf.hex(), [])


def test_what_cannot_be_proved_is_not_printed_as_a_proof(run):
    put(*range(11))
    Tile.objects.update(hashes=bytes(32 * 11))
    code, said = run(command, "prove", 4)
    assert (code, said) == (
        1,
        "lodeline log: position 4 cannot be proved: path does not hold. 'lodeline log fsck' tells more.\n",
    )


def test_rebuild_gives_the_same_content(run, registered):
    seen = Seen("seen")
    registered(seen, Seen("other", 20))
    put(1, 2)
    code, said = run(command_rebuild, "--check", "--json")
    assert (code, said["same"], said["projections"], said["lines"]) == (0, True, ["seen", "other"], 4)
    assert seen.positions() == [0, 1]
    code, said = run(command_rebuild, "--projection", "seen")
    assert code == 0
    assert said.startswith("rebuilt seen: 2 lines in ")


def test_rebuild_says_when_the_content_differs(run, registered):
    """A projection that depends on more than the log: here on how often it was rebuilt."""
    seen = Seen("seen")
    registered(seen)
    put(1, 2)
    projections.follow_all()
    seen.rows().filter(position=1).delete()
    code, said = run(command_rebuild, "--check")
    assert code == 1
    assert said.endswith("ANOTHER content than before\n")
    assert run(command_rebuild, "--check")[0] == 0


def test_rebuild_of_what_is_not_there(run, registered):
    registered(Seen("seen"))
    code, said = run(command_rebuild, "--projection", "no-such")
    assert (code, said) == (2, "lodeline rebuild: no projection no-such; there are seen\n")


def test_rebuild_checks_nothing_while_a_projection_stands_still(run, registered):
    def refuse(statements):
        raise ValueError("not this")

    registered(Seen("seen", on_apply=refuse))
    put(1)
    code, said = run(command_rebuild, "--check", "--json")
    assert (code, said) == (1, {"error": "seen stands still at 0: not this"})


def test_statements_without_a_checkpoint_are_not_proved(run):
    put(1)
    Checkpoint.objects.all().delete()
    code, said = run(command, "prove", 0)
    assert (code, said) == (1, "lodeline log: No checkpoint is stored: 'lodeline log fsck' tells more\n")
