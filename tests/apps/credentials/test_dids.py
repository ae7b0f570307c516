"""DIDs of an organisation: two names, one history, keys that come and go, and another address."""

from __future__ import annotations

import json
from datetime import timedelta
from unittest import mock

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as tuned
from hypothesis import strategies as st
from tests.apps.credentials.making import plain, post

from lodeline.access import Denied, Role, platform
from lodeline.credentials import did_webvh, integrity, jose, resolve
from lodeline.credentials.statusbook import Act
from lodeline.credentials.verdict import CredentialRefused
from lodeline.sealing import Unreadable
from lodeline_server.config import doctor
from lodeline_server.credentials import actions, addresses, dids, keyring, material, queries
from lodeline_server.credentials.models import DidEntry, Home, UpdateKey
from lodeline_server.kit.problems import Problem
from lodeline_server.log.queries import get

HOUR = timedelta(hours=1)
WEB = "did:web:localhost%3A8000:orgs:north-works"


@pytest.fixture
def who(organisation):
    return {"actor": platform(organisation.workspace_id), "organisation": organisation}


def log_of(client, name="north-works"):
    answer = client.get(f"/orgs/{name}/did.jsonl")
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/jsonl")
    return answer.content


def state(log):
    return json.loads(log.splitlines()[-1])["state"]


def nobody(url, most):
    raise AssertionError(f"nobody may ask for {url}")


def find(now):
    return resolve.resolver(nobody, lambda: now, dids.own, dids.own_log)


def signed(row, did, at):
    method = f"{did}#{row.name}"
    return integrity.add(plain(issuer=did), keyring.opened(row), method, created=at)


def test_both_documents_name_each_other_and_the_first_entry_is_portable(who, client, now):
    actions.add_key(**who, algorithm="Ed25519", now=now)
    log = log_of(client)
    first = json.loads(log)
    scid = first["parameters"]["scid"]
    history = f"did:webvh:{scid}:localhost%3A8000:orgs:north-works"
    assert first["state"]["id"] == history
    assert first["parameters"]["portable"] is True
    assert len(first["parameters"]["nextKeyHashes"]) == 1
    web = json.loads(client.get("/orgs/north-works/did.json").content)
    assert history in web["alsoKnownAs"]
    assert WEB in first["state"]["alsoKnownAs"]
    verified = did_webvh.verify(log, history, now)
    assert verified.parameters.portable
    entry = DidEntry.objects.get()
    said = get(entry.position)
    assert (said.type, said.payload["body"]["change"]) == ("credential.key", "added")


def test_a_did_before_its_first_key(who, client, now):
    issuer = actions.make_did(**who, now=now)
    assert actions.make_did(**who, now=now + HOUR) == issuer
    assert state(log_of(client))["verificationMethod"] == []
    assert json.loads(client.get("/orgs/north-works/did.json").content)["id"] == WEB
    assert DidEntry.objects.count() == 1
    actions.add_key(**who, algorithm="Ed25519", now=now + HOUR)
    assert len(state(log_of(client))["verificationMethod"]) == 2


@tuned(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["add", "rotate", "revoke"]), st.integers(0, 5), st.sampled_from([0, 1, 3600])
        ),
        min_size=1,
        max_size=8,
    )
)
def test_any_sequence_of_changes_is_a_history_that_verifies(who, now, steps):
    """Each line hangs on the one before: one that is altered, left out or out of turn refuses all of it."""
    from django.db import transaction

    with transaction.atomic():
        actions.add_key(**who, algorithm="Ed25519", now=now)
        moment, names = now, ["key-1"]
        for act, which, seconds in steps:
            moment += timedelta(seconds=seconds)
            name = names[which % len(names)]
            try:
                if act == "add":
                    kind = ("Ed25519", "P-256")[which % 2]
                    names.append(actions.add_key(**who, algorithm=kind, now=moment).name)
                elif act == "rotate":
                    names.append(actions.rotate_key(**who, name=name, now=moment).name)
                else:
                    actions.revoke_key(**who, name=name, now=moment)
            except Problem as problem:
                assert (act, problem.status) == ("rotate", 409)
        issuer = queries.issuer_named("north-works")
        log = queries.history(issuer)
        history = queries.newest_entry(issuer).did
        later = moment + HOUR
        verified = did_webvh.verify(log, history, later)
        assert len(verified.versions) == DidEntry.objects.count()
        methods = verified.versions[-1].state["verificationMethod"]
        assert {one["id"].partition("#")[2].removesuffix("-jwk") for one in methods} == set(names)
        assert json.loads(strict(dids.document(issuer)))["verificationMethod"] == [
            {**one, "id": WEB + "#" + one["id"].partition("#")[2], "controller": WEB} for one in methods
        ]
        lines = log.splitlines(keepends=True)
        for place, line in enumerate(lines):
            altered = [*lines[:place], line.replace(b'"assertionMethod":["', b'"assertionMethod":["x', 1)]
            for broken in (
                b"".join(altered + lines[place + 1 :]),
                b"".join(lines[:place] + lines[place + 1 :]),
            ):
                if broken in {log, b"".join(lines[:-1])}:
                    continue
                with pytest.raises(CredentialRefused):
                    did_webvh.verify(broken, history, later)
        transaction.set_rollback(True)


def strict(value):
    from lodeline import strictjson

    return strictjson.canonical(value)


def test_an_update_key_signs_once_and_is_forgotten(who, now):
    actions.add_key(**who, algorithm="Ed25519", now=now)
    actions.add_key(**who, algorithm="P-256", now=now)
    used, waiting = UpdateKey.objects.order_by("number")
    assert (used.number, bytes(used.sealed), waiting.number) == (2, b"", 3)
    with pytest.raises(Unreadable):
        keyring.opened_update(used)
    assert keyring.opened_update(waiting).verify_key.raw == bytes(waiting.public)
    waiting.number = 4
    with pytest.raises(Unreadable):  # sealed for one entry only
        keyring.opened_update(waiting)


@pytest.mark.parametrize("which", ["web", "webvh"])
def test_a_replaced_key_and_what_it_signed_before(which, who, now):
    old = actions.add_key(**who, algorithm="Ed25519", now=now)
    issuer = old.issuer
    did = WEB if which == "web" else queries.newest_entry(issuer).did
    before = signed(old, did, now + HOUR)
    after = signed(old, did, now + 3 * HOUR)
    fresh = actions.rotate_key(**who, name="key-1", now=now + 2 * HOUR)
    assert (fresh.name, fresh.algorithm, fresh.purposes) == ("key-2", "Ed25519", list(actions.PURPOSES))
    later = now + 9 * HOUR
    assert integrity.verify(before, find(later), later).dids() == {did}
    with pytest.raises(CredentialRefused, match="expired") as refusal:
        integrity.verify(after, find(later), later)
    assert refusal.value.step == "key"
    integrity.verify(signed(fresh, did, now + 3 * HOUR), find(later), later)
    with pytest.raises(CredentialRefused) as early:  # the new key was not there yet
        integrity.verify(signed(fresh, did, now + HOUR), find(later), later)
    assert early.value.step == "key"
    old.refresh_from_db()
    assert bytes(old.sealed) == b""
    assert list(queries.usable_keys(issuer, later)) == [fresh]
    with pytest.raises(Problem, match="ended already"):
        actions.rotate_key(**who, name="key-1", now=later)


@pytest.mark.parametrize("which", ["web", "webvh"])
def test_a_revoked_key_and_what_it_signed_before(which, who, now):
    row = actions.add_key(**who, algorithm="Ed25519", now=now)
    did = WEB if which == "web" else queries.newest_entry(row.issuer).did
    before, after = signed(row, did, now + HOUR), signed(row, did, now + 3 * HOUR)
    actions.revoke_key(**who, name="key-1", now=now + 2 * HOUR)
    later = now + 9 * HOUR
    proof = integrity.verify(before, find(later), later).proofs[0]
    assert proof.key_revoked == now + 2 * HOUR  # whether it is older is for the log to say
    with pytest.raises(CredentialRefused, match="was revoked at"):
        integrity.verify(after, find(later), later)


def test_a_key_for_one_purpose(who, now, api_client):
    actions.add_key(**who, algorithm="Ed25519", purposes=["authentication"], now=now)
    refused = post(api_client("maker"), "/credentials/issue", credential=plain())
    assert refused.status_code == 409  # nothing to sign statements with
    row = actions.add_key(**who, algorithm="P-256", purposes=["assertionMethod"], now=now)
    document = dids.document(row.issuer)
    assert document["authentication"] == [f"{WEB}#key-1", f"{WEB}#key-1-jwk"]
    assert document["assertionMethod"] == [f"{WEB}#key-2", f"{WEB}#key-2-jwk"]
    assert "keyAgreement" not in document
    made = post(api_client("maker"), "/credentials/issue", credential=plain(), options={"form": "vc+jwt"})
    assert made.status_code == 409  # a status list wants Ed25519
    for wrong in ([], ["keyAgreement"]):
        with pytest.raises(Problem, match="A key is for"):
            actions.add_key(**who, algorithm="P-256", purposes=wrong, now=now)


def test_signed_under_the_name_with_the_history(issuer, api_client):
    """A credential may name the did:webvh; receivers then have the keys of its day for ever."""
    did = queries.newest_entry(issuer).did
    client = api_client("maker")
    made = post(client, "/credentials/issue", credential=plain(issuer=did))
    assert made.status_code == 201, made.content
    secured = made.json()["verifiableCredential"]
    assert secured["proof"]["verificationMethod"].startswith(did)
    answer = post(client, "/credentials/verify", verifiableCredential=secured)
    assert answer.status_code == 200, answer.content


def moved(settings, url="https://new.example"):
    settings.PUBLIC_URL = url


def test_nothing_is_signed_at_an_address_that_the_dids_do_not_know(issuer, who, now, api_client, settings):
    moved(settings)
    for call in (
        lambda: actions.add_key(**who, algorithm="Ed25519", now=now),
        lambda: actions.rotate_key(**who, name="key-1", now=now),
        lambda: actions.issue(**who, credential=plain(), now=now),
    ):
        with pytest.raises(Problem, match="not the one in its DIDs") as problem:
            call()
        assert "credential did move" in problem.value.detail
    assert [(one.rule, one.pointer) for one in doctor.address()] == [("D-MOVED", "LODELINE_URL")]
    actions.move(actor=platform(), now=now)
    assert list(doctor.address()) == []


def test_where_there_is_no_name_nothing_is_signed(who, now, settings):
    settings.PUBLIC_URL = "http://192.168.1.4:8000"
    with pytest.raises(Problem, match="DIDs need the name of a host"):
        actions.add_key(**who, algorithm="Ed25519", now=now)
    assert [(one.rule, one.severity) for one in doctor.address()] == [("D-NAMELESS", "note")]
    with pytest.raises(Problem, match="DIDs need the name of a host"):
        actions.move(actor=platform(), now=now)


@pytest.mark.parametrize(
    ("url", "home"),
    [
        ("http://127.0.0.1:9000", "localhost%3A9000"),
        ("https://new.example", "localhost%3A8000"),
        ("http://10.0.0.1", "localhost%3A8000"),
    ],
)
def test_a_trial_follows_its_port_and_nothing_else(url, home, issuer, now, settings):
    settings.PUBLIC_URL = url
    actions.follow_trial(actor=platform(), now=now)
    assert queries.home() == home


@pytest.mark.parametrize("which", ["web", "webvh"])
def test_another_address(which, issuer, who, now, settings, client, api_client):
    """What was signed before verifies under the old name, what is signed after under the new one."""
    settings.VC_HOSTS = set()
    here = api_client("maker")
    before = queries.newest_entry(issuer).did
    sent = plain(issuer=before if which == "webvh" else WEB)
    old = actions.issue(**who, credential=sent, now=now + HOUR).secured
    moved(settings)
    at = now + 2 * HOUR
    told = actions.move(actor=platform(), now=at)
    assert (told.old, told.new, told.issuers) == ("localhost%3A8000", "new.example", 1)
    assert actions.move(actor=platform(), now=at).old is None
    log = log_of(client)
    last = state(log)
    now_called = before.replace("localhost%3A8000", "new.example")
    assert last["id"] == now_called
    assert {before, WEB, "did:web:new.example:orgs:north-works"} <= set(last["alsoKnownAs"])
    later = at + HOUR
    assert did_webvh.verify(log, now_called, later).versions[-1].number == 3
    assert [version.state["id"] for version in did_webvh.verify(log, before, later).versions] == [
        before, before, now_called,
    ]  # fmt: skip
    assert json.loads(client.get("/orgs/north-works/did.json").content)["id"] == (
        "did:web:new.example:orgs:north-works"
    )
    assert [one.until is None for one in Home.objects.order_by("pk")] == [False, True]

    for _ in range(2):
        answer = post(here, "/credentials/verify", verifiableCredential=old)
        assert answer.status_code == 200, answer.content
    fresh = actions.issue(
        **who, credential=plain(issuer=now_called) if which == "webvh" else plain(), now=later
    )
    actions.set_status(**who, identifier=old["id"], act=Act.REVOKE, now=later)
    answer = post(
        here, "/credentials/verify", verifiableCredential=old
    )  # a list is kept under the name of today
    assert [error["detail"] for error in answer.json()["errors"]] == ["its issuer has revoked it"]
    name = now_called if which == "webvh" else "did:web:new.example:orgs:north-works"
    assert fresh.secured["proof"]["verificationMethod"].startswith(name)
    integrity.verify(fresh.secured, find(later), later)
    forged = {**fresh.secured["proof"], "verificationMethod": f"{before}#key-1"}
    if which == "webvh":
        with pytest.raises(CredentialRefused, match="was called"):
            integrity.verify({**fresh.secured, "proof": forged}, find(later), later)


def test_moving_goes_on_where_it_was_stopped(issuer, other_organisation, now, settings, client):
    there = {"actor": platform(other_organisation.workspace_id), "organisation": other_organisation}
    actions.add_key(**there, algorithm="Ed25519", now=now)
    moved(settings)
    real = actions.move.__globals__["histories"].write
    calls = []

    def once(*args, **more):
        if calls:
            raise OSError("the machine stopped")
        calls.append(1)
        return real(*args, **more)

    with (
        mock.patch("lodeline_server.credentials.histories.write", once),
        pytest.raises(OSError, match="the machine stopped"),
    ):
        actions.move(actor=platform(), now=now + HOUR)
    assert queries.home() == "localhost%3A8000"
    told = actions.move(actor=platform(), now=now + 2 * HOUR)
    assert (told.issuers, queries.home()) == (1, "new.example")
    for name in ("north-works", "south-works"):
        assert ":new.example:" in state(log_of(client, name))["id"]


def test_who_may(organisation, other_organisation, actor, now):
    maker = actor(Role.MAKER)
    actions.add_key(actor=maker, organisation=organisation, algorithm="Ed25519", now=now)
    for wrong in (actor(Role.BUYER), actor(Role.AUDITOR)):
        for call in (actions.make_did, actions.rotate_key, actions.revoke_key):
            more = {} if call is actions.make_did else {"name": "key-1"}
            with pytest.raises(Denied):
                call(actor=wrong, organisation=organisation, now=now, **more)
    with pytest.raises(Denied):
        actions.rotate_key(actor=maker, organisation=other_organisation, name="key-1", now=now)
    with pytest.raises(Denied):
        actions.move(actor=maker, now=now)


def test_no_more_keys_than_a_document_holds(issuer, who, now, monkeypatch):
    monkeypatch.setattr("lodeline_server.credentials.actions_keys.MAX_KEYS", 3)
    actions.rotate_key(**who, name="key-1", now=now + HOUR)
    with pytest.raises(Problem, match="at most 3 keys"):
        actions.add_key(**who, algorithm="Ed25519", now=now + HOUR)


@pytest.mark.parametrize(
    "did",
    [
        "did:web:evil.example:orgs:north-works",
        "did:web:localhost%3A8000:orgs:nobody",
        "did:web:localhost%3A8000:orgs:north-works:x",
        "did:web:localhost%3A8000:batteries:09521000000011:none",
        "did:webvh:QmdmPkUdYzbr9txmx8gM2rsHPgr5L6m3gHjJGAf4vUFoGE:localhost%3A8000:orgs:north-works",
    ],
)
def test_names_that_look_like_ours(did, issuer, asked_outside):
    assert dids.own(did, None) is None
    assert dids.own_log(did) is None
    with pytest.raises(CredentialRefused) as refusal:
        material.resolver()(did)
    assert refusal.value.step == "key"
    assert asked_outside == []


def test_our_scid_at_a_foreign_host(issuer, asked_outside):
    did = queries.newest_entry(issuer).did.replace("localhost%3A8000", "evil.example")
    with pytest.raises(CredentialRefused, match="never was of"):
        material.resolver()(did)
    assert asked_outside == []


def test_questions_asked_of_the_database(issuer, django_assert_num_queries):
    did = queries.newest_entry(issuer).did
    resolver = material.resolver()
    with django_assert_num_queries(3):  # issuer, keys, history
        resolver(WEB)
    with django_assert_num_queries(1):
        resolver(did)


@pytest.mark.parametrize(
    ("serial", "part"),
    [("B-0001", "B-0001"), ("a/b", "a_2Fb"), ("..", "_2E_2E"), ("x_y", "x_5Fy"), ("\"%&'", "_22_25_26_27")],
)
def test_a_serial_number_in_a_did(serial, part):
    assert addresses.serial_part(serial) == part
    did = addresses.battery_of("09521000000011", part)
    assert addresses.read(did).serial == part


@given(st.text(min_size=1, max_size=20), st.text(min_size=1, max_size=20))
def test_no_two_serial_numbers_have_one_did(one, other):
    assert (addresses.serial_part(one) == addresses.serial_part(other)) == (one == other)


def test_the_command(organisation, capsys, settings):
    from tests.apps.credentials.test_doors import run

    ours = ("--as", "north-works")
    assert run(capsys, "did", "show", *ours)[0] == 2
    code, said = run(capsys, "did", "make", *ours)
    assert (code, said.out.splitlines()[0]) == (0, WEB)
    assert run(capsys, "key", "add", *ours, "--purpose", "assertionMethod")[0] == 0
    assert run(capsys, "key", "rotate", "key-1", *ours)[0] == 0
    assert run(capsys, "key", "rotate", "key-1", *ours)[0] == 1
    code, said = run(capsys, "key", "list", *ours, "--json")
    told = json.loads(said.out)
    assert [(one["name"], one["purposes"], one["until"] is None) for one in told["keys"]] == [
        ("key-1", ["assertionMethod"], False), ("key-2", ["assertionMethod"], True),
    ]  # fmt: skip
    code, said = run(capsys, "did", "history", told["history"])
    assert len(said.out.splitlines()) == 3
    assert run(capsys, "did", "history", *ours)[1].out == said.out
    assert run(capsys, "did", "history", WEB)[0] == 2
    assert json.loads(run(capsys, "did", "show", told["history"])[1].out)["id"] == told["history"]
    assert run(capsys, "did", "show", "did:web:elsewhere.example")[0] == 1
    assert run(capsys, "did", "move")[1].out.startswith("nothing to move")
    moved(settings)
    code, said = run(capsys, "key", "add", *ours)
    assert (code, "did move" in said.err) == (1, True)
    code, said = run(capsys, "did", "move")
    assert said.out == "moved from localhost%3A8000 to new.example (issuers: 1, batteries: 0)\n"
    assert run(capsys, "key", "add", *ours)[0] == 0


@pytest.mark.parametrize("which", ["web", "webvh"])
@pytest.mark.parametrize("end", ["rotate", "revoke"])
def test_tokens_of_a_p256_key_that_ended(end, which, who, now):
    row = actions.add_key(**who, algorithm="P-256", now=now)
    did = WEB if which == "web" else queries.newest_entry(row.issuer).did
    key, kid = keyring.opened(row), f"{did}#key-1-jwk"
    before, after = (jose.sign(plain(issuer=did), key, kid, now=now + hours * HOUR) for hours in (1, 3))
    call = actions.rotate_key if end == "rotate" else actions.revoke_key
    call(**who, name="key-1", now=now + 2 * HOUR)
    later = now + 9 * HOUR
    found = jose.verify(before, find(later), later)
    assert (found.did, found.algorithm) == (did, "ES256")
    assert found.key_revoked == (None if end == "rotate" else now + 2 * HOUR)
    with pytest.raises(CredentialRefused) as refusal:
        jose.verify(after, find(later), later)
    assert refusal.value.step == "key"
