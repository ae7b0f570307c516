"""The demonstration world as plain values: who, what flows, which documents. No database."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter, defaultdict
from datetime import UTC, date, datetime
from functools import cache

import pytest

from lodeline.events.check import check
from lodeline.evidence import Severity
from lodeline.identifiers import gtin_valid, normalise
from lodeline_server.demo.stock import content
from lodeline_server.demo.story import tell
from lodeline_server.demo.world import shift

ANCHORS = [date(2026, 11, 1), date(2024, 3, 1), date(2027, 1, 1)]
WORLDS = [(anchor, small) for small in (True, False) for anchor in ANCHORS[: 3 if small else 2]]


@cache
def told(anchor=ANCHORS[0], *, small=False):
    return tell(anchor, small=small)


@pytest.fixture(params=WORLDS, ids=lambda given: f"{given[0]}-{'small' if given[1] else 'full'}")
def story(request):
    anchor, small = request.param
    return told(anchor, small=small)


def test_the_full_world_has_the_size_that_was_promised():
    story = told()
    parties = story.world.parties.values()
    roles = Counter(role for party in parties for role in party.roles)

    assert sum(party.supplier for party in parties) >= 40
    assert len({party.name for party in parties}) == len(story.world.parties)
    assert roles["certification_body"] == 2
    assert roles["laboratory"] == 1
    assert all(roles[role] for role in ("mine", "trader", "refiner", "active_material", "cell", "pack"))
    assert all(roles[role] for role in ("vehicle", "fleet", "second_life", "recycler"))
    assert 1_900 <= len(story.network.lots) <= 2_200
    made = Counter(pack.product.slug for pack in story.network.packs)
    assert made == {"hv77": 180, "tl7": 70, "hs52": 50, "gs70": 1}
    mined = {
        (substance, story.world.parties[lot.party].country)
        for lot in story.network.lots.values()
        for substance in lot.ppm
        if "mine" in story.world.parties[lot.party].roles
    }
    countries = Counter(substance for substance, _ in mined)
    assert set(countries) == {"Ni", "Co", "Mn", "Li", "C", "Cu", "Al"}
    assert min(countries.values()) >= 2


def test_the_small_world_is_small():
    story = told(small=True)
    assert sum(party.supplier for party in story.world.parties.values()) < 20
    assert len(story.network.lots) < 90
    assert Counter(pack.product.slug for pack in story.network.packs) == {"hv77": 8, "gs70": 1}


def test_identifiers_are_demonstration_keys_with_right_check_digits(story):
    keys = {party.uri for party in story.world.parties.values()}
    keys |= {site.uri for party in story.world.parties.values() for site in party.sites}
    keys |= set(story.network.lots) | {pack.uri for pack in story.network.packs}
    for key in keys:
        assert normalise(key) == key
        primary = key.split("/")[4]
        assert "952" in primary[:4]
        if "/01/" in key:
            assert gtin_valid(primary)


@pytest.mark.parametrize("small", [True, False])
def test_the_same_anchor_gives_the_same_bytes_in_another_process(small):
    here = [(document.name, document.sha256) for document in told(small=small).documents]
    script = (
        "import json; from datetime import date; from lodeline_server.demo.story import tell;"
        f"print(json.dumps([(d.name, d.sha256) for d in tell(date(2026, 11, 1), small={small}).documents]))"
    )
    there = subprocess.run(
        [sys.executable, "-c", script],
        env=os.environ | {"PYTHONHASHSEED": "12345", "TZ": "Asia/Kathmandu"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert [tuple(row) for row in json.loads(there.stdout)] == here


def test_another_anchor_moves_dates_and_event_ids_but_no_lot_or_party():
    one, other = told(), told(ANCHORS[1])
    assert {p.uri for p in one.world.parties.values()} == {p.uri for p in other.world.parties.values()}
    assert one.places["recalled_lot"] == other.places["recalled_lot"]
    ids = [
        {
            event["eventID"]
            for document in story.documents
            if document.kind == "epcis"
            for event in _events(document)
        }
        for story in (one, other)
    ]
    assert not ids[0] & ids[1]


def _events(document):
    return json.loads(document.data)["epcisBody"]["eventList"]


def test_every_document_passes_the_check_without_an_error_or_warning(story):
    for document in story.documents:
        checked = check(document.data, now=document.captured_at)
        assert [f for f in checked.findings if f.severity is not Severity.NOTE] == [], document.name
        stated = checked.events if document.kind == "epcis" else checked.statements
        assert len(stated) == document.count
        assert document.kind == "statements" or document.count <= 100


def test_mass_of_every_substance_closes_but_in_the_story_of_the_contradiction(story):
    contradictions = Counter()
    for happening in story.network.happenings:
        lot = happening.described
        if happening.type != "TransformationEvent" or not happening.inputs:
            continue
        held = content(happening.inputs)
        assert set(lot.ppm) == set(held), lot.uri
        for substance in lot.ppm:
            share = lot.total * lot.micrograms(substance) / held[substance]
            if share > 1.02:
                contradictions[happening.party, substance] += 1
            else:
                assert 0.98 <= share <= 1, (lot.uri, substance, share)
    assert set(contradictions) == {("drakensund", "Ni")}


def test_nothing_is_used_up_twice_or_before_it_is_there(story):
    """Follow what each party holds from its own records only."""
    held = defaultdict(int)
    on_the_way = Counter()
    for happening in story.network.happenings:
        here = story.world.parties[happening.party]
        for part in happening.inputs:
            held[happening.party, part.lot.uri] -= part.amount
            assert held[happening.party, part.lot.uri] >= 0, (happening.at, part.lot.uri)
        for part in happening.quantities:
            key = (happening.party, part.lot.uri)
            if happening.step == "shipping":
                held[key] -= part.amount
                assert held[key] >= 0, (happening.at, part.lot.uri)
                on_the_way[happening.destination, part.lot.uri] += part.amount
                if story.world.parties[happening.destination].grade == "d":
                    held[happening.destination, part.lot.uri] += part.amount  # may keep no receipt
            elif happening.step == "receiving":
                on_the_way[key] -= part.amount
                assert on_the_way[key] >= 0
                if here.grade != "d":
                    held[key] += part.amount
            else:
                held[key] += part.amount
        for part in happening.outputs:
            held[happening.party, part.lot.uri] += part.amount


def test_every_receipt_has_its_shipment(story):
    sent = {h.note: h.at for h in story.network.happenings if h.step == "shipping"}
    received = [h for h in story.network.happenings if h.step == "receiving"]
    assert len(sent) == len({h.note for h in story.network.happenings if h.step == "shipping"})
    assert len(received) > 0.9 * len(sent)
    assert all(sent[happening.note] < happening.at for happening in received)


def test_documents_come_after_what_they_tell_and_before_the_anchor(story):
    anchor = story.world.anchor
    end = datetime(anchor.year, anchor.month, anchor.day, tzinfo=UTC)
    assert [d.captured_at for d in story.documents] == sorted(d.captured_at for d in story.documents)
    assert len({document.sha256 for document in story.documents}) == len(story.documents)
    for document in story.documents:
        assert document.captured_at < end
        if document.kind == "epcis":
            for event in _events(document):
                assert datetime.fromisoformat(event["eventTime"]) < document.captured_at
        else:
            for said in json.loads(document.data)["statements"]:
                assert date.fromisoformat(said["issued"]) <= document.captured_at.date()
                assert said["issuer"] == story.world.parties[document.party].uri


def test_statements_cover_every_kind_and_every_supplier(story):
    said = [s for d in story.documents if d.kind == "statements" for s in json.loads(d.data)["statements"]]
    kinds = {statement["kind"] for statement in said}
    wanted = {
        "party.profile", "site.profile", "origin.attestation", "certificate", "assessment.result",
        "site.performance", "policy.signature", "incident", "drill", "market.evidence", "screening",
        "battery.model", "battery.item",
    }  # fmt: skip
    assert wanted <= kinds
    assert story.world.small or "delivery.performance" in kinds
    profiled = {s["subject"] for s in said if s["kind"] == "party.profile"}
    assert profiled == {party.uri for party in story.world.parties.values() if party.roles}
    assert len({s["id"] for s in said}) == len(said)
    batteries = {s["subject"] for s in said if s["kind"] == "battery.item"}
    assert batteries == {pack.uri for pack in story.network.packs}


def test_models_state_at_least_30_public_points(story):
    models = [
        s["content"]
        for d in story.documents
        if d.kind == "statements"
        for s in json.loads(d.data)["statements"]
        if s["kind"] == "battery.model"
    ]
    assert len(models) == (2 if story.world.small else 4)
    for content_ in models:
        assert sum(1 <= int(number) <= 44 for number in content_["points"]) >= 30


def test_the_stories_are_there(story):
    places, world = story.places, story.world
    said = [s for d in story.documents if d.kind == "statements" for s in json.loads(d.data)["statements"]]
    certificates = {s["content"]["number"]: s for s in said if s["kind"] == "certificate"}
    soon = date.fromisoformat(certificates["NM-2207"]["validUntil"])
    assert (soon - world.anchor).days == 27
    assert certificates["NM-2207"]["subject"] == places["certificate_expires_soon"]
    expired = [s for s in certificates.values() if date.fromisoformat(s["validUntil"]) < world.anchor]
    assert [s["subject"] for s in expired] == [places["expired_certificate"]]

    (incident,) = [s for s in said if s["kind"] == "incident" and s["content"]["severity"] == "critical"]
    assert incident["subject"] == places["incident"]
    assert "closed" not in incident["content"]
    (drill,) = [s for s in said if s["kind"] == "drill" and s["assurance"]["assessorLevel"] == "Buyer"][-1:]
    assert drill["subject"] == places["second_party_drill"]

    (again,) = [s for s in said if s["kind"] == "battery.item" and "derivedFrom" in s["content"]]
    assert again["subject"] == places["second_life_battery"]
    assert again["content"]["derivedFrom"] == [places["second_life_original"]]
    (waste,) = [s for s in said if s["kind"] == "battery.item" and s["content"]["status"] == "waste"]
    assert waste["subject"] == places["recycled_battery"]

    signing = {document.party for document in story.documents if document.signs}
    assert "nordfell" in signing
    assert "vellamo" not in signing


def test_recovered_metal_ends_in_new_packs_and_the_bad_lot_in_many(story):
    """An own, plain calculation of shares, to be sure that the stories reach the packs."""
    start = {story.places["recycled_lot"]: "recycled", story.places["recalled_lot"]: "recalled"}
    shares = defaultdict(dict)
    for happening in story.network.happenings:
        lot = happening.described
        if lot is None:
            continue
        if lot.uri in start:
            shares[lot.uri] = {start[lot.uri]: 1.0}
        elif happening.inputs and "Co" in lot.ppm:
            total = content(happening.inputs)["Co"]
            mixed = Counter()
            for part in happening.inputs:
                weight = part.amount * part.lot.micrograms("Co") / total
                for name, share in shares[part.lot.uri].items():
                    mixed[name] += weight * share
            shares[lot.uri] = dict(mixed)
        elif happening.input_epcs:
            shares[lot.uri] = shares[happening.input_epcs[0]]
    packs = [shares[pack.uri] for pack in story.network.packs]
    doses = sorted((pack.get("recalled", 0) for pack in packs), reverse=True)
    assert doses[0] > 0.1
    assert sum(dose > 0.001 for dose in doses) >= 5
    assert len({round(dose, 3) for dose in doses if dose > 0.001}) >= 5
    assert sum(pack.get("recycled", 0) > 0 for pack in packs) >= 1


def test_late_records_are_weeks_late_and_good_ones_are_not():
    delays = defaultdict(list)
    for document in told().documents:
        if document.kind == "epcis":
            for event in _events(document):
                delays[document.party].append(
                    document.captured_at - datetime.fromisoformat(event["eventTime"])
                )
    middle = {party: sorted(found)[len(found) // 2].days for party, found in delays.items()}
    assert middle["kivuline"] >= 28
    assert middle["nordfell"] <= 3
    assert max(middle, key=middle.get) == "kivuline"


def test_months_shift_over_years():
    assert shift(date(2026, 11, 1), -18) == date(2025, 5, 1)
    assert shift(date(2026, 12, 1), 1) == date(2027, 1, 1)
