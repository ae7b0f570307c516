"""Credentials of what is on record about a chain: made, verified, hung on the battery, listed by audience."""

from __future__ import annotations

import json

import pytest
from tests.apps.passports.telling import GTIN, MAKER, PLANT, item, stated, tell

from lodeline.access import platform
from lodeline.credentials.statusbook import Act
from lodeline.credentials.verdict import CredentialRefused
from lodeline_server.credentials import actions, kinds, queries_wallet, verifying
from lodeline_server.credentials.checking import Asked
from lodeline_server.credentials.models import About, Credential
from lodeline_server.kit.problems import Problem
from lodeline_server.passports import twin
from lodeline_server.passports.credential_kinds import closed
from lodeline_server.passports.models import Passport

BATTERY = item("A1")
CERTIFICATE = stated(
    "certificate",
    MAKER,
    {"scheme": "ISO 14001", "number": "C-7", "sites": [PLANT], "materials": ["Ni"], "status": "valid"},
)
SITE = stated(
    "site.profile",
    PLANT,
    {
        "name": "Pack plant",
        "party": MAKER,
        "country": "SE",
        "kind": "pack_plant",
        "latitude": "57.7",
        "longitude": "11.9",
    },
    number=7,
)
ABOUT = {
    "identity": "",
    "facility": PLANT,
    "events": BATTERY,
    "conformity": "C-7",
    "passport": BATTERY,
    "membership": "maker@north-works.example",
}
FORMS = ["eddsa-jcs-2022", "eddsa-rdfc-2022", "vc+jwt", "vc+sd-jwt"]


@pytest.fixture
def maker(issued, organisation, now):
    actor = platform(organisation.workspace_id)
    tell(issued.pk, CERTIFICATE, SITE)
    actions.add_key(actor=actor, organisation=organisation, algorithm="Ed25519", now=now)
    return organisation


@pytest.fixture
def person(organisation, client_as):
    """Somebody who acts for the maker; the e-mail is the one on record."""
    client_as("maker")
    from lodeline_server.parties.models import Membership

    return Membership.objects.select_related("user").get(organisation=organisation, role="maker").user


def issue(maker, now, kind, **more):
    return actions.issue_kind(
        actor=platform(maker.workspace_id),
        organisation=maker,
        kind=kind,
        now=now,
        **{"about": ABOUT[kind], **more},
    )


def test_all_kinds_have_a_source():
    assert set(kinds.offered()) == set(ABOUT)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", [one for one in ABOUT if one != "membership"])
def test_each_kind_verifies_in_each_form(kind, form, maker, now):
    made = issue(maker, now, kind, form=form)
    verdict = verifying.credential(made.secured, Asked(now=now))
    assert verdict.holds, verdict.as_dict()
    assert made.row.entries.count() == 2  # a number in the list of each purpose
    assert f"position {made.row.position} " in next(
        one.said for one in verdict.steps if one.step == "receipt"
    )


@pytest.mark.parametrize("kind", ["identity", "facility", "events", "conformity", "passport"])
def test_the_older_vocabulary(kind, maker, now):
    made = issue(maker, now, kind, form="eddsa-rdfc-2022", version="0.6")
    assert verifying.credential(made.secured, Asked(now=now)).holds


def test_a_membership_says_name_and_role_and_no_e_mail(maker, person, now):
    did = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"
    made = issue(
        maker, now, "membership", about=person.email.upper(), form="eddsa-jcs-2022", choices={"did": did}
    )
    subject = made.secured["credentialSubject"]
    assert (subject["id"], subject["memberRole"]) == (did, "maker")
    assert person.email not in json.dumps(made.secured)
    with pytest.raises(Problem) as refusal:
        issue(maker, now, "membership", about=person.email, choices={"did": did, "role": "operator"})
    assert refusal.value.status == 404
    with pytest.raises(CredentialRefused, match="did"):
        issue(maker, now, "membership", about=person.email)


def test_what_is_on_record_is_what_is_said(maker, now):
    site = issue(maker, now, "facility", form="eddsa-jcs-2022").secured["credentialSubject"]
    assert (site["name"], site["countryOfOperation"]) == ("Pack plant", {"countryCode": "SE"})
    assert site["locationInformation"]["geoLocation"] == {"latitude": 57.7, "longitude": 11.9}
    certificate = issue(maker, now, "conformity", form="eddsa-jcs-2022").secured["credentialSubject"]
    assert certificate["conformityAssessment"][0]["assessedFacility"][0]["facility"]["name"] == "Pack plant"
    passport = issue(maker, now, "passport", form="eddsa-jcs-2022").secured["credentialSubject"]
    assert passport["batteryChemistry"]["value"] == "Lithium-ion, NMC 622"


def test_events_leave_the_recipe_out_unless_asked(maker, now):
    plain = json.dumps(issue(maker, now, "events", form="eddsa-jcs-2022").secured)
    assert "inputProduct" not in plain
    full = issue(maker, now, "events", form="eddsa-jcs-2022", choices={"inputs": "yes"}).secured
    (made,) = [one for one in full["credentialSubject"] if "MakeEvent" in one["type"]]
    assert made["inputProduct"]


@pytest.mark.parametrize(
    ("kind", "about"),
    [
        ("facility", "https://id.gs1.org/414/9521000000998"),
        ("events", item("NONE")),
        ("conformity", "C-8"),
        ("passport", item("NONE")),
        ("identity", "nobody"),
        ("facility", "\x00"),
        ("events", "x" * 600),
    ],
)
def test_nothing_on_record(kind, about, maker, now):
    with pytest.raises(Problem) as refusal:
        issue(maker, now, kind, about=about)
    assert refusal.value.status == 404


@pytest.mark.parametrize("form", ["eddsa-jcs-2022", "eddsa-rdfc-2022", "vc+jwt"])
def test_other_forms_of_a_passport_hold_only_what_is_for_all(form, maker, now):
    made = issue(maker, now, "passport", form=form)
    document = verifying.credential(made.secured, Asked(now=now)).document
    subject = document["credentialSubject"]
    assert subject["batteryChemistry"]["value"] == "Lithium-ion, NMC 622"
    assert not closed() & set(subject)
    whole = issue(maker, now, "passport", form="vc+sd-jwt")
    assert closed() & set(
        verifying.credential(bytes(whole.row.body).decode(), Asked(now=now)).document["credentialSubject"]
    )


def test_an_sd_jwt_of_a_passport_hides_what_is_not_for_all(maker, now):
    made = issue(maker, now, "passport", form="vc+sd-jwt")
    signed, *disclosures = bytes(made.row.body).decode().split("~")
    from lodeline.credentials.signing import parts

    payload = parts(signed, "it").payload
    assert "batteryChemistry" in payload["credentialSubject"]
    assert "detailedComposition" not in payload["credentialSubject"]
    assert len(payload["credentialSubject"]["_sd"]) > len([one for one in disclosures if one])  # decoys


def passport():
    return Passport.objects.get(key=BATTERY)


def test_a_public_credential_hangs_on_its_battery(maker, now, client, django_assert_num_queries):
    made = issue(maker, now, "events", audience="public")
    issue(maker, now, "passport")  # for nobody in particular: not listed
    issue(maker, now, "conformity", audience="public")  # speaks of a site, not of the battery
    page = client.get(f"/batteries/{GTIN}/A1/credentials")
    assert page.status_code == 200
    text = page.content.decode()
    assert "DigitalTraceabilityEvent" in text
    assert "DigitalProductPassport" not in text
    data = client.get(f"/batteries/{GTIN}/A1/credentials.json").json()
    (one,) = data["credentials"]
    assert (one["id"], one["status"], one["issuerName"]) == (made.row.identifier, "good", maker.name)
    assert one["receipt"]["position"] == made.row.position
    assert len(bytes.fromhex(one["receipt"]["leafHash"])) == 32
    row = passport()
    with django_assert_num_queries(4):
        assert len(twin.hanging(row, twin.Audience.PUBLIC, now)) == 1


def test_the_status_of_what_hangs_there_is_that_of_now(maker, now, client):
    made = issue(maker, now, "events", audience="public")
    actions.set_status(
        actor=platform(maker.workspace_id),
        organisation=maker,
        identifier=made.row.identifier,
        act=Act.REVOKE,
        now=now,
    )
    assert "revoked" in client.get(f"/batteries/{GTIN}/A1/credentials").content.decode()


def test_readers_see_what_is_for_them(maker, now):
    for audience in ("public", "legitimate-interest", "authority"):
        issue(maker, now, "events", audience=audience)
    seen = {
        reader: [one.row.audience for one in twin.hanging(passport(), reader, now)] for reader in twin.READERS
    }
    assert seen[twin.Audience.PUBLIC] == ["public"]
    assert seen[twin.Audience.LEGITIMATE_INTEREST] == ["public", "legitimate-interest"]
    assert seen[twin.Audience.AUTHORITY] == ["public", "authority"]
    assert seen[twin.Audience.OPERATOR] == ["public", "legitimate-interest", "authority"]


def test_another_party_hangs_nothing_there_by_itself(maker, now):
    made = issue(maker, now, "events", audience="public")
    About.objects.filter(credential=made.row).update(key=BATTERY)
    Passport.objects.filter(key=BATTERY).update(maker="https://id.gs1.org/417/9521000000998")
    from lodeline_server.lots.models import Happening, Touch

    touched = Touch.objects.filter(key=BATTERY).values_list("position", flat=True)
    Happening.objects.filter(position__in=list(touched)).update(
        party="", captured_by="https://id.gs1.org/417/9521000000998"
    )
    assert twin.hanging(passport(), twin.Audience.PUBLIC, now) == []


def test_the_maker_puts_the_word_about_an_ingredient_on_its_battery(maker, now, client_as, client):
    made = issue(maker, now, "facility", audience="public")
    signed_in = client_as("maker")
    row = passport()
    page = signed_in.post(f"/app/passports/{row.pk}/credentials", {"number": made.row.pk})
    assert page.status_code == 302
    again = signed_in.post(f"/app/passports/{row.pk}/credentials", {"number": made.row.pk})
    assert again.status_code == 302
    assert About.objects.filter(key=BATTERY, hung=True).count() == 1
    assert "DigitalFacilityRecord" in client.get(f"/batteries/{GTIN}/A1/credentials").content.decode()
    private = issue(maker, now, "identity")
    refused = signed_in.post(f"/app/passports/{row.pk}/credentials", {"number": private.row.pk})
    assert refused.status_code == 422
    assert signed_in.post(f"/app/passports/{row.pk}/credentials", {"number": "x"}).status_code == 422


def test_only_its_maker_puts_something_on_a_battery(maker, now, client_as):
    row, made = passport(), issue(maker, now, "facility", audience="public")
    auditor = client_as("auditor")
    page = auditor.get(f"/app/passports/{row.pk}/credentials")
    assert page.status_code == 200
    assert b"Put it on the battery" not in page.content
    auditor.post(f"/app/passports/{row.pk}/credentials", {"number": made.row.pk})
    assert not About.objects.filter(hung=True).exists()


def test_no_such_battery(maker, client):
    assert client.get(f"/batteries/{GTIN}/NONE/credentials").status_code == 404
    assert client.get("/batteries/1/A1/credentials.json").status_code == 404


def test_the_passport_says_where_they_are(maker, client):
    text = client.get(f"/01/{GTIN}/21/A1", headers={"accept": "text/html"}).content.decode()
    assert f"/batteries/{GTIN}/A1/credentials" in text


def test_what_is_signed_is_counted(maker, now):
    issue(maker, now, "events")
    assert Credential.objects.count() == 1
    assert queries_wallet.standing(Credential.objects.get(), now) == "good"


def test_who_may_not_read_all_of_a_passport_does_not_get_it_by_the_wallet(maker, now, client_as, api_client):
    made = issue(maker, now, "passport", form="vc+sd-jwt")
    path = f"/app/credentials/issued/{made.row.pk}/file"
    assert client_as("maker").get(path).content == bytes(made.row.body)
    supplier = client_as("supplier")
    assert supplier.get(path).status_code == 403
    assert path not in supplier.get("/app/credentials/").content.decode()
    assert f"issued-{made.row.pk}" not in supplier.get("/app/credentials/present").content.decode()
    wanted = {"kind": "passport", "about": BATTERY}
    answer = api_client("supplier").post(
        "/api/wallet/issue", json.dumps(wanted), content_type="application/json"
    )
    assert answer.status_code == 403
    assert client_as("auditor").get(path).status_code == 403
