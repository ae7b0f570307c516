"""From a sealed number to a verified proof, over HTTP; and each way in which it is refused."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from tests.apps.credentials.making import plain, post
from tests.apps.log.trail import clear, waiting

from lodeline.credentials.statusbook import Act
from lodeline.credentials.thresholds.prove import REFUSAL
from lodeline_server.credentials import actions
from lodeline_server.credentials.models import Credential
from lodeline_server.credentials.thresholds.models import CommittedNumber, ThresholdQuestion
from lodeline_server.log.queries import get

CLAIM = "recycled-cobalt-2031"
NONCE = "bm9uY2Utb2Ytb2VtLTAx"
PATH = "/credentialSubject/recycledShareCobalt"


@pytest.fixture
def oem(api_client, parties, clock):
    return api_client("buyer", of=parties.oem)


@pytest.fixture
def mine(api_client, parties, clock):
    return api_client("supplier", of=parties.mine)


def ask(client, *credentials, claim=CLAIM, **more):
    return post(client, "/api/thresholds/questions", claim=claim, credentials=credentials, **more)


def proof(client, *credentials, **more):
    told = ask(client, *credentials, **more).json()
    assert told["state"] == "proven", told
    return told["proof"]


def verified(client, shown, **change):
    answer = post(client, "/api/thresholds/verify", **{**shown, **change})
    return answer.status_code, answer.json()


def refused_at(client, shown, **change):
    status, told = verified(client, shown, **change)
    assert (status, told["verified"]) == (400, False)
    return told["errors"][0]["step"]


def altered(shown, **change):
    said = json.loads(shown["message"]) | change
    message = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return {**shown, "message": message}


def test_a_share_is_proven_and_nothing_else_is_told(oem, share, parties):
    told = ask(oem, share, nonce=NONCE).json()
    assert (told["state"], told["audience"], told["nonce"]) == ("proven", parties.oem.party, NONCE)
    status, found = verified(oem, told["proof"])
    assert (status, found["verified"], found["weight"]) == (200, True, "statement")
    assert found["claim"]["threshold"] == "16"
    assert found["terms"][0]["path"] == PATH
    assert "17.3" not in json.dumps([told, found])
    assert "173000" not in json.dumps([told, found])
    types = [get(told[name]).type for name in ("position", "answerPosition")]
    assert types == ["threshold.question", "threshold.answer"]
    said = get(told["answerPosition"]).payload["body"]
    assert (said["outcome"], len(said["sha256"])) == ("proven", 64)


def test_the_issuer_signs_commitments_and_the_database_holds_no_number_in_the_clear(share):
    row = CommittedNumber.objects.get()
    body = json.loads(bytes(row.credential.body))
    assert set(body["credentialSubject"]["recycledShareCobalt"]) == {"commitment", "unit", "scale", "bits"}
    assert (173_000).to_bytes(3, "big") not in bytes(row.sealed)
    assert b"17.3" not in bytes(row.credential.body)


def test_a_question_waits_for_the_owner_who_may_decline(oem, mine, seal, parties):
    share = seal(parties.mine, recycledShareCobalt="17.3")
    told = ask(oem, share).json()
    assert told["state"] == "waiting"
    assert "proof" not in told
    address = f"/api/thresholds/questions/{told['id']}"
    put = mine.get("/api/thresholds/questions").json()["put"]
    assert [one["id"] for one in put] == [told["id"]]
    assert post(oem, f"{address}/answer").status_code == 403  # a buyer signs nothing
    assert post(mine, f"{address}/answer").json()["state"] == "proven"
    assert post(mine, f"{address}/answer").status_code == 409
    seen = oem.get(address)
    assert seen["Cache-Control"] == "private, no-store"
    assert verified(oem, seen.json()["proof"])[0] == 200
    second = ask(oem, share).json()
    assert (
        post(mine, f"/api/thresholds/questions/{second['id']}/answer", decline=True).json()["reason"]
        == "declined"
    )
    assert "reason" not in oem.get(f"/api/thresholds/questions/{second['id']}").json()


def test_refusals_look_alike(oem, share, seal, parties, consent, clock, settings):
    """False, not on the list, numbers that are not there, too often, too close: one answer."""
    low = seal(parties.mine, recycledShareCobalt="12.5", subject="urn:example:lot:2")
    consent(parties.mine, low)
    settings.THRESHOLD_QUESTIONS = 1
    answers = [ask(oem, low).json(), ask(oem, share, claim="recycled-cobalt-at-least-17").json()]
    assert ask(oem, share).json()["state"] == "proven"
    answers.append(ask(oem, share).json())
    texts = [
        {name: value for name, value in one.items() if name in {"state", "refusal", "reason", "proof"}}
        for one in answers
    ]
    assert texts == [{"state": "refused", "refusal": REFUSAL}] * 3
    assert len({frozenset(one) for one in answers}) == 1
    reasons = [row.reason for row in ThresholdQuestion.objects.filter(state="refused").order_by("pk")]
    assert len(set(reasons)) == 3
    for row in ThresholdQuestion.objects.filter(state="refused"):
        said = json.dumps(get(row.answer_position).payload)
        assert row.reason not in said
        assert '"refused"' in said


def test_a_question_about_nothing_is_refused_by_time_like_one_that_nobody_answers(oem, seal, parties, clock):
    there = seal(parties.mine, recycledShareCobalt="17.3")
    soon = (clock.now + timedelta(minutes=10)).isoformat()
    told = [ask(oem, name, expires=soon).json() for name in (there, "urn:example:nothing")]
    assert [one["state"] for one in told] == ["waiting", "waiting"]
    clock.now += timedelta(minutes=11)
    told = [oem.get(f"/api/thresholds/questions/{one['id']}").json() for one in told]
    assert [(one["state"], one["refusal"]) for one in told] == [("refused", REFUSAL)] * 2


def test_a_late_answer_is_a_refusal(oem, mine, seal, parties, clock):
    there = seal(parties.mine, recycledShareCobalt="17.3")
    told = ask(oem, there, expires=(clock.now + timedelta(minutes=10)).isoformat()).json()
    clock.now += timedelta(minutes=11)
    answer = post(mine, f"/api/thresholds/questions/{told['id']}/answer").json()
    assert (answer["state"], answer["reason"]) == ("refused", "the question has expired")


def test_the_budget_counts_what_is_asked_under_any_credential(
    oem, seal, consent, parties, api_client, settings
):
    """A certificate that is renewed seals the same number again: it is still the same value."""
    settings.THRESHOLD_QUESTIONS = 2
    states = []
    for _ in range(3):
        share = seal(parties.mine, recycledShareCobalt="17.3")
        consent(parties.mine, share)
        states.append(ask(oem, share).json()["state"])
    assert states == ["proven", "proven", "refused"]
    assert ask(api_client("buyer", of=parties.smelter), share).json()["state"] == "proven"


def test_never_both_tight_sides(oem, seal, consent, parties, settings, tmp_path):
    """A contract that asks `< 17` beside the law's `>= 16` would close in on the value."""
    file = tmp_path / "claims.json"
    rule = {"id": "contract-cobalt", "kind": "value", "path": PATH, "unit": "%", "scale": 4, "operator": "<",
            "threshold": "16.5", "bits": 20, "source": "contract 7"}  # fmt: skip
    file.write_text(json.dumps([rule]))
    settings.THRESHOLD_CLAIMS = str(file)
    share = seal(parties.mine, recycledShareCobalt="16.2")
    consent(parties.mine, share)
    assert ask(oem, share).json()["state"] == "proven"
    assert ask(oem, share, claim="contract-cobalt").json()["state"] == "refused"
    assert "close in" in ThresholdQuestion.objects.order_by("pk").last().reason


def test_a_nonce_is_asked_with_once(oem, share):
    assert ask(oem, share, nonce=NONCE).status_code == 201
    assert ask(oem, share, nonce=NONCE).status_code == 409


@pytest.mark.parametrize(
    "wrong",
    [
        {"nonce": "short"},
        {"nonce": "with a blank in the middle"},
        {"audience": "did:web:somebody.example"},
        {"expires": "2026-10-31T12:00:00Z"},
        {"expires": "2028-10-31T12:00:00Z"},
        {"expires": "2026-11-03T12:00:00"},
        {"credentials": []},
        {"credentials": ["a", "a"]},
        {"credentials": ["a\x00"]},
        {"claim": "\x00"},
        {"claim": ""},
        {"to": "nobody"},
        {"to": "no\x00body"},
    ],
    ids=str,
)
def test_a_question_that_is_none_is_told_so(wrong, oem, share):
    said = {"claim": CLAIM, "credentials": [share], **wrong}
    assert post(oem, "/api/thresholds/questions", **said).status_code == 422
    assert ThresholdQuestion.objects.count() == 0


# --- forgeries that only a server can refuse: the kinds of mathematics are in tests/core ---------------


def test_a_replayed_nonce(oem, share):
    shown = proof(oem, share)
    assert verified(oem, shown)[0] == 200
    assert refused_at(oem, shown) == "nonce"


def test_a_nonce_that_was_never_given_out(oem, share, api_client, parties):
    """The proof of another verifier, word for word, under one's own name: the nonce is not ours."""
    other = api_client("buyer", of=parties.smelter)
    shown = proof(other, share)
    assert refused_at(oem, altered(shown, audience=parties.oem.party)) == "nonce"


def test_another_verifier(oem, share, api_client, parties):
    shown = proof(oem, share)
    assert refused_at(api_client("buyer", of=parties.smelter), shown) == "audience"
    assert verified(oem, shown)[0] == 200  # nobody else uses up our nonce


def test_an_expired_proof(oem, share, clock):
    shown = proof(oem, share, expires=(clock.now + timedelta(minutes=10)).isoformat())
    clock.now += timedelta(minutes=10)
    assert refused_at(oem, shown) == "dates"
    assert refused_at(oem, altered(shown, expires="2026-11-02T12:00:00Z")) in {"nonce", "proof"}


def test_a_commitment_that_is_not_in_the_signed_credential(oem, share, seal, parties, consent):
    """The message has no place for one; a path where the credential has none is refused, and one of another too."""
    shown = proof(oem, share)
    said = json.loads(shown["message"])
    term = {**said["terms"][0], "commitment": CommittedNumber.objects.get().commitment}
    assert refused_at(oem, altered(shown, terms=[term])) == "structure"
    lead = seal(parties.mine, massShareLead="0.004", subject="urn:example:lot:3")
    wrong = [{**said["terms"][0], "credential": lead}]
    assert refused_at(oem, altered(shown, terms=wrong), credentials=[]) == "commitment"


def test_a_credential_whose_commitment_was_exchanged(oem, share, seal, parties):
    shown = proof(oem, share)
    better = seal(parties.mine, recycledShareCobalt="40", subject="urn:example:lot:4")
    body = json.loads(bytes(Credential.objects.get(identifier=better).body))
    forged = json.loads(json.dumps(shown["credentials"][0]))
    forged["credentialSubject"]["recycledShareCobalt"] = body["credentialSubject"]["recycledShareCobalt"]
    assert refused_at(oem, shown, credentials=[forged]) == "signature"


def test_a_true_proof_over_another_credential(oem, share, seal, parties, consent):
    """Who proves must not choose what is proven: the question named the credential."""
    shown = proof(oem, share)
    other = seal(parties.mine, recycledShareCobalt="40", subject="urn:example:lot:5")
    consent(parties.mine, other)
    elsewhere = proof(oem, other)
    row = ThresholdQuestion.objects.get(nonce=json.loads(elsewhere["message"])["nonce"])
    row.credentials = [share]
    row.save()
    assert refused_at(oem, elsewhere) == "commitment"
    row.credentials, row.claim = [other], "recycled-cobalt-2036"
    row.save()
    assert refused_at(oem, elsewhere) == "nonce"
    assert verified(oem, shown)[0] == 200


def test_a_revoked_credential(oem, share, parties, actor, clock):
    shown = proof(oem, share)
    actions.set_status(
        actor=actor("maker"), organisation=parties.lab, identifier=share, act=Act.REVOKE, now=clock.now
    )
    clock.now += timedelta(minutes=1)
    assert refused_at(oem, shown) == "status"


def test_an_issuer_on_no_trust_list_makes_a_mere_statement(oem, share):
    _, found = verified(oem, proof(oem, share))
    (one,) = found["credentials"]
    assert (found["weight"], one["trusted"], one["evidence"]["trusted"]) == ("statement", False, False)


def test_another_threshold_operator_unit_or_claim(oem, share):
    shown = proof(oem, share)
    for change in (
        {"threshold": "150000"}, {"operator": ">"}, {"unit": "g"}, {"scale": 3}, {"claim": "recycled-cobalt-2036"},
        {"bits": 21},
    ):  # fmt: skip
        assert refused_at(oem, altered(shown, **change)) in {"policy", "commitment"}, change
    assert verified(oem, shown)[0] == 200


def test_a_message_that_is_none(oem, share):
    for message in ("", "[]", "{}", "null", '{"nonce":1}', "{" * 5000, '{"nonce":"\\u0000"}'):
        assert refused_at(oem, {"message": message}) == "structure"
    for body in ({}, {"message": 1}, {"message": "{}", "bounds": "x"}, {"message": "{}", "bounds": [1]}):
        assert post(oem, "/api/thresholds/verify", **body).status_code == 422


# --- who may what ---------------------------------------------------------------------------------------


def test_another_workspace_sees_and_answers_nothing(
    oem, share, api_client, other_organisation, seal, parties
):
    stranger = api_client("maker", of=other_organisation)
    told = ask(oem, seal(parties.mine, recycledShareCobalt="20", subject="urn:example:lot:6")).json()
    address = f"/api/thresholds/questions/{told['id']}"
    assert stranger.get(address).status_code == 404
    assert post(stranger, f"{address}/answer").status_code == 404
    assert ask(stranger, share).json()["state"] == "waiting"  # nobody there to answer it
    assert post(stranger, "/api/thresholds/consent", credential=share, atOnce=True).status_code == 404
    assert refused_at(stranger, proof(oem, share), credentials=[]) in {"structure", "audience"}


def test_a_third_party_of_the_workspace_neither_reads_nor_answers(oem, seal, parties, api_client):
    told = ask(oem, seal(parties.mine, recycledShareCobalt="20")).json()
    third = api_client("supplier", of=parties.smelter)
    address = f"/api/thresholds/questions/{told['id']}"
    assert third.get(address).status_code == 404
    assert post(third, f"{address}/answer").status_code == 404


def test_every_question_and_verdict_stands_in_the_audit_trail(oem, share):
    clear()
    shown = proof(oem, share)
    verified(oem, shown)
    refused_at(oem, shown)
    lines = [(kind, line["action"], line["outcome"]) for kind, _, line in waiting()]
    assert lines == [
        ("audit.change", "threshold.asked", "ok"),
        ("audit.change", "threshold.verified", "ok"),
        ("audit.refused", "lodeline_server_credentials_thresholds_api_verify", "refused"),
    ]


# --- openings in a file ----------------------------------------------------------------------------------


def test_openings_kept_in_a_file_are_used_and_not_kept(oem, mine, api_client, parties, clock):
    lab = api_client("maker", of=parties.lab)
    made = post(
        lab,
        "/api/thresholds/credentials",
        credential=plain(),
        numbers=[{"path": PATH, "value": "17.3"}],
        owner="mine",
        keep="file",
    )
    assert made.status_code == 201, made.content
    openings = made.json()["openings"]
    share = made.json()["verifiableCredential"]["id"]
    assert CommittedNumber.objects.get().sealed is None
    first, second = (ask(oem, share).json()["id"] for _ in range(2))
    told = post(mine, f"/api/thresholds/questions/{first}/answer").json()
    assert told["state"] == "refused"  # nothing in the database to prove with
    told = post(mine, f"/api/thresholds/questions/{second}/answer", openings=openings).json()
    assert told["state"] == "proven"
    assert verified(oem, told["proof"])[0] == 200
    assert CommittedNumber.objects.get().sealed is None
    third = ask(oem, share).json()["id"]
    for wrong in ({}, [], {"format": "lodeline-openings/1", "openings": [{"value": 1}]}):
        assert post(mine, f"/api/thresholds/questions/{third}/answer", openings=wrong).status_code == 422
    openings["openings"][0]["value"] = "400000"
    told = post(mine, f"/api/thresholds/questions/{third}/answer", openings=openings).json()
    assert (told["state"], told["reason"]) == ("refused", "the opening does not fit the commitment")


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ({"path": PATH, "value": "-1"}, "0 to 2^20"),
        ({"path": PATH, "value": "100.0001"}, "over 100 %"),
        ({"path": PATH, "value": "17.30001"}, "at most 4 decimals"),
        ({"path": PATH, "value": "NaN"}, "decimal number"),
        ({"path": PATH, "value": "1e400"}, "0 to 2^"),
        ({"path": PATH, "value": 17}, "not of its kind"),
        ({"path": "/issuer", "value": "1"}, "/issuer"),
        ({"path": "/credentialSubject/id", "value": "1"}, "/credentialSubject/id"),
        ({"path": PATH, "value": "1", "partOf": "/credentialSubject/other"}, "partOf"),
        ({"path": PATH, "value": "1", "bits": 99}, "bits"),
        ({"path": PATH, "value": "1", "unit": "µ"}, "unit"),
    ],
)  # fmt: skip
def test_what_cannot_be_sealed(number, said, api_client, parties, clock):
    lab = api_client("maker", of=parties.lab)
    answer = post(lab, "/api/thresholds/credentials", credential=plain(), numbers=[number])
    assert answer.status_code == 422
    assert said in answer.json()["detail"]
    assert Credential.objects.count() == 0


def test_lists_ask_the_database_the_same_number_of_times_however_long(
    oem, mine, share, django_assert_max_num_queries, settings
):
    settings.THRESHOLD_QUESTIONS = 9
    for _ in range(4):
        ask(oem, share)
    for client in (oem, mine):
        with django_assert_max_num_queries(8):
            assert client.get("/api/thresholds/questions").status_code == 200
    with django_assert_max_num_queries(8):
        assert len(mine.get("/api/thresholds/numbers").json()["numbers"]) == 1


def test_what_a_number_answers_by_itself_the_platform_puts_on_record(oem, share, parties):
    told = ask(oem, share).json()
    said = get(told["answerPosition"]).payload
    assert (said["issuer"], said["captured_by"]) == (parties.mine.party, "platform")


def test_a_verifier_is_called_by_any_of_its_own_names(share, api_client, parties, clock):
    """The laboratory has DIDs, of both methods; whichever it asks under, it is one verifier with one budget."""
    lab = api_client("maker", of=parties.lab)
    (wrong,) = [ask(lab, share, audience="did:web:localhost%3A8000:orgs:mine").json()["detail"]]
    names = wrong.removeprefix("you are called ").split(" or ")
    assert [name.split(":")[1] for name in names] == ["web", "webvh", "//id.gs1.org/417/9521000000004"]
    for name in names:
        shown = proof(lab, share, audience=name)
        assert verified(lab, shown)[0] == 200
    assert ask(lab, share).json()["state"] == "proven"
    assert ask(lab, share, audience=names[1]).json()["state"] == "refused"
