"""Every battery with a passport has a DID: one document, its maker in control, found by anybody."""

from __future__ import annotations

import json
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from tests.apps.passports.telling import MAKER, about, chain, pack, tell

from lodeline.access import Denied, Role, platform
from lodeline.credentials import did_webvh, resolve
from lodeline.credentials.verdict import CredentialRefused
from lodeline_server.credentials import actions as credentials
from lodeline_server.credentials import dids, material, queries
from lodeline_server.credentials.models import BatteryDid, Issuer
from lodeline_server.passports.actions import issue_all
from lodeline_server.passports.models import Passport

HOUR = timedelta(hours=1)


@pytest.fixture
def _public(settings):
    settings.PUBLIC_URL = "https://passports.example"


def documents(rows=None):
    return {row.serial: dids.of_battery(row) for row in rows or BatteryDid.objects.select_related("issuer")}


def test_each_passport_has_one(issued, client):
    assert sorted(BatteryDid.objects.values_list("serial", flat=True)) == ["A1", "A2", "A3"]
    passport = Passport.objects.get(serial="A1")
    path = f"/batteries/{passport.gtin}/A1/did.json"
    answer = client.get(path)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/did+json")
    document = json.loads(answer.content)
    own = f"did:web:localhost%3A8000:batteries:{passport.gtin}:A1"
    assert document["id"] == own
    assert document["controller"] == "did:web:localhost%3A8000:orgs:north-works"
    assert document["alsoKnownAs"] == [passport.key]
    assert document["verificationMethod"] == []
    services = {one["id"]: one["serviceEndpoint"] for one in document["service"]}
    address = f"http://127.0.0.1:8000/01/{passport.gtin}/21/A1"
    listed = address.partition("/01/")[0] + f"/batteries/{passport.gtin}/A1/credentials.json"
    assert services == {f"{own}#passport": address, f"{own}#credentials": listed}
    assert client.get(urlsplit(address).path).status_code == 200
    assert client.get(f"/batteries/{passport.gtin}/A9/did.json").status_code == 404


def test_the_document_is_the_same_for_whoever_asks(issued, client, client_as):
    path = f"/batteries/{Passport.objects.first().gtin}/A1/did.json"
    assert client.get(path).content == client_as(Role.MAKER).get(path).content


def test_it_is_found_in_the_database_and_over_http(_public, issued, client, now):
    """By the resolver of this installation, and by one that knows nothing but https."""
    row = BatteryDid.objects.get(serial="A2")
    own = f"did:web:passports.example:batteries:{row.gtin}:A2"
    assert material.resolver()(own).raw == dids.of_battery(row)
    asked = []

    def fetch(url, most):
        asked.append(url)
        answer = client.get(urlsplit(url).path, secure=True)
        if answer.status_code != 200:
            raise LookupError(answer.status_code)
        return answer.content

    elsewhere = resolve.resolver(fetch, lambda: now)
    assert elsewhere(own).raw == dids.of_battery(row)
    assert asked == [f"https://passports.example/batteries/{row.gtin}/A2/did.json"]
    credentials.add_key(
        actor=platform(issued.pk), organisation=row.issuer.organisation, algorithm="Ed25519", now=now
    )
    operator = elsewhere(elsewhere(own).raw["controller"])
    history = operator.raw["alsoKnownAs"][0]
    assert elsewhere(history).methods.keys() == {f"{history}#key-1", f"{history}#key-1-jwk"}
    assert asked[-1] == "https://passports.example/orgs/north-works/did.jsonl"
    did_webvh.verify(client.get("/orgs/north-works/did.jsonl").content, history, now)
    with pytest.raises(CredentialRefused):
        elsewhere(own.replace("A2", "A9"))


def test_issuing_again_makes_none_twice_and_those_of_before_get_one(issued, now):
    BatteryDid.objects.filter(serial="A1").delete()  # as if it had been issued before batteries had DIDs
    before = dict(BatteryDid.objects.values_list("serial", "pk"))
    done = issue_all(actor=platform(issued.pk), workspace=issued.pk, now=now + HOUR)
    assert len(done.unchanged) == 3
    after = dict(BatteryDid.objects.values_list("serial", "pk"))
    assert after == {**before, "A1": after["A1"]}
    assert BatteryDid.objects.get(serial="A1").position == Passport.objects.get(serial="A1").position


def test_a_maker_without_an_account(ground, now):
    organisation = ground.organisations.get(party=MAKER)
    organisation.party = "https://id.gs1.org/417/9521999000003"
    organisation.save()
    issue_all(actor=platform(ground.pk), workspace=ground.pk, now=now)
    assert Issuer.objects.count() == 0
    for document in documents().values():
        assert "controller" not in document


def test_a_serial_number_with_signs(workspace, organisation, now, client):
    tell(workspace.pk, *chain(), pack("a%2Fb"), about("a%2Fb", {"51": "219.7", "61": "97.31"}))
    issue_all(actor=platform(workspace.pk), workspace=workspace.pk, now=now)
    (row,) = BatteryDid.objects.all()
    assert row.serial_part == row.serial.replace("/", "_2F").replace("%", "_25")
    answer = client.get(f"/batteries/{row.gtin}/{row.serial_part}/did.json")
    assert answer.status_code == 200
    assert json.loads(answer.content)["id"].endswith(f":{row.serial_part}")


def test_another_address(issued, now, settings, client):
    before = {row.serial: dids.of_battery(row)["id"] for row in BatteryDid.objects.all()}
    settings.PUBLIC_URL = "https://new.example"
    told = credentials.move(actor=platform(), now=now)
    assert (told.issuers, told.batteries) == (0, 3)
    row = BatteryDid.objects.get(serial="A1")
    document = json.loads(client.get(f"/batteries/{row.gtin}/A1/did.json").content)
    assert document["id"] == f"did:web:new.example:batteries:{row.gtin}:A1"
    assert document["service"][0]["serviceEndpoint"] == f"https://new.example/01/{row.gtin}/21/A1"
    old = dids.own(before["A1"], None)
    assert (old["id"], old["alsoKnownAs"][0]) == (before["A1"], document["id"])
    assert queries.homes() == ["localhost%3A8000", "new.example"]


def test_passports_go_on_at_an_address_that_nobody_entered(issued, now, settings):
    BatteryDid.objects.filter(serial="A1").delete()
    settings.PUBLIC_URL = "https://new.example"
    issue_all(actor=platform(issued.pk), workspace=issued.pk, now=now + HOUR)
    assert BatteryDid.objects.count() == 2
    credentials.move(actor=platform(), now=now + HOUR)
    issue_all(actor=platform(issued.pk), workspace=issued.pk, now=now + 2 * HOUR)
    assert dids.of_battery(BatteryDid.objects.get(serial="A1"))["id"].startswith("did:web:new.example:")


def test_who_may(issued, actor, now):
    one = credentials.Battery(gtin="09521000000011", serial="X", item="urn:x", operator=MAKER, position=1)
    with pytest.raises(Denied):
        credentials.make_batteries(actor=actor(Role.BUYER), workspace=issued.pk, batteries=[one], now=now)


def test_questions_asked_of_the_database(issued, now, django_assert_num_queries):
    """One when all have their DID."""
    rows = [
        credentials.Battery(gtin=row.gtin, serial=row.serial, item=row.item, operator=MAKER, position=1)
        for row in BatteryDid.objects.all()
    ]
    with django_assert_num_queries(1):
        credentials.make_batteries(actor=platform(issued.pk), workspace=issued.pk, batteries=rows, now=now)


@pytest.mark.parametrize("address", ["http://192.168.1.4:8000", "https://[2001:db8::1]", "http://8.8.8.8"])
def test_where_there_is_no_name_passports_are_issued_without(address, settings, ground, now):
    """DIDs of a battery follow when the installation has got a name."""
    settings.PUBLIC_URL = address
    done = issue_all(actor=platform(ground.pk), workspace=ground.pk, now=now)
    assert len(done.issued) == 3
    assert not BatteryDid.objects.exists()
    settings.PUBLIC_URL = "https://passports.example"
    issue_all(actor=platform(ground.pk), workspace=ground.pk, now=now + HOUR)
    assert sorted(BatteryDid.objects.values_list("serial", flat=True)) == ["A1", "A2", "A3"]
