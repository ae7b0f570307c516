"""A bundle: gathered and sealed here, judged where nothing is known but what the verifier brings."""

from __future__ import annotations

import argparse
import copy
import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from tests.apps.credentials.making import plain, post
from tests.apps.credentials.test_trust import listing

from lodeline import strictjson
from lodeline.access import platform
from lodeline.credentials import bundle as bundles
from lodeline.credentials import did, did_key, integrity
from lodeline.credentials.offline import Roots
from lodeline.credentials.statusbook import Act
from lodeline.credentials.trustlists import Role
from lodeline.credentials.verdict import CredentialRefused
from lodeline.keys import SigningKey
from lodeline.log.checkpoint import vkey
from lodeline.log.note import parse_vkey
from lodeline.log.policy import NONE, Policy
from lodeline_server.credentials import (
    actions,
    bundle_actions,
    bundle_verify,
    checking,
    command,
    trust_actions,
)
from lodeline_server.kit.clock import now as clock
from lodeline_server.log import notebook

STRANGER = SigningKey(b"\x55" * 32)
ID = "urn:uuid:2d9bb7a4-5f4e-4d57-9a62-3a3a1f0c7d10"
OWN = "did:web:localhost%3A8000:orgs:north-works"


@pytest.fixture
def secured(issuer, organisation):
    actor = platform(organisation.workspace_id)
    made = actions.issue(actor=actor, organisation=organisation, credential=plain(id=ID), now=clock())
    return made.secured


@pytest.fixture
def gather(organisation):
    def gathered(item, when=None):
        return bundle_actions.bundle(
            actor=platform(organisation.workspace_id),
            organisation=organisation,
            item=item,
            now=when or clock(),
        )[0]

    return gathered


@pytest.fixture
def roots(secured):
    return Roots(policy=Policy(quorum=NONE).with_log(parse_vkey(notebook.verifier())))


def judge(bundle, roots, **more):
    # Nothing may be asked: as bytes, as it comes from a file.
    return bundle_verify.judge(strictjson.canonical(bundle), roots, checking.Asked(now=clock(), **more))


def steps(verdict):
    return {one.step: one for one in verdict.steps}


def test_all_that_is_needed_is_in_it(gather, secured, roots, django_assert_num_queries):
    bundle = gather(secured)
    with django_assert_num_queries(0):
        verdict = judge(bundle, roots, subject="did:example:battery")
    assert verdict.holds, verdict.steps
    found = steps(verdict)
    assert [one.step for one in verdict.steps] == [
        "bundle", "structure", "signature", "key", "issuer", "status-then", "status", "dates", "subject", "receipt",
    ]  # fmt: skip
    assert (found["bundle"].good, found["receipt"].good) == (None, True)
    assert "nobody said to believe" in found["bundle"].said
    assert "when this was gathered" in found["status"].said
    assert "on record in the log 127.0.0.1:8000/log at position" in found["receipt"].said
    believed = judge(bundle, Roots(policy=roots.policy, believed=frozenset({OWN})))
    assert steps(believed)["bundle"].good is True
    assert judge(bundle, roots, subject="did:example:other").as_dict()["errors"][0]["step"] == "subject"


def test_a_file_does_not_vouch_for_itself(gather, secured, roots):
    verdict = judge(gather(secured), Roots())
    assert (verdict.holds, [one.step for one in verdict.steps if one.good is False]) == (False, ["key"])
    assert "nothing that you know vouches" in verdict.steps[-1].said
    other = Policy(quorum=NONE).with_log(parse_vkey(vkey("other.example/log", STRANGER.verify_key)))
    assert not judge(gather(secured), Roots(policy=other)).holds


def test_a_stranger_who_makes_his_own_is_found(gather, secured, roots):
    """The stranger signs as the issuer with a key of his own, and writes the documents to it."""
    forged_document = did.document(OWN, [did.Published("key-1", STRANGER.verify_key)])
    forged = integrity.add(plain(id=ID, issuer=OWN), STRANGER, f"{OWN}#key-1", created=clock())
    honest = bundles.read(gather(secured)).parts
    parts = bundles.Gathered(
        credential=forged,
        documents=(bundles.Carried(did=OWN, document=forged_document),),
        records=honest.records,
    )
    mine = did_key.did(STRANGER.verify_key)
    for by, kid in ((OWN, f"{OWN}#key-1"), (mine, did_key.method(STRANGER.verify_key))):
        made = bundles.write(parts, STRANGER, kid, by=by, as_of=clock())
        for known in (roots, Roots(policy=roots.policy, believed=frozenset({OWN}))):
            verdict = judge(made, known)
            assert [one.step for one in verdict.steps if one.good is False] == ["key"], verdict.steps
    # Whoever believes the stranger is told what the stranger says.
    made = bundles.write(parts, STRANGER, did_key.method(STRANGER.verify_key), by=mine, as_of=clock())
    assert judge(made, Roots(believed=frozenset({mine}))).holds


def changed(bundle, path, value):
    made = copy.deepcopy(bundle)
    place = made
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    return made


@pytest.mark.parametrize(
    ("path", "value", "step"),
    [
        (("credential", "credentialSubject", "id"), "did:example:other", "signature"),
        (("documents", 0, "document", "verificationMethod"), [], "key"),
        (("documents",), [], "key"),
        (("statusLists", 0, "credential", "validFrom"), "2020-01-01T00:00:00Z", "status"),
        (("statusLists",), [], "status"),
        (("trustLists",), ["a.b.c"], "issuer"),
        (("records", 0, "payload", "body", "sha256"), "0" * 64, "receipt"),
        (("records",), [], "receipt"),
        (("version",), 2, "structure"),
        (("seal",), "a.b.c", "structure"),
        (("more",), 1, "structure"),
    ],
)
def test_a_part_that_was_changed_is_refused_at_its_step(path, value, step, gather, secured, roots):
    verdict = judge(changed(gather(secured), path, value), roots)
    assert [(one.step, one.good) for one in verdict.steps] == [(step, False)], verdict.steps


def test_a_seal_that_somebody_else_wrote_over_changed_parts(gather, secured, roots):
    """The hashes fit again; what each part rests on does not."""
    honest = bundles.read(gather(secured)).parts
    mine, kid = did_key.did(STRANGER.verify_key), did_key.method(STRANGER.verify_key)
    payload = copy.deepcopy(honest.records[0])
    payload["payload"]["body"]["sha256"] = "0" * 64
    status = honest.lists[0].credential | {"validFrom": "2020-01-01T00:00:00Z"}
    cases = {
        "receipt": bundles.Gathered(**_but(honest, records=(payload, *honest.records[1:]))),
        "status": bundles.Gathered(**_but(honest, lists=tuple(_with(one, status) for one in honest.lists))),
        "signature": bundles.Gathered(**_but(honest, credential=honest.credential | {"name": "other"})),
    }
    for step, parts in cases.items():
        made = bundles.write(parts, STRANGER, kid, by=mine, as_of=clock())
        verdict = judge(made, roots)
        assert step in {one.step for one in verdict.steps if one.good is False}, (step, verdict.steps)


def _but(parts, **more):
    return {
        name: getattr(parts, name) for name in ("credential", "documents", "lists", "trust", "records")
    } | more


def _with(one, credential):
    return bundles.CarriedList(url=one.url, since=one.since, until=one.until, credential=credential)


def test_a_revoked_credential_is_bundled_with_the_list_that_says_so(gather, secured, roots, organisation):
    before = gather(secured)
    actions.set_status(
        actor=platform(organisation.workspace_id), organisation=organisation, identifier=ID, act=Act.REVOKE,
        now=clock() + timedelta(seconds=5),
    )  # fmt: skip
    later = clock() + timedelta(seconds=10)
    after = gather(secured, later)
    asked = checking.Asked(now=later)
    verdict = bundle_verify.judge(after, roots, asked)
    assert steps(verdict)["status"].said.endswith("its issuer has revoked it")
    assert steps(verdict)["status-then"].good is True
    assert not verdict.holds
    old = bundle_verify.judge(before, roots, asked)
    assert old.holds, "it shows the status when it was gathered, and says when that was"
    assert f"gathered on {bundles.read(before).as_of:%Y-%m-%d}" in steps(old)["bundle"].said


def test_trust_lists_travel_and_count_for_who_believes_their_owner(gather, issuer, organisation, roots):
    actor = platform(organisation.workspace_id)
    when = clock()
    one = listing(OWN, kinds=("VerifiableCredential",), role=Role.AUTHORITY)
    row = trust_actions.add_listing(actor=actor, organisation=organisation, listing=one, now=when)
    trust_actions.believe(
        actor=actor, workspace=organisation.workspace_id, owner=row.owner, name=row.name, now=when
    )
    secured = actions.issue(
        actor=actor, organisation=organisation, credential=plain(id=f"{ID[:-1]}1"), now=when
    ).secured
    bundle = gather(secured, when + timedelta(seconds=1))
    assert len(bundle["trustLists"]) == 1
    asked = checking.Asked(now=when + timedelta(seconds=2), trusted=True)
    stranger = bundle_verify.judge(bundle, roots, asked)
    assert [one.step for one in stranger.steps if one.good is False] == ["issuer"]
    believer = bundle_verify.judge(bundle, Roots(policy=roots.policy, believed=frozenset({OWN})), asked)
    assert believer.holds, believer.steps
    assert believer.judged.trusted


def test_bounds(gather, secured, roots):
    bundle = gather(secured)
    many = changed(bundle, ("records",), bundle["records"] * 65)
    twice = strictjson.canonical(bundle).replace(b'"version":1', b'"version":1,"version":1')
    for data in (
        b" " * (bundles.MAX_BYTES + 1),
        twice,
        b"[" * 100_000,
        b"\xff",
        b"{}",
        b"3",
        strictjson.canonical(many),
    ):
        with pytest.raises(CredentialRefused) as refused:
            bundles.read(data)
        assert refused.value.step == "structure"


def test_nothing_is_bundled_whose_signature_does_not_hold(gather, secured):
    with pytest.raises(CredentialRefused) as refused:
        gather({**secured, "name": "other"})
    assert refused.value.step == "signature"


def test_the_commands_on_two_machines(secured, organisation, capsys, tmp_path):
    """Bundled where the database is; verified where there is none, in a process of its own."""
    file = tmp_path / "battery.bundle.json"
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    words = ["bundle", ID, "--as", "north-works", "-o", str(file)]
    assert command.run(parser.parse_args(words)) == 0
    capsys.readouterr()
    key = notebook.verifier()
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("LODELINE_", "DATABASE_"))
    }
    empty = tmp_path / "empty"

    def verify(*more):
        return subprocess.run(
            [str(Path(sys.executable).parent / "lodeline"), "credential", "verify", *more, "--json"],
            env=kept | {"LODELINE_DATA": str(empty)}, capture_output=True, text=True, check=False,
        )  # fmt: skip

    done = verify(str(file), "--log-key", key)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["record"]["position"] > 0
    assert verify(str(file)).returncode == 1
    assert verify(str(file), "--log-key", "no key").returncode == 2
    single = tmp_path / "credential.json"
    single.write_text(json.dumps(secured))
    assert verify(str(single), "--bundle", str(file), "--log-key", key).returncode == 0
    single.write_text(json.dumps({**secured, "name": "other"}))
    assert verify(str(single), "--bundle", str(file), "--log-key", key).returncode == 1
    assert not empty.exists()


def test_over_http(gather, secured, api_client):
    bundle = gather(secured)
    answer = post(api_client("auditor"), "/credentials/verify", bundle=bundle)
    assert answer.status_code == 200, answer.content
    assert answer.json()["steps"][0]["step"] == "bundle"
    answer = post(api_client("auditor"), "/credentials/verify", bundle=changed(bundle, ("documents",), []))
    assert (answer.status_code, answer.json()["errors"][0]["step"]) == (400, "key")
