"""Trust lists: signed here, imported, believed and no more; what that makes of a credential."""

from __future__ import annotations

import argparse
import json
from datetime import date, timedelta

import pytest
from tests.apps.credentials.making import plain, post

from lodeline.access import Denied, platform
from lodeline.credentials import did_key, editions, integrity, trustlists
from lodeline.credentials.trustlists import Accreditation, Listing, Role, Span, TrustList
from lodeline.credentials.verdict import CredentialRefused
from lodeline.evidence import EvidenceLevel
from lodeline.keys import SigningKey
from lodeline_server.credentials import checking, command, trust_actions, trust_queries, verifying
from lodeline_server.credentials.models import Belief, TrustEdition
from lodeline_server.kit.problems import Problem
from lodeline_server.log.queries import get

OWNER, LAB, BODY = (SigningKey(bytes([n]) * 32) for n in (71, 72, 73))
OWNER_DID, LAB_DID, BODY_DID = (did_key.did(key.verify_key) for key in (OWNER, LAB, BODY))
KIND = "DigitalConformityCredential"
ALWAYS = Span(since=date(2020, 1, 1))
SOURCE = "https://register.example/4711"


def listing(issuer=LAB_DID, role=Role.LABORATORY, kinds=(KIND,), span=ALWAYS, accreditation=None):
    return Listing(
        issuer=issuer,
        role=role,
        kinds=frozenset(kinds),
        span=span,
        source=SOURCE,
        accreditation=accreditation,
    )


ACCREDITED = Accreditation(body=BODY_DID, number="D-1", span=ALWAYS)
LISTINGS = (
    listing(accreditation=ACCREDITED),
    listing(BODY_DID, Role.ACCREDITATION_BODY, (trustlists.ACCREDITATION,)),
)


def token(now, listings=LISTINGS, number=1, key=OWNER, owner=OWNER_DID, **more):
    made = TrustList(
        name="Battery laboratories", owner=owner, number=number, issued=now - timedelta(days=1),
        next_update=now + timedelta(days=90), listings=listings,
    )  # fmt: skip
    return trustlists.sign(made, key, more.get("kid", did_key.method(key.verify_key)))


def certificate(now, **more):
    subject = {
        "id": "urn:uuid:6f6c8f6c-51a3-4c0e-b1a8-9a1f4b6b2d10", "assessorLevel": "3rdParty",
        "assessmentLevel": "Accredited", "attestationType": "testing",
        "issuedToParty": {"id": "did:example:mill"},
    }  # fmt: skip
    made = plain(
        id="urn:uuid:2d9bb7a4-5f4e-4d57-9a62-3a3a1f0c7d10", issuer=LAB_DID,
        credentialSubject=subject, validFrom="2026-01-01T00:00:00Z", **more,
    )  # fmt: skip
    # The particular type is only named, not defined by a context: the canonical JSON form needs none.
    made["@context"] = [*made["@context"], {KIND: f"https://example.org/{KIND}", **{
        name: f"https://example.org/{name}"
        for name in ("assessorLevel", "assessmentLevel", "attestationType", "issuedToParty")
    }}]  # fmt: skip
    made["type"] = ["VerifiableCredential", KIND]
    return integrity.add(made, LAB, did_key.method(LAB.verify_key), created=now - timedelta(days=2))


@pytest.fixture
def imported(actor, organisation, now):
    return trust_actions.import_list(
        actor=actor("maker"), workspace=organisation.workspace_id, token=token(now), source=SOURCE, now=now
    )


def judged(workspace, now, **more):
    return verifying.credential(certificate(now), checking.Asked(now=now, **more), workspace)


def step(verdict, name):
    return next(one for one in verdict.steps if one.step == name)


def test_a_list_counts_from_the_day_it_is_believed(imported, actor, organisation, now):
    space = organisation.workspace_id
    before = judged(space, now)
    assert (before.holds, before.judged.level, before.judged.trusted) == (True, EvidenceLevel.E1, False)
    said = step(before, "issuer")
    assert said.good is None
    assert "a mere statement (evidence level E1)" in said.said
    assert "nobody here said to believe" in said.said
    demanded = judged(space, now, trusted=True)
    assert (demanded.holds, step(demanded, "issuer").good) == (False, False)

    row = trust_actions.believe(
        actor=actor("maker"), workspace=space, owner=OWNER_DID, name=imported.name, now=now
    )
    again = trust_actions.believe(
        actor=actor("maker"), workspace=space, owner=OWNER_DID, name=imported.name, now=now
    )
    assert (again.pk, Belief.objects.count()) == (row.pk, 1)
    assert get(row.position).payload["body"]["change"] == "believed"
    after = judged(space, now, trusted=True)
    assert (after.holds, after.judged.level) == (True, EvidenceLevel.E5)
    said = step(after, "issuer").said
    assert "as laboratory by the list Battery laboratories" in said
    assert SOURCE in said
    assert f"accredited by {BODY_DID}" in said
    told = after.as_dict()["evidence"]
    assert (told["level"], [one["owner"] for one in told["chain"]]) == ("E5", [OWNER_DID, OWNER_DID])
    assert verifying.evidence(certificate(now), space, now)[1] is EvidenceLevel.E5
    broken = certificate(now) | {"name": "other"}
    assert verifying.evidence(broken, space, now)[1] is EvidenceLevel.E0
    elsewhere = judged(space, now, subject="did:example:other")
    assert elsewhere.as_dict()["evidence"]["level"] == "E0", "what does not hold is no evidence"

    later = now + timedelta(days=3)
    trust_actions.stop_believing(
        actor=actor("maker"), workspace=space, owner=OWNER_DID, name=imported.name, now=later
    )
    assert judged(space, later).judged.level is EvidenceLevel.E1
    then = verifying.credential(
        certificate(now), checking.Asked(now=later, at=now + timedelta(days=1)), space
    )
    assert then.judged.level is EvidenceLevel.E5, "what was decided before keeps its reasons"
    with pytest.raises(Problem):
        trust_actions.stop_believing(
            actor=actor("maker"), workspace=space, owner=OWNER_DID, name=imported.name, now=later
        )


def test_who_may_believe(imported, actor, other_actor, organisation, now):
    for somebody in (actor("supplier"), actor("auditor"), other_actor("maker")):
        with pytest.raises(Denied):
            trust_actions.believe(
                actor=somebody,
                workspace=organisation.workspace_id,
                owner=OWNER_DID,
                name=imported.name,
                now=now,
            )
    assert trust_queries.believed(organisation.workspace_id, now) == ()


def test_nobody_elses_beliefs_count(imported, actor, organisation, other_organisation, now):
    space = organisation.workspace_id
    trust_actions.believe(actor=actor("maker"), workspace=space, owner=OWNER_DID, name=imported.name, now=now)
    elsewhere = judged(other_organisation.workspace_id, now)
    assert elsewhere.judged.level is EvidenceLevel.E1
    assert "Battery laboratories" not in step(elsewhere, "issuer").said, "nobody sees another's imports"


def test_editions_only_go_on(imported, actor, organisation, now):
    def take(text):
        return trust_actions.import_list(
            actor=actor("maker"), workspace=organisation.workspace_id, token=text, source="", now=now
        )

    assert take(token(now)).pk == imported.pk
    second = take(token(now, LISTINGS[:1], number=3))
    assert (second.number, TrustEdition.objects.count()) == (3, 2)
    for text, which in (
        (token(now), "dates"),
        (token(now, (), number=3), "dates"),
        (token(now, key=LAB, number=4), "issuer"),
        (token(now, key=LAB, number=4, kid=did_key.method(OWNER.verify_key)), "signature"),
        (token(now - timedelta(days=200), number=4), "dates"),
        ("a.b.c", "structure"),
    ):
        with pytest.raises(CredentialRefused) as refused:
            take(text)
        assert refused.value.step == which, text[:20]
    assert TrustEdition.objects.count() == 2


def test_reading_beliefs_takes_three_queries(imported, actor, organisation, now, django_assert_num_queries):
    space = organisation.workspace_id
    trust_actions.believe(actor=actor("maker"), workspace=space, owner=OWNER_DID, name=imported.name, now=now)
    trust_queries._kept.clear()
    with django_assert_num_queries(3):
        assert len(trust_queries.believed(space, now)) == 1
    with django_assert_num_queries(2):
        trust_queries.believed(space, now)


def test_an_own_list_is_signed_published_and_grows(issuer, organisation, now, client):
    actor = platform(organisation.workspace_id)
    row = trust_actions.add_listing(actor=actor, organisation=organisation, listing=LISTINGS[0], now=now)
    trust_actions.add_listing(actor=actor, organisation=organisation, listing=LISTINGS[1], now=now)
    answer = client.get("/credentials/trust/north-works")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/trust-list+jwt")
    found = editions.read(answer.content.decode(), verifying.means().resolve, now=now).found
    assert (found.number, found.owner) == (2, "did:web:localhost%3A8000:orgs:north-works")
    assert [one.issuer for one in found.listings] == [LAB_DID, BODY_DID]
    assert get(row.position).payload["body"]["sha256"] == row.sha256
    first = client.get("/credentials/trust/north-works?edition=1")
    assert first.content == bytes(row.token)
    for wrong in (
        "nobody",
        "north-works?edition=9",
        "north-works?edition=x",
        "north-works?edition=9999999999",
    ):
        assert client.get(f"/credentials/trust/{wrong}").status_code == 404

    trust_actions.withdraw_listing(
        actor=actor, organisation=organisation, issuer=LAB_DID, role=None, day=now.date(), now=now
    )
    last = trust_queries.published()[0]
    assert (last.number, last.listings[0].span.withdrawn) == (3, now.date())
    with pytest.raises(CredentialRefused, match="no listing"):
        trust_actions.withdraw_listing(
            actor=actor, organisation=organisation, issuer=LAB_DID, role=None, day=now.date(), now=now
        )


def test_what_no_list_takes(issuer, organisation, now):
    for wrong in (
        listing("not a did"),
        listing(kinds=()),
        Listing(
            issuer=LAB_DID,
            role=Role.LABORATORY,
            kinds=frozenset({KIND}),
            span=ALWAYS,
            source="http://x.example",
        ),
    ):
        with pytest.raises(CredentialRefused):
            trust_actions.add_listing(
                actor=platform(organisation.workspace_id), organisation=organisation, listing=wrong, now=now
            )
    assert not TrustEdition.objects.exists()


def run(capsys, *words):
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    code = command.run(parser.parse_args(["trust", *words, "--as", "north-works"]))
    return code, capsys.readouterr()


def test_the_command(issuer, organisation, capsys, tmp_path, now):
    file = tmp_path / "list.jwt"
    file.write_text(token(now.replace(year=2026)))
    assert run(capsys, "list")[1].out.startswith("no trust lists yet")
    added = (
        "add",
        LAB_DID,
        "--role",
        "laboratory",
        "--kind",
        KIND,
        "--source",
        SOURCE,
        "--since",
        "2020-01-01",
    )
    assert run(capsys, *added)[0] == 0
    assert run(capsys, *added, "--accreditation", "D-1")[0] == 2
    own = "did:web:localhost%3A8000:orgs:north-works"
    code, said = run(capsys, "show", own, "--json")
    assert (code, json.loads(said.out)["list"]["listings"][0]["source"]) == (0, SOURCE)
    assert run(capsys, "believe", own)[1].out.endswith(f"believed since {_today()}\n")
    assert run(capsys, "withdraw", LAB_DID)[0] == 0
    assert run(capsys, "withdraw", LAB_DID)[0] == 1
    assert run(capsys, "renew")[1].out.startswith("Issuers known to North Works, edition 3")
    assert run(capsys, "stop", own)[1].out.endswith("not believed here\n")
    assert run(capsys, "stop", own)[0] == 2
    assert run(capsys, "believe", OWNER_DID)[0] == 2
    assert run(capsys, "import", str(tmp_path / "none"))[0] == 2
    assert run(capsys, "import", "https://lists.example/list.jwt")[0] == 2, "a host that nobody allowed"
    file.write_text("just words")
    assert run(capsys, "import", str(file))[0] == 1


def _today():
    from lodeline_server.kit.clock import now

    return f"{now():%Y-%m-%d}"


def test_over_http_the_issuers_standing_is_told(imported, api_client, actor, organisation, now):
    sent = certificate(now)
    answer = post(api_client("auditor"), "/credentials/verify", verifiableCredential=sent)
    assert answer.status_code == 200
    assert answer.json()["evidence"]["level"] == "E1"
    refused = post(
        api_client("auditor"), "/credentials/verify", verifiableCredential=sent, options={"trusted": True}
    )
    assert (refused.status_code, refused.json()["errors"][0]["step"]) == (400, "issuer")


def test_trust_lists_over_http(api_client, organisation, other_organisation, now):
    from lodeline_server.kit.clock import now as clock

    maker, auditor = api_client("maker"), api_client("auditor")
    text = token(clock())
    assert post(auditor, "/api/trust-lists", token=text).status_code == 403
    taken = post(maker, "/api/trust-lists", token=text, source=SOURCE)
    assert taken.status_code == 201, taken.content
    number = taken.json()["id"]
    assert post(maker, "/api/trust-lists", token=text).json()["id"] == number
    assert (
        post(maker, "/api/trust-lists", token=token(clock(), key=LAB)).json()["errors"][0]["step"] == "issuer"
    )
    for body in ({}, {"token": 7}, {"token": "a.b.c"}, {"token": text, "source": 7}):
        assert post(maker, "/api/trust-lists", **body).status_code == 400
    assert post(maker, f"/api/trust-lists/{number}/believe").json()["believedSince"]
    (shown,) = auditor.get("/api/trust-lists").json()["items"]
    assert (shown["source"], bool(shown["believedSince"])) == (SOURCE, True)
    whole = auditor.get(f"/api/trust-lists/{number}").json()
    assert (whole["token"], len(whole["list"]["listings"])) == (text, 2)
    sent = certificate(clock())
    told = post(auditor, "/credentials/verify", verifiableCredential=sent, options={"trusted": True}).json()
    assert (told["verified"], told["evidence"]["level"]) == (True, "E5")
    assert api_client("supplier").get("/api/trust-lists").json() == {"items": []}, "a supplier sees its own"
    elsewhere = api_client("maker", other_organisation)
    assert elsewhere.get("/api/trust-lists").json() == {"items": []}
    for path in ("", "/believe", "/stop"):
        ask = elsewhere.get if not path else elsewhere.post
        assert ask(f"/api/trust-lists/{number}{path}").status_code == 404
    assert auditor.get(f"/api/trust-lists/{2**70}").status_code == 404
    assert post(maker, f"/api/trust-lists/{number}/stop").json()["believedSince"] is None
    assert post(maker, f"/api/trust-lists/{number}/stop").status_code == 404


def test_lists_are_told_in_two_queries(imported, actor, organisation, now, django_assert_num_queries):
    trust_actions.import_list(
        actor=actor("maker"),
        workspace=organisation.workspace_id,
        token=token(now, number=2),
        source="",
        now=now,
    )
    with django_assert_num_queries(2):
        rows = trust_queries.all_newest(platform(organisation.workspace_id))
        told = trust_queries.as_dicts(rows, organisation.workspace_id, now)
    assert [one["number"] for one in told] == [2]
