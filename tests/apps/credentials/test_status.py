"""Status: who may change it, what is for ever, which list was out when."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from tests.apps.credentials.making import plain, post

from lodeline.access import Denied, Role, platform
from lodeline.credentials import bitstrings, status
from lodeline.credentials.status import StatusRefused
from lodeline.credentials.statusbook import Act
from lodeline_server.credentials import actions
from lodeline_server.credentials.models import StatusEntry, StatusList, StatusVersion
from lodeline_server.kit.problems import Problem
from lodeline_server.publishing.models import Published

HOUR = timedelta(hours=1)


@pytest.fixture
def issued(issuer, organisation, actor, now):
    return actions.issue(actor=actor("maker"), organisation=organisation, credential=plain(), now=now).row


@pytest.fixture
def change(issued, organisation, actor, now):
    def change(act, hours, reason=""):
        return actions.set_status(
            actor=actor("maker"),
            organisation=organisation,
            identifier=issued.identifier,
            act=act,
            now=now + hours * HOUR,
            reason=reason,
        )

    return change


def bit(answer, entry):
    document = json.loads(answer.content)
    return bitstrings.left(status.decode(document["credentialSubject"]["encodedList"]), entry.index)


def test_every_version_answers_for_its_time(issued, change, client):
    entry = StatusEntry.objects.get(credential=issued, status_list__purpose="suspension")
    path = f"/credentials/status/{entry.status_list.name}"
    change(Act.SUSPEND, 1)
    change(Act.SUSPEND, 2)  # the same again
    change(Act.REINSTATE, 3)
    versions = StatusVersion.objects.filter(status_list=entry.status_list)
    assert [version.number for version in versions] == [1, 2, 3]
    days = {"2026-11-01T12:30:00Z": 0, "2026-11-01T13:30:00Z": 1, "2026-11-01T16:30:00%2B02:00": 1,
            "2026-11-01T15:30:00Z": 0}  # fmt: skip
    for moment, said in days.items():
        answer = client.get(f"{path}?at={moment}")
        assert (answer.status_code, answer["Content-Type"], bit(answer, entry)) == (
            200,
            "application/vc",
            said,
        )
    assert client.get(f"{path}?at=2026-11-01T11:00:00Z").status_code == 404
    assert client.get(f"{path}?at=yesterday").status_code == 400
    newest = client.get(path)
    assert (newest.status_code, bit(newest, entry)) == (200, 0)
    assert newest.content == bytes(versions.last().body)


def test_a_list_as_whoever_asks_reads_it(issued, change, client):
    """The media type of credentials, or JSON for programs that read nothing else; the bytes are the same."""
    path = f"/credentials/status/{issued.entries.first().status_list.name}"
    asked = {"*/*": "application/vc", "application/ld+json, application/json": "application/json",
             "application/vc": "application/vc"}  # fmt: skip
    for address in (path, f"{path}?at=2026-11-01T12:30:00Z"):
        answers = {accept: client.get(address, headers={"accept": accept}) for accept in asked}
        assert {accept: answer["Content-Type"] for accept, answer in answers.items()} == asked
        assert len({answer.content for answer in answers.values()}) == 1
        assert all("Accept" in answer["Vary"].split(", ") for answer in answers.values())
        assert client.get(address, headers={"accept": "text/html"}).status_code == 406


def test_a_revocation_is_for_ever(issued, change):
    change(Act.REVOKE, 1, "wrong site")
    assert change(Act.REVOKE, 2).pk == issued.pk
    for act in (Act.REINSTATE, Act.SUSPEND):
        with pytest.raises(StatusRefused, match="that is for ever"):
            change(act, 3)
    (row,) = issued.changes.all()
    assert (row.act, row.reason) == ("revoke", "wrong site")
    assert StatusVersion.objects.count() == 3


def test_lists_are_long_and_numbers_are_unlike(issuer, organisation, actor, now, client):
    for _ in range(20):
        actions.issue(actor=actor("maker"), organisation=organisation, credential=plain(), now=now)
    assert StatusList.objects.count() == 2
    numbers = list(StatusEntry.objects.values_list("status_list__purpose", "index"))
    assert len(set(numbers)) == 40
    assert max(index for _, index in numbers) > 1000
    path = f"/credentials/status/{StatusList.objects.first().name}"
    body = bytes(Published.objects.get(key=path, media_type="application/vc").body)
    assert len(status.decode(json.loads(body)["credentialSubject"]["encodedList"])) * 8 == 131_072


def test_nobody_changes_the_status_of_anothers(issued, organisation, other_actor, other_organisation, now):
    for home in (organisation, other_organisation):
        with pytest.raises((Problem, Denied)) as caught:
            actions.set_status(
                actor=other_actor("maker"),
                organisation=home,
                identifier=issued.identifier,
                act=Act.REVOKE,
                now=now + HOUR,
            )
        assert type(caught.value).__name__ == ("Denied" if home == organisation else "Problem")
    assert not issued.changes.exists()


@pytest.mark.parametrize(
    ("entry", "more"),
    [
        ({"type": "BitstringStatusListEntry", "statusPurpose": "message"}, {}),
        ({"type": "BitstringStatusListEntry", "statusPurpose": "revocation"}, {"status": False}),
        ({"type": "BitstringStatusListEntry", "statusPurpose": "revocation"}, {"status": "0"}),
        ({"type": "RevocationList2020Status", "statusPurpose": "revocation"}, {}),
        ({}, {}),
        ("revocation", {}),
    ],
)
def test_what_says_no_status(entry, more, issued, api_client):
    answer = post(
        api_client("maker"),
        "/credentials/status",
        credentialId=issued.identifier,
        credentialStatus=entry,
        **more,
    )
    assert answer.status_code == 400
    assert answer.json()["step"] == "status"
    assert not issued.changes.exists()


def test_an_unknown_credential_is_not_found(issuer, api_client):
    entry = {"type": "BitstringStatusListEntry", "statusPurpose": "revocation"}
    for name in ("urn:uuid:none", "\x00"):
        answer = post(api_client("maker"), "/credentials/status", credentialId=name, credentialStatus=entry)
        assert answer.status_code == 404


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.REGULATOR, Role.FINANCIER, Role.BUYER, Role.QUALITY])
def test_who_may_only_verify(role, issued, api_client):
    client = api_client(role)
    secured = json.loads(bytes(issued.body))
    assert post(client, "/credentials/verify", verifiableCredential=secured).status_code == 200
    assert post(client, "/credentials/issue", credential=plain()).status_code == 403


def test_an_id_is_issued_once(issuer, api_client):
    client = api_client("maker")
    sent = plain(id="urn:uuid:2d9bb7a4-5f4e-4d57-9a62-3a3a1f0c7d10")
    assert post(client, "/credentials/issue", credential=sent).status_code == 201
    assert post(client, "/credentials/issue", credential=sent).status_code == 409


def test_without_a_key_nothing_is_issued(organisation, api_client):
    answer = post(api_client("maker"), "/credentials/issue", credential=plain())
    assert answer.status_code == 409
    assert answer["Content-Type"] == "application/problem+json"


def test_a_revoked_key_needs_the_log_for_its_past(issuer, issued, organisation, api_client, now):
    """What the log has seen before holds; what only says that it is older does not."""
    from lodeline.credentials import integrity
    from lodeline_server.credentials import keyring

    client = api_client("maker")
    old, row = json.loads(bytes(issued.body)), issuer.keys.get(name="key-1")
    actor = platform(organisation.workspace_id)
    actions.revoke_key(actor=actor, organisation=organisation, name="key-1", now=now + HOUR)
    options = {"checks": ["proof"]}
    answer = post(client, "/credentials/verify", verifiableCredential=old, options=options)
    assert answer.status_code == 200, answer.content
    stolen = integrity.add(
        {**plain(), "issuer": old["issuer"]},
        keyring.opened(row),
        old["proof"]["verificationMethod"],
        created=now,
    )
    answer = post(client, "/credentials/verify", verifiableCredential=stolen, options=options)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["step"] == "key"
    with pytest.raises(Problem, match="no key of Ed25519"):
        actions.issue(actor=actor, organisation=organisation, credential=plain(), now=now + 2 * HOUR)


def test_status_lists_want_an_ed25519_key(organisation, api_client, now):
    actor = platform(organisation.workspace_id)
    actions.add_key(actor=actor, organisation=organisation, algorithm="P-256", now=now)
    client = api_client("maker")
    sent = {"credential": plain(), "options": {"form": "vc+jwt"}}
    assert post(client, "/credentials/issue", **sent).status_code == 409
    sent["options"]["credentialStatus"] = False
    made = post(client, "/credentials/issue", **sent)
    assert made.status_code == 201
    answer = post(client, "/credentials/verify", verifiableCredential=made.json()["verifiableCredential"])
    assert answer.status_code == 200, answer.content
    assert {step["step"]: step["good"] for step in answer.json()["steps"]}["status"] is None
