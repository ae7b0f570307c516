"""The wallet: taken in with a verdict, signed, presented, downloaded; on pages, over HTTP, by command."""

from __future__ import annotations

import base64
import json
import secrets

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from tests.apps.credentials.making import plain, post

from lodeline.access import Denied, Role, platform
from lodeline.cli import main
from lodeline.credentials import keyfile, presenting, self_signing
from lodeline.credentials.verdict import CredentialRefused
from lodeline.keys import SigningKey
from lodeline_server.credentials import actions, actions_wallet, material, verifying
from lodeline_server.credentials.checking import Asked
from lodeline_server.credentials.models import About, Credential, Held
from lodeline_server.kit.clock import now as clock
from lodeline_server.log.queries import get

SUPPLIER = keyfile.read(keyfile.write(SigningKey(b"\x07" * 32)))
ASKED = {"challenge": "n-1", "domain": "verifier.example"}


def elsewhere(now, form="eddsa-jcs-2022", **more):
    """Signed by a supplier with a key of its own, who has no account here."""
    return self_signing.sign(
        plain(**more),
        SUPPLIER,
        form,
        now=now,
        identifier="urn:uuid:5b3c1d6e-3a40-4a39-9d7e-111111111111",
        random=secrets.token_bytes,
        contexts=material.held(),
        canonize=material.canonize,
    )


def taken(organisation, now, item, **more):
    actor = platform(organisation.workspace_id)
    return actions.take_in(actor=actor, organisation=organisation, item=item, now=now, **more)


def upload(data, name="c.json"):
    return {"document": SimpleUploadedFile(name, data)}


# --- taking in ------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["eddsa-jcs-2022", "eddsa-rdfc-2022", "vc+jwt", "vc+sd-jwt"])
def test_a_credential_made_elsewhere_is_verified_at_entry(form, organisation, now):
    row = taken(organisation, now, elsewhere(now, form), name="from-supplier.json")
    assert (row.holds, row.issuer, row.subject) == (True, SUPPLIER.did, "did:example:battery")
    assert [step["step"] for step in row.verdict["steps"]][:3] == ["structure", "signature", "key"]
    said = get(row.position)
    assert (said.type, said.payload["body"]["sha256"], said.payload["body"]["holds"]) == (
        "credential.held", row.sha256, True,
    )  # fmt: skip
    assert [one.key for one in row.about.all()] == ["did:example:battery"]


def test_the_same_is_kept_once(organisation, now):
    item = elsewhere(now)
    assert taken(organisation, now, item).pk == taken(organisation, now, item).pk
    assert Held.objects.count() == 1


def test_what_was_changed_is_kept_as_what_it_is_and_nothing_of_it_is_believed(organisation, now):
    item = elsewhere(now)
    item["credentialSubject"]["id"] = "did:example:other"
    row = taken(organisation, now, item)
    assert (row.holds, row.issuer, row.subject, row.identifier, row.kind) == (False, "", "", "", "")
    assert not About.objects.exists()
    assert row.verdict["errors"][0]["step"] == "signature"


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[1]", b'{"a": 1, "a": 2}', b"seven", b"a.b.c d", b'{"x": 1}', b"\xff\xfe", b"1e999"]
)
def test_what_is_no_credential_is_not_taken_in(data, organisation, now):
    with pytest.raises(CredentialRefused) as refusal:
        taken(organisation, now, actions_wallet.read(data))
    assert refusal.value.step == "structure"
    assert not Held.objects.exists()


def test_one_keeps_for_ones_own_organisation_only(organisation, other_actor, now):
    with pytest.raises(Denied):
        actions.take_in(
            actor=other_actor(Role.SUPPLIER), organisation=organisation, item=elsewhere(now), now=now
        )


def test_what_is_too_large(organisation, now):
    with pytest.raises(CredentialRefused, match="at most"):
        actions_wallet.read(b" " * (actions_wallet.MAX_BYTES + 1))
    item = elsewhere(now)
    item["extra"] = "x" * actions_wallet.MAX_BYTES
    with pytest.raises(CredentialRefused, match="at most"):
        taken(organisation, now, item)


def test_over_http(organisation, now, api_client):
    client = api_client(Role.SUPPLIER)
    made = client.post("/api/wallet/credentials", json.dumps(elsewhere(now)), content_type="application/json")
    assert made.status_code == 201
    assert made.json()["holds"] is True
    listed = client.get("/api/wallet/credentials").json()
    assert [one["issuer"] for one in listed["held"]] == [SUPPLIER.did]
    refused = client.post("/api/wallet/credentials", "{", content_type="application/json")
    assert (refused.status_code, refused.json()["step"]) == (400, "structure")
    position = listed["held"][0]["position"]
    assert client.get(f"/api/wallet/credentials?before={position}").json()["held"] == []


def test_lists_are_read_in_few_queries(issuer, organisation, now, api_client, django_assert_max_num_queries):
    client = api_client(Role.SUPPLIER)
    for number in range(3):
        post(client, "/credentials/issue", credential=plain(id=f"urn:x:{number}"))
    with django_assert_max_num_queries(9):
        assert len(client.get("/api/wallet/credentials").json()["issued"]) == 3


# --- issuing what is on record ----------------------------------------------------------------------


def test_issue_of_a_kind_over_http(issuer, api_client):
    client = api_client(Role.SUPPLIER)
    assert "identity" in client.get("/api/wallet/kinds").json()["kinds"]
    made = post(client, "/api/wallet/issue", kind="identity", form="eddsa-jcs-2022", audience="public")
    assert made.status_code == 201, made.content
    assert made.json()["verifiableCredential"]["credentialSubject"]["registeredName"] == "North Works"
    assert post(client, "/api/wallet/issue", kind="facility", about="https://no.example/1").status_code == 404
    for wrong in ({"kind": "nonsense"}, {"kind": "identity", "version": "9"}, {"kind": 7},
                  {"kind": "identity", "choices": {"did": 7}}, {"kind": "identity", "audience": "x"},
                  {"kind": "identity", "form": "x"}):  # fmt: skip
        refused = post(client, "/api/wallet/issue", **wrong)
        assert (refused.status_code, refused.json()["step"]) == (400, "structure"), wrong


def test_a_context_is_served_as_it_is_pinned(client):
    from hashlib import sha256

    from lodeline.credentials.kinds import terms

    for name, address in terms.FILES.items():
        found = client.get(f"/contexts/{name}")
        assert found["Content-Type"] == "application/ld+json"
        assert sha256(found.content).hexdigest() == terms.PINNED[address]
    assert client.get("/contexts/nothing.jsonld").status_code == 404


# --- holding --------------------------------------------------------------------------------------


def token(enveloped):
    return enveloped["id"].partition(",")[2]


def issued_sd_jwt(client, **options):
    credential = plain(
        credentialSubject={"id": "did:example:battery", "mass": "12 kg", "maker": {"name": "A"}}
    )
    made = post(client, "/credentials/issue", credential=credential, options={"form": "vc+sd-jwt", **options})
    assert made.status_code == 201, made.content
    return made.json()["verifiableCredential"]


def test_parts_of_an_sd_jwt_are_shown(issuer, api_client):
    client = api_client(Role.SUPPLIER)
    whole = issued_sd_jwt(client)
    assert token(whole).count("~") == 3
    made = post(
        client, "/credentials/derive", verifiableCredential=whole,
        options={"selectivePointers": ["/credentialSubject/mass"]},
    )  # fmt: skip
    assert made.status_code == 201
    shown = made.json()["verifiableCredential"]
    (disclosure,) = token(shown).split("~")[1:-1]
    assert json.loads(base64.urlsafe_b64decode(disclosure + "=="))[1:] == ["mass", "12 kg"]
    found = post(client, "/credentials/verify", verifiableCredential=shown)
    assert found.status_code == 200, found.content
    (receipt,) = [one for one in found.json()["steps"] if one["step"] == "receipt"]
    assert receipt["good"] is True  # what is left out does not hide that it is on record


def test_mandatory_pointers_stay_open(issuer, api_client):
    whole = issued_sd_jwt(api_client(Role.SUPPLIER), mandatoryPointers=["/credentialSubject/maker/name"])
    assert token(whole).count("~") == 2


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"selectivePointers": "/x"},
        {"selectivePointers": [7]},
        {"selectivePointers": ["/credentialSubject/none"]},
        {"selectivePointers": ["credentialSubject"]},
        {"selectivePointers": ["/credentialSubject/~2"]},
        {"selectivePointers": ["/x"] * 1001},
    ],
)
def test_pointers_that_are_refused(options, issuer, api_client):
    client = api_client(Role.SUPPLIER)
    refused = post(client, "/credentials/derive", verifiableCredential=issued_sd_jwt(client), options=options)
    assert (refused.status_code, refused.json()["step"]) == (400, "structure")


@pytest.mark.parametrize("item", [None, 7, "x.y.z", {"type": "EnvelopedVerifiableCredential"}, {}])
def test_only_sd_jwts_are_derived(item, issuer, api_client):
    refused = post(
        api_client(Role.SUPPLIER), "/credentials/derive", verifiableCredential=item,
        options={"selectivePointers": []},
    )  # fmt: skip
    assert (refused.status_code, refused.json()["step"]) == (400, "structure")


@pytest.mark.parametrize("form", ["eddsa-jcs-2022", "eddsa-rdfc-2022", "vp+jwt"])
def test_presentations_answer_the_one_who_asked(form, issuer, now, api_client):
    client = api_client(Role.SUPPLIER)
    made = post(
        client, "/presentations", verifiableCredential=[elsewhere(now)], options={"form": form, **ASKED}
    )
    assert made.status_code == 201, made.content
    presented = made.json()["verifiablePresentation"]
    good = post(client, "/presentations/verify", verifiablePresentation=presented, options=ASKED)
    assert good.status_code == 200, good.content
    other = {**ASKED, "challenge": "n-2"}
    assert (
        post(client, "/presentations/verify", verifiablePresentation=presented, options=other).status_code
        == 400
    )


def test_a_presentation_as_the_vc_api_sends_it(issuer, now, api_client):
    client = api_client(Role.SUPPLIER)
    prepared = presenting.gather([elsewhere(now)], "did:web:localhost%3A8000:orgs:north-works")
    made = post(client, "/presentations", presentation=prepared, options=ASKED)
    assert made.status_code == 201, made.content
    for wrong in ({**prepared, "holder": "did:web:other.example"}, {**prepared, "proof": {}}, [], None):
        refused = post(client, "/presentations", presentation=wrong, options=ASKED)
        assert refused.status_code == 400, wrong
    assert post(client, "/presentations", options=ASKED).status_code == 400
    assert post(client, "/presentations", presentation=prepared, options={"form": "x"}).status_code == 400
    assert post(client, "/presentations", presentation=prepared, options={"challenge": 7}).status_code == 400


def test_an_sd_jwt_is_bound_to_a_key_of_the_holder(issuer, api_client):
    from lodeline.credentials import did_key, keybinding, sdjwt_verify
    from lodeline_server.credentials import keyring

    client = api_client(Role.SUPPLIER)
    row = issuer.keys.order_by("pk").first()
    key = keyring.public(row)
    whole = issued_sd_jwt(client, holder=did_key.did(key))
    made = post(
        client, "/presentations", verifiableCredential=[whole], options={"form": "vp+sd-jwt", **ASKED}
    )
    assert made.status_code == 201, made.content
    presented = token(made.json()["verifiablePresentation"])
    moment = int(clock().timestamp())
    policy = sdjwt_verify.Policy(
        binding=keybinding.Expected(audience=ASKED["domain"], nonce=ASKED["challenge"])
    )
    signer = next(keyring.public(one) for one in issuer.keys.all() if f"{one.name}-jwk" in _kid(presented))
    assert sdjwt_verify.verify(presented, signer, now=moment, policy=policy).bound
    presentation = made.json()["verifiablePresentation"]
    good = post(client, "/presentations/verify", verifiablePresentation=presentation, options=ASKED)
    assert good.status_code == 200, good.content
    for wrong in ({**ASKED, "challenge": "n-2"}, {**ASKED, "domain": "other.example"}, {}):
        refused = post(client, "/presentations/verify", verifiablePresentation=presentation, options=wrong)
        assert refused.status_code == 400, wrong
    unbound = issued_sd_jwt(client)
    refused = post(
        client, "/presentations", verifiableCredential=[unbound], options={"form": "vp+sd-jwt", **ASKED}
    )
    assert (refused.status_code, refused.json()["step"]) == (400, "key")
    foreign = issued_sd_jwt(client, holder=SUPPLIER.did)
    refused = post(
        client, "/presentations", verifiableCredential=[foreign], options={"form": "vp+sd-jwt", **ASKED}
    )
    assert (refused.status_code, refused.json()["step"]) == (400, "key")


def _kid(presented):
    from lodeline.credentials.signing import parts

    return parts(presented.partition("~")[0], "it").header["kid"]


# --- pages ----------------------------------------------------------------------------------------


def test_pages_from_taking_in_to_presenting(issuer, now, client_as):
    client = client_as(Role.SUPPLIER)
    assert b"0 credentials issued, 0 held of others." in client.get("/app/credentials/").content
    item = elsewhere(now)
    came = client.post("/app/credentials/take-in", upload(json.dumps(item).encode()))
    row = Held.objects.get()
    assert came["Location"] == f"/app/credentials/held/{row.pk}/"
    assert b"It held when it came in." in client.get(came["Location"]).content
    got = client.get(f"/app/credentials/held/{row.pk}/file")
    assert json.loads(got.content) == item
    assert got["Content-Type"] == "application/vc"
    assert "attachment" in got["Content-Disposition"]

    signed = client.post(
        "/app/credentials/sign", {"text": json.dumps(plain()), "form": "vc+jwt", "audience": "public"}
    )
    assert signed["Location"] == "/app/credentials/"
    made = Credential.objects.get()
    assert (made.form, made.audience) == ("vc+jwt", "public")
    assert client.get(f"/app/credentials/issued/{made.pk}/file").content == bytes(made.body)
    issued = client.post("/app/credentials/issue", {"kind": "identity", "form": "eddsa-jcs-2022"})
    assert issued.status_code == 302

    shown = client.post(
        "/app/credentials/present",
        {"credentials": [f"held-{row.pk}", f"issued-{made.pk}"], "form": "eddsa-jcs-2022", **ASKED},
    )
    assert shown["Content-Disposition"] == 'attachment; filename="presentation.json"'
    verdict = verifying.presentation(json.loads(shown.content), Asked(now=clock(), **ASKED))
    assert verdict.holds, verdict.as_dict()
    assert b"2 credentials issued, one held of others." in client.get("/app/credentials/").content


def test_a_broken_one_is_shown_as_broken(organisation, now, client_as):
    client = client_as(Role.SUPPLIER)
    item = {**elsewhere(now), "name": "another"}
    came = client.post("/app/credentials/take-in", upload(json.dumps(item).encode()), follow=True)
    assert b"It did not hold when it came in." in came.content
    assert b"did not hold" in client.get("/app/credentials/").content
    assert f"held-{Held.objects.get().pk}" not in client.get("/app/credentials/present").content.decode()


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ("take-in", {}),
        ("take-in", upload(b"nothing")),
        ("sign", {"form": "vc+jwt"}),
        ("sign", {"form": "vc+jwt", "text": "[1]"}),
        ("sign", {"form": "vc+jwt", "text": "a.b.c"}),
        ("sign", {"form": "vc+jwt", "text": '{"@context": []}'}),
        ("sign", {"form": "x", "text": "{}"}),
        ("issue", {"kind": "facility", "about": "https://no.example/1", "form": "vc+jwt"}),
        ("issue", {"kind": "nonsense", "form": "vc+jwt"}),
        ("present", {"credentials": ["held-999"], "form": "vp+jwt", "domain": "d", "challenge": "c"}),
        ("present", {"form": "vp+jwt"}),
    ],
)
def test_what_a_page_refuses_is_said_on_it(page, said, issuer, client_as):
    answer = client_as(Role.SUPPLIER).post(f"/app/credentials/{page}", said)
    assert answer.status_code == 422
    assert b'role="alert"' in answer.content


def test_nobody_sees_the_wallet_of_another(issuer, now, client_as, other_organisation):
    row = taken(issuer.organisation, now, elsewhere(now))
    stranger = client_as(Role.SUPPLIER, of=other_organisation)
    for path in (f"held/{row.pk}/", f"held/{row.pk}/file", "issued/1/file"):
        assert stranger.get(f"/app/credentials/{path}").status_code == 404
    assert b"0 held of others" in stranger.get("/app/credentials/").content


def test_a_reader_takes_in_and_does_not_sign(organisation, now, client_as):
    auditor = client_as(Role.AUDITOR)
    assert b"Sign a prepared statement" not in auditor.get("/app/credentials/").content
    assert auditor.get("/app/credentials/sign").status_code == 403
    assert (
        auditor.post("/app/credentials/take-in", upload(json.dumps(elsewhere(now)).encode())).status_code
        == 302
    )


# --- commands -------------------------------------------------------------------------------------


def test_from_a_key_file_to_a_credential_that_is_taken_in(issuer, tmp_path, capsys):
    file, key = tmp_path / "c.json", tmp_path / "key.json"
    file.write_text(json.dumps(plain()))
    assert main(["credential", "key-file", str(key), "--json"]) == 0
    did = json.loads(capsys.readouterr().out)["did"]
    assert key.stat().st_mode & 0o077 == 0
    assert main(["credential", "sign", str(file), "--key-file", str(key)]) == 0
    signed = tmp_path / "signed.json"
    signed.write_text(capsys.readouterr().out)
    assert main(["credential", "import", str(signed), "--as", "north-works", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["holds"] is True
    assert Held.objects.get().issuer == did
    signed.write_text(signed.read_text().replace("battery", "buttery"))
    assert main(["credential", "import", str(signed), "--as", "north-works"]) == 1
    assert "did not hold" in capsys.readouterr().out
    assert main(["credential", "wallet", "--as", "north-works"]) == 0
    assert "DID NOT HOLD" in capsys.readouterr().out


def test_issue_of_a_kind_by_command(issuer, capsys):
    assert (
        main(["credential", "issue", "--as", "north-works", "--kind", "identity", "--form", "vc+sd-jwt"]) == 0
    )
    assert "data:application/vc+sd-jwt," in capsys.readouterr().out
    assert main(["credential", "issue", "--as", "north-works"]) == 2
    assert main(["credential", "issue", "--as", "north-works", "--kind", "events", "--about", "x"]) == 2
    capsys.readouterr()


@pytest.mark.parametrize("form", ["eddsa-jcs-2022", "vp+jwt"])
def test_present_by_command(form, tmp_path, now, capsys):
    key, file = tmp_path / "key.json", tmp_path / "c.json"
    key.write_bytes(keyfile.write(SUPPLIER.key))
    file.write_text(json.dumps(elsewhere(now)))
    asked = ["--challenge", "n-1", "--domain", "verifier.example"]
    assert main(["credential", "present", str(file), "--key-file", str(key), "--form", form, *asked]) == 0
    assert json.loads(capsys.readouterr().out)["type"]


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"{}", 1), (b"", 1), (b'{"kty":"OKP","crv":"Ed25519","x":"AA","d":"AA"}', 1), (None, 2)],
)
def test_a_key_file_that_is_none(content, code, tmp_path, capsys):
    key, file = tmp_path / "key.json", tmp_path / "c.json"
    file.write_text(json.dumps(plain()))
    if content is not None:
        key.write_bytes(content)
    assert main(["credential", "sign", str(file), "--key-file", str(key)]) == code
    assert "Traceback" not in capsys.readouterr().err


def test_a_foreign_issuer_is_not_signed_for(tmp_path, capsys):
    key, file = tmp_path / "key.json", tmp_path / "c.json"
    key.write_bytes(keyfile.write(SUPPLIER.key))
    file.write_text(json.dumps(plain(issuer="did:web:another.example")))
    assert main(["credential", "sign", str(file), "--key-file", str(key)]) == 1
    assert "another.example" in capsys.readouterr().err
