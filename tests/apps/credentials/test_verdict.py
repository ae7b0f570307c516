"""The verdict's later steps: status then and now, dates and days asked for, subject, receipts; and the command."""

from __future__ import annotations

import argparse
import json
from datetime import timedelta

import pytest
from tests.apps.credentials.making import plain, post

from lodeline.access import platform
from lodeline.credentials import dates, record
from lodeline.credentials.statusbook import Act
from lodeline.keys import b64url
from lodeline.log import checkpoint as checkpoints
from lodeline.log import merkle, receipt
from lodeline.log.note import parse_vkey
from lodeline.log.policy import NONE, Policy
from lodeline_server.credentials import actions, checking, command, verifying
from lodeline_server.credentials.models import Credential
from lodeline_server.kit.clock import now as clock
from lodeline_server.log import notebook
from lodeline_server.log import queries as log
from lodeline_server.log.standing import standing

ID = "urn:uuid:2d9bb7a4-5f4e-4d57-9a62-3a3a1f0c7d10"
DAY = timedelta(days=1)
LINK = "https://id.gs1.org/01/09521234543213/21/A_1"


@pytest.fixture
def start():
    return clock().replace(microsecond=0) - 9 * DAY


@pytest.fixture
def act(organisation):
    def done(what, when):
        actions.set_status(
            actor=platform(organisation.workspace_id),
            organisation=organisation,
            identifier=ID,
            act=what,
            now=when,
        )

    return done


@pytest.fixture
def secured(organisation, start):
    actor = platform(organisation.workspace_id)
    actions.add_key(actor=actor, organisation=organisation, algorithm="Ed25519", now=start - DAY)
    credential = plain(id=ID, credentialSubject={"id": LINK})
    made = actions.issue(actor=actor, organisation=organisation, credential=credential, now=start)
    return made.secured


def judge(item, when, **more):
    return verifying.credential(item, checking.Asked(now=when, **more))


def steps(verdict):
    return {one.step: (one.good, one.said) for one in verdict.steps}


def refused(verdict):
    return [one.step for one in verdict.steps if one.good is False]


def test_the_status_of_then_and_of_now(secured, act, start):
    act(Act.SUSPEND, start + DAY)
    act(Act.REINSTATE, start + 3 * DAY)
    act(Act.REVOKE, start + 5 * DAY)
    now = start + 6 * DAY
    today = judge(secured, now)
    assert refused(today) == ["status"]
    assert steps(today)["status-then"][0] is True
    for days, wrong, why in (
        (0.5, [], "neither revoked nor suspended"),
        (2, ["status-then"], "its issuer has suspended it"),
        (4, [], "neither revoked nor suspended"),
        (5.5, ["status-then"], "its issuer has revoked it"),
    ):
        when = start + days * DAY
        found = judge(secured, now, at=when)
        assert (refused(found), found.holds) == (wrong, not wrong), days
        assert why in steps(found)["status-then"][1]
        good, said = steps(found)["status"]
        assert good is None, "what was asked is the day before"
        assert "revoked it" in said


def test_before_it_was_made_and_after_it_ended(secured, start, organisation):
    early = judge(secured, start + DAY, at=start - DAY)
    assert set(refused(early)) == {"status-then", "dates"}
    assert "after the day that is asked for" in steps(early)["dates"][1]
    actor = platform(organisation.workspace_id)
    ending = plain(id=f"{ID[:-1]}1", validUntil=dates.write(start + 2 * DAY))
    short = actions.issue(actor=actor, organisation=organisation, credential=ending, now=start).secured
    assert refused(judge(short, start + 3 * DAY)) == ["dates"]
    assert judge(short, start + 3 * DAY, at=start + DAY).holds


def test_only_its_own_date_says_that_it_is_older(secured, start):
    row = Credential.objects.get(identifier=ID)
    then = judge(secured, start + DAY, at=start + DAY / 2)
    assert "only its own date" not in steps(then)["dates"][1], "the log shows it"
    Credential.objects.filter(pk=row.pk).update(sha256="0" * 64)
    assert "only its own date says" in steps(judge(secured, start + DAY, at=start + DAY / 2))["dates"][1]


@pytest.mark.parametrize(
    ("name", "good"),
    [
        (LINK, True),
        ("https://maker.example/01/9521234543213/21/A_1", True),
        ("did:web:maker.example:batteries:09521234543213:A_5F1", True),
        ("did:web:maker.example:01:09521234543213:21:A_1", True),
        ("https://id.gs1.org/01/09521234543213/21/A_2", False),
        ("did:web:maker.example:batteries:09521234543213:A-1", False),
        ("did:web:maker.example", False),
        ("", False),
        ("\x00", False),
    ],
)
def test_the_subject_is_one_however_it_is_written(name, good, secured, start):
    found = judge(secured, start + DAY, subject=name)
    assert (steps(found)["subject"][0], found.holds) == (good, good)


def other_log(leaf):
    """A log of somebody else with three leaves, and the receipt of the second."""
    from lodeline.keys import SigningKey

    key, origin = SigningKey(b"\x09" * 32), "other.example/log"
    hashes = [merkle.leaf_hash(one) for one in (b"before", leaf, b"after")]
    left = merkle.node_hash(hashes[0], hashes[1])
    root = merkle.node_hash(left, hashes[2])
    note = checkpoints.sign(checkpoints.Checkpoint(origin=origin, size=3, root=root), key)
    policy = Policy(quorum=NONE).with_log(parse_vkey(checkpoints.vkey(origin, key.verify_key)))
    return receipt.make(1, (hashes[0], hashes[2]), note).text(), policy


def test_a_receipt_of_another_log(secured, start):
    from lodeline import strictjson

    text, policy = other_log(strictjson.canonical(secured))
    found = judge(secured, start + DAY, receipt=text, policy=policy)
    assert found.holds, found.steps
    assert "on record in the log other.example/log at position 1" in steps(found)["receipt"][1]
    for wrong, why in (
        (judge(secured, start + DAY, receipt=text), "does not hold"),
        (
            judge(secured, start + DAY, receipt=text.replace("index 1", "index 0"), policy=policy),
            "does not hold",
        ),
        (judge(secured, start + DAY, receipt="no proof", policy=policy), "cannot be read"),
        (judge(secured, start + DAY, receipt=7, policy=policy), "text of a proof"),
        (judge(secured, start + DAY, receipt=other_log(b"else")[0], policy=policy), "does not hold"),
    ):
        assert refused(wrong) == ["receipt"], wrong.steps
        assert why in steps(wrong)["receipt"][1]


def test_a_receipt_of_another_log_over_http(secured, start, api_client):
    from lodeline import strictjson

    text, policy = other_log(strictjson.canonical(secured))
    keys = [str(one.key) for one in policy.logs]
    for options, code in (({"logKeys": keys}, 200), ({}, 400)):
        answer = post(
            api_client("auditor"),
            "/credentials/verify",
            verifiableCredential=secured,
            options={"receipt": text, **options},
        )
        assert answer.status_code == code, answer.content
    assert answer.json()["errors"][0]["step"] == "receipt"


def statement(position):
    found = log.get(position)
    return {
        "leaf": found.leaf.decode(), "salt": b64url(found.salt), "payload": found.payload,
        "proof": standing(found).receipt(),
    }  # fmt: skip


def test_a_receipt_as_the_log_gives_it(secured, start, api_client, organisation):
    row = Credential.objects.get(identifier=ID)
    one = statement(row.position)
    found = judge(secured, start + DAY, receipt=one)
    assert (found.holds, found.place.position) == (True, row.position)
    answer = api_client("auditor").get(f"/api/log/statements/{row.position}")
    told = post(
        api_client("auditor"),
        "/credentials/verify",
        verifiableCredential=secured,
        options={"receipt": answer.json()},
    )
    assert (told.status_code, told.json()["record"]["position"]) == (200, row.position), told.content
    key = statement(row.position - 1)  # the statement about the issuer's key is no receipt of the credential
    wrong = judge(secured, start + DAY, receipt=key)
    assert "does not name this credential" in steps(wrong)["receipt"][1]
    one["payload"]["body"]["sha256"] = "0" * 64
    wrong = judge(secured, start + DAY, receipt=one)
    assert "do not lead to the commitment" in steps(wrong)["receipt"][1]
    for broken in ({}, {"leaf": 1}, {**key, "proof": 1}, {**key, "proof": "x"}, {**key, "leaf": "{}"}):
        assert refused(judge(secured, start + DAY, receipt=broken)) == ["receipt"]


def test_a_receipt_shows_that_a_revoked_key_signed_before(secured, start, organisation, monkeypatch):
    """Where the verifier has no log of its own, the receipt that came along does it."""
    actor = platform(organisation.workspace_id)
    one = statement(Credential.objects.get(identifier=ID).position)
    actions.revoke_key(actor=actor, organisation=organisation, name="key-1", now=clock() + DAY)
    Credential.objects.update(sha256="0" * 64)
    now = clock() + 2 * DAY
    assert refused(judge(secured, now)) == ["key"]
    assert steps(judge(secured, now, receipt=one))["key"] == (
        True, steps(judge(secured, now, receipt=one))["key"][1],
    )  # fmt: skip
    assert "the log shows that this is older" in steps(judge(secured, now, receipt=one))["key"][1]


def run(capsys, *words):
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    code = command.run(parser.parse_args(["verify", *words]))
    return code, capsys.readouterr()


def test_the_command(secured, act, start, capsys, tmp_path):
    file = tmp_path / "credential.json"
    file.write_text(json.dumps(secured))
    act(Act.REVOKE, start + 5 * DAY)
    then = dates.write(start + DAY)
    assert run(capsys, str(file))[0] == 1
    assert run(capsys, str(file), "--at", then)[0] == 0
    assert run(capsys, str(file), "--at", f"{start + 2 * DAY:%Y-%m-%d}", "--subject", LINK)[0] == 0
    assert run(capsys, str(file), "--at", f"{start + 6 * DAY:%Y-%m-%d}")[0] == 1
    assert run(capsys, str(file), "--at", then, "--subject", "did:example:other")[0] == 1
    assert run(capsys, str(file), "--at", then, "--trusted")[0] == 1
    code, said = run(capsys, str(file), "--at", then, "--json")
    told = json.loads(said.out)
    assert (code, told["verified"], told["evidence"]["level"]) == (0, True, "E1")
    assert told["credential"]["about"] == LINK
    for wrong in (
        ["--at", "2999-01-01"],
        ["--at", "soon"],
        ["--log-key", "x"],
        ["--receipt", str(tmp_path / "none")],
    ):
        assert run(capsys, str(file), *wrong)[0] in {1, 2}, wrong
    assert run(capsys, str(file), "--at", "2999-01-01")[0] == 2
    assert run(capsys, str(file), "--as", "nobody")[0] == 2
    proof = tmp_path / "c.tlog-proof"
    proof.write_text(json.dumps(statement(Credential.objects.get(identifier=ID).position)))
    held = ("--at", then, "--receipt", str(proof))
    assert run(capsys, str(file), *held)[0] == 0
    assert run(capsys, str(file), *held, "--log-key", notebook.verifier())[0] == 0
    assert run(capsys, str(file), *held, "--log-key", checkpoints.vkey("x", _key()))[0] == 1


def _key():
    from lodeline.keys import SigningKey

    return SigningKey(b"\x09" * 32).verify_key


def test_options_that_are_no_options(secured, api_client, start):
    client = api_client("auditor")
    for options, step in (
        ({"at": "2999-01-01T00:00:00Z"}, "dates"),
        ({"at": "yesterday"}, "dates"),
        ({"at": 7}, "dates"),
        ({"subject": 7}, "structure"),
        ({"trusted": "yes"}, "structure"),
        ({"receipt": 7}, "receipt"),
        ({"logKeys": 7}, "receipt"),
        ({"logKeys": ["x"]}, "receipt"),
        ({"logKeys": ["x"] * 17}, "receipt"),
    ):
        answer = post(client, "/credentials/verify", verifiableCredential=secured, options=options)
        assert (answer.status_code, answer.json()["errors"][0]["step"]) == (400, step), options


def test_a_record_reads_what_the_api_gives(secured, api_client):
    row = Credential.objects.get(identifier=ID)
    given = api_client("auditor").get(f"/api/log/statements/{row.position}").json()
    found = record.read(given)
    assert found.body["sha256"] == row.sha256
    assert found.receipt.index == row.position
