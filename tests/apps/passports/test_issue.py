"""Issuing: assembled from the record, logged, published once; again only when something has changed."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import timedelta

import pytest
from tests.apps.passports import telling
from tests.apps.passports.telling import GTIN, HOLDER, MAKER, about, chain, item, model, pack, stated, tell

from lodeline import strictjson
from lodeline.access import Denied, Permission, Role, platform
from lodeline_server.kit.problems import Problem
from lodeline_server.log import queries as log
from lodeline_server.log.projections import dump_all, rebuild
from lodeline_server.passports import actions, queries
from lodeline_server.passports.models import Passport
from lodeline_server.publishing.models import Published
from lodeline_server.publishing.serving import HTML, JSON

pytestmark = pytest.mark.django_db


def public(serial="A1", gtin=GTIN):
    rows = {row.media_type: row for row in Published.objects.filter(key=f"/01/{gtin}/21/{serial}")}
    return strictjson.loads(bytes(rows[JSON].body)), bytes(rows[HTML].body).decode(), rows[HTML]


def again(workspace, now):
    return actions.issue_all(actor=platform(workspace.pk), workspace=workspace.pk, now=now)


def test_a_passport_holds_what_is_on_record(issued):
    document, page, _ = public()
    assert document["batteryWeight"]["value"] == "462"
    assert document["placeOfManufacture"]["value"] == "Acme pack plant, Sweden"
    assert document["dateOfManufacture"]["value"] == "2026-05"
    assert document["batteryCapacity"]["value"] == "77.0"
    assert document["recycledCobalt"]["value"] == "10.00"
    assert document["materialOrigin"]["cobalt"]["countries"] == {"AU": "90.00"}
    assert document["materialOrigin"]["cobalt"]["recycled"] == {"PL": "10.00"}
    assert document["dppStatus"] == "active"
    values = [one for one in document.values() if isinstance(one, dict) and "value" in one]
    assert len(values) >= 20
    assert all(one["statementId"] and one["statement"] >= 0 for one in values)
    assert "Acme A7 pack" in page


def test_every_value_leads_to_a_statement_in_the_log(issued):
    document, _, _ = public()
    for name, one in document.items():
        if isinstance(one, dict) and "statement" in one:
            found = log.get(one["statement"], issued.pk)
            assert found.payload["id"] == one["statementId"], name


def test_the_statement_carries_hash_and_sources(issued):
    row = Passport.objects.get(key=item("A1"))
    statement = log.get(row.position)
    body = statement.payload["body"]
    form = Published.objects.get(key=f"/01/{GTIN}/21/A1", media_type=JSON)
    assert statement.type == "passport.published"
    assert statement.payload["issuer"] == "urn:x-lodeline:platform"
    assert statement.payload["signature"]["by"] == "platform"
    assert body["documentHash"] == hashlib.sha256(bytes(form.body)).hexdigest() == form.etag
    assert all(log.get(one["position"]).payload["id"] == one["id"] for one in body["restsOn"])
    assert len(body["states"]) == 71
    assert row.evidence_position < row.position
    assert row.counts["PUB"]["present"] == sum(
        state == "present" for number, (state, _) in body["states"].items() if int(number) <= 44
    )


def test_issuing_again_adds_nothing(issued, now):
    before = (log.size(), list(Published.objects.values_list("key", "etag", "published_at").order_by("pk")))
    done = again(issued, now + timedelta(days=1))
    assert (done.issued, len(done.unchanged)) == ([], 3)
    assert before == (
        log.size(),
        list(Published.objects.values_list("key", "etag", "published_at").order_by("pk")),
    )


def test_a_new_fact_makes_a_new_version(issued, now):
    tell(issued.pk, about("A1", {"10": "461.5"}, number=1))
    later = now + timedelta(days=2)
    done = again(issued, later)
    assert (done.issued, len(done.unchanged)) == ([item("A1")], 2)
    row = Passport.objects.get(key=item("A1"))
    assert (row.version, row.public_version) == (2, 2)
    assert (row.first_published_at, row.published_at) == (now, later)
    document, page, _ = public()
    assert document["batteryWeight"]["value"] == "461.5"
    assert document["lastUpdated"] == "2026-11-03T12:00:00Z"
    assert "version 2" in page


def test_a_private_change_is_logged_and_does_not_show(issued, now):
    before = bytes(public()[2].body)
    tell(issued.pk, about("A1", {"51": "219"}, number=1))
    assert again(issued, now + timedelta(days=2)).issued == [item("A1")]
    row = Passport.objects.get(key=item("A1"))
    assert (row.version, row.public_version) == (2, 1)
    assert bytes(public()[2].body) == before
    assert Published.objects.get(pk=public()[2].pk).published_at == now
    body = queries.body(row)
    assert body["document"]["ratedCapacity"]["value"] == "219"
    assert body["documentHash"] == Published.objects.get(key=f"/01/{GTIN}/21/A1", media_type=JSON).etag
    assert again(issued, now + timedelta(days=3)).issued == []


def test_nothing_private_is_published(issued):
    for row in Published.objects.filter(kind="passport"):
        text = bytes(row.body).decode()
        for word in (
            "Secret",
            'ratedCapacity"',
            "detailedComposition",
            "testReport",
            "batteryStatus",
            "219.7",
        ):
            assert word not in text, (row.media_type, word)


def test_page_is_written_again_when_its_sheet_changes(issued, now, monkeypatch):
    before = public()[1]
    new = staticmethod(lambda path: f"/static/new/{path.removeprefix('kit/')}")
    monkeypatch.setattr("django.templatetags.static.StaticNode.handle_simple", new)
    monkeypatch.setattr("lodeline_server.passports.rendering.static", new)
    assert again(issued, now + timedelta(days=1)).issued == []
    look = re.compile(r'content="Lodeline \w{16}"')
    assert look.sub("", public()[1]) == look.sub("", before).replace("/static/kit/", "/static/new/")
    assert Passport.objects.get(key=item("A1")).version == 1


def test_a_lost_publication_comes_back(issued, now):
    kept = {row.pk: bytes(row.body) for row in Published.objects.filter(kind="passport")}
    before = public()[1]
    Published.objects.filter(kind="passport", media_type=HTML).delete()
    again(issued, now + timedelta(days=1))
    assert public()[1] == before
    assert len(kept) == Published.objects.filter(kind="passport").count()


def test_rebuild_gives_the_same_rows(issued, now):
    tell(issued.pk, about("A1", {"10": "461.5"}, number=1), about("A2", {"51": "1"}, number=1))
    again(issued, now + timedelta(days=2))
    before = list(dump_all(["passports"]))
    rebuild(["passports"])
    assert list(dump_all(["passports"])) == before
    assert len(before) == 3


def test_one_battery(ground, actor, now):
    row = actions.issue(actor=actor(Role.MAKER), key=item("A2"), now=now)
    assert (row.serial, row.version, row.model) == ("A2", 1, "Acme A7 pack")
    assert actions.issue(actor=actor(Role.MAKER), key=item("A2"), now=now).position == row.position
    assert Passport.objects.count() == 1


def test_who_may_issue(ground, actor, other_actor, now):
    for role in Role:
        if role is Role.MAKER:
            continue
        with pytest.raises(Denied):
            actions.issue(actor=actor(role), key=item("A1"), now=now)
        with pytest.raises(Denied):
            actions.issue_all(actor=actor(role), workspace=ground.pk, now=now)
    with pytest.raises(Problem) as refused:
        actions.issue(actor=other_actor(Role.MAKER), key=item("A1"), now=now)
    assert refused.value.status == 404
    with pytest.raises(Problem) as refused:
        actions.issue_all(actor=other_actor(Role.MAKER), workspace=ground.pk, now=now)
    assert refused.value.status == 404
    assert Permission.PASSPORTS_ISSUE.value == "passports.issue"


def test_another_makers_battery(ground, actor, now):
    tell(ground.pk, model(issuer=HOLDER), pack("B1", issuer=HOLDER))
    with pytest.raises(Problem) as refused:
        actions.issue(actor=actor(Role.MAKER), key=item("B1"), now=now)
    assert refused.value.status == 403
    done = actions.issue_all(actor=actor(Role.MAKER), workspace=ground.pk, now=now)
    assert sorted(done.issued) == [item("A1"), item("A2"), item("A3")]


def test_anothers_word_about_the_model_does_not_count(ground, now):
    tell(ground.pk, model({**telling.POINTS, "11": "999"}, issuer=HOLDER, number=1))
    again(ground, now)
    assert public()[0]["batteryCapacity"]["value"] == "77.0"


def test_anothers_word_about_the_battery_counts_for_its_status_only_when_it_held_it(ground, now):
    stranger = about("A1", {"10": "1"}, "waste", issuer=HOLDER)
    tell(ground.pk, stranger)
    again(ground, now)
    assert (
        queries.body(Passport.objects.get(key=item("A1")))["document"]["batteryStatus"]["value"] == "original"
    )
    handed = telling.happened(
        "handover", "ObjectEvent", telling.MADE + timedelta(days=9), issuer=HOLDER, action="OBSERVE",
        bizStep="receiving", epcList=[item("A1")], bizLocation={"id": telling.PLANT},
        destinationList=[{"type": "possessing_party", "destination": HOLDER}],
    )  # fmt: skip
    tell(ground.pk, handed)
    again(ground, now + timedelta(days=1))
    document = queries.body(Passport.objects.get(key=item("A1")))["document"]
    assert document["batteryStatus"]["value"] == "waste"
    assert document["batteryWeight"]["value"] == "462"


def test_statement_that_is_not_in_force(ground, now):
    expired = stated("battery.item", item("A1"), {"points": {"10": "300"}, "status": "original"}, number=9)
    expired.payload["body"]["validUntil"] = "2026-10-31"
    tell(ground.pk, expired)
    again(ground, now)
    assert public()[0]["batteryWeight"]["value"] == "462"


def test_unknown_and_unusable_batteries(ground, actor, now):
    for key in (item("NONE"), telling.MINED, "x", "", "\x00"):
        with pytest.raises(Problem) as refused:
            actions.issue(actor=actor(Role.MAKER), key=key, now=now)
        assert refused.value.status == 404
    tell(ground.pk, model({}, gtin=telling.OLD_GTIN, issuer=HOLDER), pack("Z1", gtin=telling.OLD_GTIN))
    with pytest.raises(Problem) as refused:
        actions.issue(actor=actor(Role.MAKER), key=item("Z1", telling.OLD_GTIN), now=now)
    assert refused.value.status == 409
    assert "not stated this battery model" in refused.value.detail


def test_one_identifier_has_one_passport(issued, other_workspace, now):
    tell(other_workspace.pk, *chain(), pack("A1"))
    done = again(other_workspace, now)
    assert done.skipped == [(item("A1"), "another workspace has issued a passport for this identifier")]
    assert Passport.objects.filter(workspace=other_workspace).count() == 0


def test_second_life(issued, now):
    tell(
        issued.pk,
        model({**telling.POINTS, "33": {"applies": False}}, gtin=telling.OLD_GTIN, category="industrial"),
        pack(
            "S1",
            gtin=telling.OLD_GTIN,
            mined=0,
            regained=0,
            inputs=[item("A1")],
            at=telling.MADE + timedelta(60),
        ),
        about("S1", {"62": "86.4"}, "repurposed", gtin=telling.OLD_GTIN, derived=[item("A1")]),
    )
    done = again(issued, now + timedelta(days=1))
    assert sorted(done.issued) == sorted([item("A1"), item("S1", telling.OLD_GTIN)])
    old, page, form = public()
    assert (old["dppStatus"], old["succeededBy"], form.status) == (
        "archived",
        [item("S1", telling.OLD_GTIN)],
        200,
    )
    assert f'href="/01/{telling.OLD_GTIN}/21/S1"' in page
    new, page, _ = public("S1", telling.OLD_GTIN)
    assert (new["dppStatus"], new["derivedFrom"]) == ("active", [item("A1")])
    assert f'href="/01/{GTIN}/21/A1"' in page
    assert "repurposed" not in json.dumps(new)
    assert new["materialOrigin"]["cobalt"]["countries"] == {"AU": "90.00"}


def test_claiming_to_be_made_from_somebody_elses_battery_changes_nothing(issued, now):
    claim = about("X1", {}, "repurposed", issuer=HOLDER, derived=[item("A1")])
    tell(issued.pk, claim)
    assert again(issued, now + timedelta(days=1)).issued == []


def test_a_circle_of_origins_is_refused(issued, now):
    tell(
        issued.pk,
        about("A1", {}, number=5, derived=[item("A2")]),
        about("A2", {}, number=5, derived=[item("A1")]),
    )
    done = again(issued, now + timedelta(days=1))
    assert sorted(done.skipped) == [
        (item("A1"), "it is said to be derived from itself"),
        (item("A2"), "it is said to be derived from itself"),
    ]


def test_recycled(issued, now):
    ended = telling.happened(
        "ending", "ObjectEvent", telling.MADE + timedelta(days=90), action="DELETE", bizStep="destroying",
        epcList=[item("A1")], bizLocation={"id": telling.RECYCLER},
    )  # fmt: skip
    tell(issued.pk, ended)
    assert again(issued, now + timedelta(days=1)).issued == [item("A1")]
    document, page, form = public()
    assert form.status == 410
    assert document == {
        "digitalProductPassportId": f"http://127.0.0.1:8000/01/{GTIN}/21/A1",
        "uniqueProductIdentifier": item("A1"),
        "granularity": "item",
        "dppSchemaVersion": "urn:x-lodeline:passport:1",
        "dppStatus": "inactive",
        "lastUpdated": "2026-11-02T12:00:00Z",
        "economicOperatorId": MAKER,
        "facilityId": telling.PLANT,
        "contentSpecificationIds": ["urn:x-lodeline:datapoints:eu-2023-1542:guidance-1.0"],
    }
    assert "was recycled" in page
    row = Passport.objects.get(key=item("A1"))
    assert (row.status, row.ceased) == ("inactive", True)
    assert queries.body(row)["document"]["batteryWeight"]["value"] == "462"
    assert again(issued, now + timedelta(days=2)).issued == []


def test_hostile_words_are_escaped(ground, now):
    bad = '<script>alert("1")</script>'
    tell(ground.pk, model({**telling.POINTS, "3": bad, "14": bad, "5": 'x" onclick="y@z'}, number=1))
    again(ground, now)
    document, page, _ = public()
    assert document["manufacturer"]["value"] == bad
    assert "<script" not in page
    assert 'onclick="' not in page
    assert "&lt;script&gt;" in page


def test_questions_asked_of_the_database(issued, now, django_assert_max_num_queries):
    with django_assert_max_num_queries(60):
        again(issued, now + timedelta(days=1))
