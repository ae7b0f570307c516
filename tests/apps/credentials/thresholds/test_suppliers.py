"""A share over three suppliers: who puts it together uses openings under grants, and shows nobody's mass."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import cache

import pytest
from tests.apps.credentials.making import post
from tests.apps.log.trail import clear, waiting

from lodeline_server.credentials.thresholds.models import OpeningGrant, ThresholdQuestion
from lodeline_server.log.queries import get

JOINT, LATER = "recycled-cobalt-2031-joint", "recycled-cobalt-2036-joint"
MASSES = {"mine": ("412000", "2300000"), "refiner": ("95500", "1150000"), "smelter": ("260000", "1300000")}


@pytest.fixture
def masses(seal, parties):
    """Credentials of the three, with `part of` signed by the issuer."""
    return [
        seal(
            getattr(parties, slug),
            unit="g",
            subject=f"urn:example:{slug}",
            recycledMassCobalt=(part, "massCobalt"),
            massCobalt=whole,
        )
        for slug, (part, whole) in MASSES.items()
    ]


@pytest.fixture
def client(api_client, parties, clock):
    return cache(lambda slug, role="supplier": api_client(role, of=getattr(parties, slug)))


def grant(client, credential, clock, *, to="refiner", claims=(JOINT, LATER), days=10):
    until = (clock.now + timedelta(days=days)).isoformat()
    return post(client, "/api/thresholds/grants", credential=credential, to=to, claims=claims, until=until)


def asked(client, credentials, claim=JOINT):
    return post(
        client("oem", "buyer"),
        "/api/thresholds/questions",
        claim=claim,
        credentials=credentials,
        to="refiner",
    ).json()


def answered(client, question):
    return post(client("refiner"), f"/api/thresholds/questions/{question['id']}/answer").json()


def test_a_joint_share_is_proven_and_no_mass_is_shown(masses, client, clock):
    for slug, credential in zip(MASSES, masses, strict=True):
        if slug != "refiner":
            made = grant(client(slug), credential, clock)
            assert made.status_code == 201, made.content
            position = made.json()["grants"][0]["position"]
            assert get(position).payload["body"]["claims"] == [JOINT, LATER]
    told = answered(client, asked(client, masses))
    assert told["state"] == "proven"
    found = post(client("oem", "buyer"), "/api/thresholds/verify", **told["proof"])
    assert found.status_code == 200, found.content
    assert len(found.json()["terms"]) == 6
    text = json.dumps([told, found.json()])
    assert not [mass for pair in MASSES.values() for mass in pair if mass in text]
    false = answered(client, asked(client, masses, LATER))
    assert (false["state"], false["reason"]) == ("refused", "the claim is false")


def test_without_a_grant_or_after_it_there_is_no_proof(masses, client, clock):
    def outcome():
        return answered(client, asked(client, masses))["state"]

    assert outcome() == "refused"
    mine, smelter = masses[0], masses[2]
    assert grant(client("mine"), mine, clock).status_code == 201
    assert grant(client("smelter"), smelter, clock, claims=(LATER,)).status_code == 201
    assert outcome() == "refused"  # granted for another claim
    row = grant(client("smelter"), smelter, clock, days=1).json()["grants"]
    assert outcome() == "proven"
    for one in row:
        clear()
        ended = post(client("smelter"), f"/api/thresholds/grants/{one['id']}/end")
        assert ended.status_code == 200
        assert [kind for kind, *_ in waiting()] == ["audit.revoke"]
    assert ThresholdQuestion.objects.count() == 3
    assert outcome() == "refused"


def test_a_grant_ends_by_itself(masses, client, clock, settings):
    settings.THRESHOLD_QUESTIONS = 9
    for slug in ("mine", "smelter"):
        grant(client(slug), masses[list(MASSES).index(slug)], clock, days=1)
    assert answered(client, asked(client, masses))["state"] == "proven"
    clock.now += timedelta(days=1)
    assert answered(client, asked(client, masses))["state"] == "refused"


def test_only_the_owner_grants_and_ends(masses, client, clock):
    assert grant(client("smelter"), masses[0], clock).status_code == 404
    made = grant(client("mine"), masses[0], clock).json()["grants"][0]
    assert post(client("smelter"), f"/api/thresholds/grants/{made['id']}/end").status_code == 404
    assert OpeningGrant.objects.filter(revoked_at__isnull=False).count() == 0
    for wrong in ({"to": "mine"}, {"to": "nobody"}, {"claims": ("x",)}, {"days": 0}, {"days": 500}):
        assert grant(client("mine"), masses[0], clock, **wrong).status_code == 422


def test_a_part_that_no_issuer_bound_to_its_whole_is_shown_to_be_one(seal, parties, client, consent):
    """Two signed masses without `partOf`: the proof brings "whole - part >= 0" along."""
    name = seal(parties.refiner, unit="g", recycledMassCobalt="400", massCobalt="2000")
    told = answered(client, asked(client, [name]))
    assert len(told["proof"]["bounds"]) == 1
    oem = client("oem", "buyer")
    without = post(oem, "/api/thresholds/verify", **{**told["proof"], "bounds": []})
    assert without.json()["errors"][0]["step"] == "policy"
    assert post(oem, "/api/thresholds/verify", **told["proof"]).status_code == 200


def test_a_share_over_100_percent_is_refused(seal, parties, client):
    name = seal(parties.refiner, unit="g", recycledMassCobalt="4000", massCobalt="2000")
    assert answered(client, asked(client, [name]))["state"] == "refused"


def test_terms_in_another_order_or_number_are_another_question(masses, client, clock):
    for slug, credential in (("mine", masses[0]), ("smelter", masses[2])):
        grant(client(slug), credential, clock)
    told = answered(client, asked(client, masses[::2]))
    message = json.loads(told["proof"]["message"])
    message["terms"] = message["terms"][2:]
    text = json.dumps(message, sort_keys=True, separators=(",", ":"))
    found = post(client("oem", "buyer"), "/api/thresholds/verify", **{**told["proof"], "message": text})
    assert found.json()["errors"][0]["step"] in {"commitment", "proof"}
