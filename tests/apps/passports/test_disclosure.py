"""One signed passport, and what each reader is handed of it."""

from __future__ import annotations

import json
from datetime import timedelta
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.apps.log.trail import clear, waiting
from tests.conftest import NOW

from lodeline.access import platform
from lodeline.credentials import audience as readers
from lodeline.credentials.audience import NOT_FOR_AUDIENCE, NOT_PRESENTED, is_redacted
from lodeline.credentials.sdjwt import split
from lodeline.credentials.sdjwt_verify import hold
from lodeline.credentials.verdict import CredentialRefused
from lodeline.keys import unb64url
from lodeline.passports.access import Audience, may_read
from lodeline.passports.datapoints import by_id
from lodeline_server.credentials import actions as credentials
from lodeline_server.credentials import checking, verifying
from lodeline_server.credentials.actions_issue import Hidden
from lodeline_server.credentials.models import Credential
from lodeline_server.log.queries import get
from lodeline_server.parties.models import Organisation
from lodeline_server.passports import actions_disclosure, disclosure
from lodeline_server.passports.models import Passport, PassportCredential
from lodeline_server.publishing.serving import SD_JWT

POINTS = by_id()


@pytest.fixture
def clock(monkeypatch):
    from lodeline_server.passports import api_disclosure

    hand = SimpleNamespace(now=NOW + timedelta(minutes=1))
    monkeypatch.setattr(api_disclosure, "now", lambda: hand.now)
    return hand


@pytest.fixture
def passport(issued, organisation):
    credentials.add_key(
        actor=platform(organisation.workspace_id), organisation=organisation, algorithm="Ed25519", now=NOW
    )
    return Passport.objects.get(serial="A1")


@pytest.fixture
def signed(passport, actor, clock):
    return actions_disclosure.issue_credential(actor=actor("maker"), passport=passport, now=clock.now)


@pytest.fixture
def recycler(workspace):
    return Organisation.objects.create(
        workspace=workspace, slug="recycler", name="Recycler", party="https://id.gs1.org/417/9521777000009",
        created_at=NOW,
    )  # fmt: skip


def text_of(token):
    """Everything a reader can decode."""
    found = split(token)
    header, body, _ = found.jwt.split(".")
    return "".join(unb64url(part).decode() for part in (header, body, *found.disclosures))


def asked(client, passport, **query):
    return client.get(f"/api/passports/{passport.pk}/credential", query)


def test_everybody_gets_the_same_public_bytes_at_the_passports_address(signed, passport, client, client_as):
    address = f"/01/{passport.gtin}/21/{passport.serial}"
    found = client.get(address, headers={"accept": SD_JWT})
    assert (found.status_code, found["Content-Type"]) == (200, SD_JWT)
    assert client_as("regulator").get(address, headers={"accept": SD_JWT}).content == found.content
    assert client.get(f"{address}.sd-jwt").content == found.content
    assert client.get(address)["Content-Type"].startswith("text/html")
    assert client.get(f"{address}.json")["Content-Type"] == "application/json"
    verdict = verifying.credential(found.content.decode(), checking.Asked(now=NOW + timedelta(minutes=2)))
    assert verdict.holds, verdict.as_dict()
    subject = verdict.document["credentialSubject"]
    assert subject["batteryChemistry"]["value"]
    hidden = [one for one in POINTS if not may_read(Audience.PUBLIC, POINTS[one])]
    assert not [one for one in hidden if f'"{one}"' in text_of(found.content.decode())]
    assert "219.7" not in text_of(found.content.decode())
    assert len(verdict.document["credentialSubject"]) > 20


def test_each_reader_gets_its_own_presentation_and_the_read_stands_in_the_trail(
    signed, passport, api_client, clock
):
    shown = {}
    for role, audience in (("maker", "operator"), ("regulator", "authority"), ("recycler", "public")):
        client = api_client(role)
        clear()
        found = asked(client, passport)
        assert found.status_code == 200, found.content
        assert found["Cache-Control"] == "private, no-store"
        told = found.json()
        assert told["audience"] == audience
        ((kind, _, line),) = waiting()
        assert (kind, line["outcome"]) == ("audit.read", "ok")
        shown[audience] = told["subject"]
    assert shown["operator"]["ratedCapacity"]["value"] == "219.7"
    for audience in ("authority", "public"):
        marker = shown[audience]["ratedCapacity"]
        assert is_redacted(marker)
        assert (marker["reason"], "Annex XIII" in marker["basis"]) == (NOT_FOR_AUDIENCE, True)
        assert shown[audience]["power"] == marker  # filled or not: the same
    assert not is_redacted(shown["authority"]["testReportResults"])
    missing = {name for name in POINTS if is_redacted(shown["operator"][name])}
    assert {shown["operator"][name]["reason"] for name in missing} == {NOT_PRESENTED}
    assert shown["public"]["testReportResults"]["reason"] == NOT_FOR_AUDIENCE


def test_a_grant_makes_a_reader_with_a_legitimate_interest_for_its_time(
    signed, passport, api_client, clock, recycler
):
    client, maker = api_client("recycler", of=recycler), api_client("maker")
    path = f"/api/passports/{passport.pk}/grants"
    said = {"to": "recycler", "purpose": "dismantling of lot 7", "days": 2}
    assert client.post(path, said, content_type="application/json").status_code == 403
    for wrong in ({}, {**said, "to": "nobody"}, {**said, "purpose": " "}, {**said, "days": 0}):
        assert maker.post(path, wrong, content_type="application/json").status_code == 422
    clear()
    made = maker.post(path, said, content_type="application/json")
    assert made.status_code == 201, made.content
    assert [kind for kind, *_ in waiting()] == ["audit.grant"]
    assert get(made.json()["position"]).payload["body"]["purpose"] == "dismantling of lot 7"
    told = asked(client, passport).json()
    assert told["audience"] == "legitimate-interest"
    assert told["subject"]["ratedCapacity"]["value"] == "219.7"
    other = Passport.objects.get(serial="A2")
    assert asked(client, other).status_code == 404  # nothing signed, and no grant for it either
    clock.now += timedelta(days=2)
    assert asked(client, passport).json()["audience"] == "public"
    clock.now -= timedelta(days=2)
    assert maker.post(f"{path}/{made.json()['id']}/end").status_code == 200
    assert asked(client, passport).json()["audience"] == "public"


def test_only_the_maker_takes_out_presentations_for_others(signed, passport, api_client, clock):
    told = asked(api_client("maker"), passport, audience="legitimate-interest").json()
    assert told["audience"] == "legitimate-interest"
    assert is_redacted(told["subject"]["testReportResults"])
    assert asked(api_client("regulator"), passport, audience="legitimate-interest").status_code == 403
    assert asked(api_client("recycler"), passport, audience="operator").status_code == 403
    assert asked(api_client("regulator"), passport, audience="public").status_code == 200
    assert asked(api_client("regulator"), passport, audience="everybody").status_code == 422


def test_the_holder_holds_back(signed, passport, api_client, clock):
    told = asked(api_client("maker"), passport, audience="legitimate-interest", only="ratedCapacity").json()
    found = list(hold(told["presentation"]).paths)
    assert found == [("credentialSubject", "ratedCapacity")]


def test_steps_of_a_ladder_are_stated_one_by_one_and_shown_alone(
    passport, actor, clock, monkeypatch, api_client
):
    from lodeline_server.passports import queries

    body = queries.body(passport)
    body["document"]["recycledCobalt"] = {"value": "17.3", "unit": "%"}
    body["document"]["recycledNickel"] = {"value": "5", "unit": "%", "unknownShare": "3"}
    monkeypatch.setattr(queries, "body", lambda _: body)
    signed = actions_disclosure.issue_credential(actor=actor("maker"), passport=passport, now=clock.now)
    whole = hold(bytes(signed.credential.body).decode()).payload["credentialSubject"]["thresholds"]
    assert {name: one["met"] for name, one in whole.items() if "lead" not in name} == {
        "recycled-cobalt-2031": True, "recycled-cobalt-2036": False,
    }  # fmt: skip
    client = api_client("maker")
    one = asked(client, passport, audience="public", only="recycled-cobalt-2031").json()
    assert list(one["subject"]["thresholds"]) == ["recycled-cobalt-2031"]
    assert "recycled-cobalt-2036" not in text_of(one["presentation"])


def test_the_same_content_is_signed_once_and_a_new_version_revokes_the_old(
    signed, passport, actor, clock, workspace
):
    again = actions_disclosure.issue_credential(actor=actor("maker"), passport=passport, now=clock.now)
    assert again.pk == signed.pk
    passport.content_hash = "0" * 64
    assert disclosure.current(passport) is None
    later = clock.now + timedelta(minutes=1)
    newer = actions_disclosure.issue_credential(actor=actor("maker"), passport=passport, now=later)
    assert newer.pk != signed.pk
    asked_then = checking.Asked(now=later + timedelta(minutes=1))
    tokens = [bytes(row.credential.body).decode() for row in PassportCredential.objects.order_by("pk")]
    verdicts = [verifying.credential(one, asked_then) for one in tokens]
    assert [verdict.holds for verdict in verdicts] == [False, True]
    assert next(step.step for step in verdicts[0].steps if step.good is False) == "status"


def test_who_did_not_make_it_signs_and_grants_nothing(
    passport, api_client, clock, recycler, other_organisation
):
    for client in (api_client("maker", of=recycler), api_client("regulator")):
        assert client.post(f"/api/passports/{passport.pk}/credential").status_code == 403
    stranger = api_client("maker", of=other_organisation)
    for path in ("credential", "grants"):
        answer = stranger.post(
            f"/api/passports/{passport.pk}/{path}",
            {"to": "recycler", "purpose": "x"},
            content_type="application/json",
        )
        assert answer.status_code == 404
    assert asked(stranger, passport).status_code == 404


def test_law_no_audience_is_handed_an_element_that_it_may_not_read(organisation, actor):
    """Through the door that signs, for any set of filled elements and any reader."""
    home = platform(organisation.workspace_id)
    credentials.add_key(actor=home, organisation=organisation, algorithm="Ed25519", now=NOW)
    rules = disclosure.rules()

    @given(st.sets(st.sampled_from(sorted(POINTS))), st.sampled_from(list(Audience)))
    @settings(max_examples=25, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    def law(filled, audience):
        subject = {"id": "urn:example:battery", **{name: {"value": f"secret of {name}."} for name in filled}}
        plain = {
            "@context": ["https://www.w3.org/ns/credentials/v2"],
            "type": ["VerifiableCredential"],
            "credentialSubject": {**subject, readers.STEPS: {}},
        }
        paths, pad = readers.hiding(plain, rules)
        made = credentials.issue(
            actor=home, organisation=organisation, credential=plain, now=NOW,
            form=Credential.Form.SD_JWT, hidden=Hidden(paths=paths, pad=pad), status=False,
        )  # fmt: skip
        row = PassportCredential(credential=made.row)
        token = disclosure.present(row, audience)
        text = text_of(token)
        for name in POINTS:
            readable = may_read(audience, POINTS[name])
            assert (f"secret of {name}." in text) == (name in filled and readable)
        shown = disclosure.shown(token, audience)
        assert {name for name in POINTS if not is_redacted(shown[name])} == {
            name for name in filled if may_read(audience, POINTS[name])
        }
        digests = hold(token).payload  # the number of digests tells nothing either
        assert len(paths) <= len(rules.closed) == pad["credentialSubject",]
        assert digests

    law()


def test_more_than_the_audience_may_read_is_never_shown(signed):
    whole = bytes(signed.credential.body).decode()
    with pytest.raises(CredentialRefused, match="not for public"):
        disclosure.shown(whole, Audience.PUBLIC)
    assert json.dumps(disclosure.shown(whole, Audience.OPERATOR))


# --- pages --------------------------------------------------------------------------------------------------


def test_the_maker_signs_and_lets_somebody_read_on_a_page(passport, client_as, recycler):
    maker, reader = client_as("maker"), client_as("recycler", of=recycler)
    address = f"/app/passports/{passport.pk}/signed"
    assert "Sign it" in maker.get(address).content.decode()
    assert "Ask its maker" in reader.get(address).content.decode()
    assert reader.post(f"/app/passports/{passport.pk}/sign").status_code == 403
    assert maker.post(f"/app/passports/{passport.pk}/sign").status_code == 302
    assert maker.get(address).content.decode().count("Take out") == len(Audience)
    file = f"/app/passports/{passport.pk}/presentation"
    assert reader.get(file)["Content-Disposition"] == 'attachment; filename="passport-public.sd-jwt"'
    assert reader.get(f"{file}?audience=legitimate-interest").status_code == 403
    assert reader.get(f"{file}?audience=nobody").status_code == 422
    assert maker.post(address, {"to": "nobody", "purpose": "x", "days": 3}).status_code == 422
    said = {"to": "recycler", "purpose": "dismantling", "days": 3}
    assert maker.post(address, said).status_code == 302
    found = reader.get(file)
    assert found["Cache-Control"] == "private, no-store"
    assert "219.7" in text_of(found.content.decode())
    assert "219.7" not in text_of(reader.get(f"{file}?audience=public").content.decode())
    reader.post(address, {"to": "north-works", "purpose": "x", "days": 3})
    assert recycler.passport_grants.count() == 1
