"""did:webvh by published logs and by every way to break one."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.credentials.making import ED, NOW, OTHER, nothing
from tests.core.credentials.webvh_published import ROTATED, WITNESSED, WITNESSES

from lodeline import strictjson
from lodeline.credentials import did_key, did_webvh, integrity, multibase, multikey
from lodeline.credentials.verdict import CredentialRefused
from lodeline.credentials.webvh_entry import entry_hash
from lodeline.keys import SigningKey

HOST = "did:webvh:{SCID}:maker.example"
THIRD = SigningKey(b"\x07" * 32)
HOUR = timedelta(hours=1)


def state(identifier: str = HOST, **more: object) -> dict:
    return {"@context": ["https://www.w3.org/ns/did/v1"], "id": identifier, **more}


def last(log: bytes) -> dict:
    return json.loads(log.splitlines()[-1])


def name(log: bytes) -> str:
    return last(log)["state"]["id"]


def refused(log: bytes, witnesses: bytes | None = None, identifier: str | None = None, now=NOW) -> str:
    with pytest.raises(CredentialRefused) as refusal:
        did_webvh.verify(log, identifier or name(log), now, witnesses).at()
    assert refusal.value.step == "key"
    return str(refusal.value)


def test_published_logs_hold():
    history = did_webvh.verify(ROTATED, name(ROTATED), NOW)
    assert [version.number for version in history.versions] == [1, 2]
    assert history.parameters.update_keys == tuple(last(ROTATED)["parameters"]["updateKeys"])
    assert did_webvh.verify(WITNESSED, name(WITNESSED), NOW, WITNESSES).parameters.witness["threshold"] == 1
    assert "no did-witness.json" in refused(WITNESSED)
    assert "0 of 1" in refused(WITNESSED, WITNESSES.replace(b"2000-", b"2001-"))


def test_the_entry_hash_of_the_specification():
    # did:webvh 1.0, "Generate Entry Hash".
    keys = [
        "z6Mkkc51mg2vpQzKWAbWQZupeGYhowaBjYkmvcKMTqteqHB4",
        "z6MkuDdJdKLCgwZuQuEi9xG6LVgJJ9Tebr74CXPYPSumqgJs",
        "z6MkoSWmQyp4fTk4ZQy4KUsss9dFX51XfEUzKKKj1J1JUsrF",
    ]
    scid = "QmdmPkUdYzbr9txmx8gM2rsHPgr5L6m3gHjJGAf4vUFoGE"
    parameters = {
        "witness": {"threshold": 2, "witnesses": [{"id": f"did:key:{key}", "weight": 1} for key in keys]},
        "updateKeys": ["z6MkgzBDcBFV3sk4ypPE5YXMZHmS213A3HpYY2LmcVKV15jr"],
        "nextKeyHashes": ["QmZreDcjvWEpyRFznQeExWNCsvMLk5i59AcRJJuQC8UodJ"],
        "method": "did:webvh:0.5",
        "scid": scid,
    }
    document = {"@context": ["https://www.w3.org/ns/did/v1"], "id": f"did:webvh:{scid}:domain.example"}
    entry = {"versionTime": "2025-04-01T17:39:50Z", "parameters": parameters, "state": document}
    assert entry_hash(entry, scid) == "QmQ6FJ4fk2xheSSQoEjVpTgx9AQPKhJgtR9hn1nr4EeCrZ"


def test_created_updated_rotated_given_up():
    log = did_webvh.create(state(), ED, NOW - 9 * HOUR)
    identifier = name(log)
    new = multikey.encode(OTHER.verify_key)
    log += did_webvh.update(log, state(identifier, note=2), ED, NOW - 8 * HOUR, {"updateKeys": [new]})
    log += did_webvh.update(log, state(identifier, note=3), OTHER, NOW - 7 * HOUR)
    history = did_webvh.verify(log, identifier, NOW)
    assert history.at().state["note"] == 3
    assert history.at(NOW - 8 * HOUR).number == 2
    assert history.at(NOW - 8 * HOUR - timedelta(seconds=1)).number == 1
    assert history.at(version=history.versions[1].id).state["note"] == 2
    assert history.at(number=1).number == 1
    for question in ({"moment": NOW - 10 * HOUR}, {"version": "1-x"}, {"number": 9}):
        with pytest.raises(CredentialRefused, match="no such version"):
            history.at(**question)
    old = did_webvh.update(log, state(identifier), ED, NOW - 6 * HOUR)
    assert "may not" in refused(log + old)
    gone = log + did_webvh.deactivate(log, OTHER, NOW - 6 * HOUR)
    assert "given up" in refused(gone)
    assert did_webvh.verify(gone, identifier, NOW).at(NOW - 7 * HOUR).number == 3
    assert "nothing may follow" in refused(
        gone + did_webvh.update(gone, state(identifier), OTHER, NOW - 5 * HOUR)
    )


def test_pre_rotation_binds_the_next_keys():
    announced = {"nextKeyHashes": [did_webvh.next_hash(OTHER.verify_key)]}
    log = did_webvh.create(state(), ED, NOW - 9 * HOUR, announced)
    identifier = name(log)
    good = {"updateKeys": [multikey.encode(OTHER.verify_key)], "nextKeyHashes": []}
    longer = log + did_webvh.update(log, state(identifier), OTHER, NOW - 8 * HOUR, good)
    assert did_webvh.verify(longer, identifier, NOW).at().number == 2
    thief = {"updateKeys": [multikey.encode(THIRD.verify_key)], "nextKeyHashes": []}
    tries = (
        (thief, THIRD, "announced"),
        (good, ED, "may not"),
        ({}, ED, "every entry gives"),
        ({"updateKeys": good["updateKeys"]}, OTHER, "every entry gives"),
    )
    for parameters, signer, reason in tries:
        line = did_webvh.update(log, state(identifier), signer, NOW - 8 * HOUR, parameters)
        assert reason in refused(log + line)


def test_it_moves_only_if_it_was_made_to():
    for portable in (True, False):
        log = did_webvh.create(state(), ED, NOW - 9 * HOUR, {"portable": portable})
        old = name(log)
        new = old.replace("maker.example", "other.example")
        line = did_webvh.update(log, state(new, alsoKnownAs=[old]), ED, NOW - 8 * HOUR)
        silent = did_webvh.update(log, state(new), ED, NOW - 8 * HOUR)
        if portable:
            assert did_webvh.verify(log + line, new, NOW).at().state["id"] == new
            assert did_webvh.verify(log + line, old, NOW).at(NOW - 9 * HOUR).state["id"] == old
        else:
            assert "moves" in refused(log + line)
        assert "moves" in refused(log + silent)
        later = did_webvh.update(log, state(old), ED, NOW - 8 * HOUR, {"portable": True})
        assert "first entry" in refused(log + later)


def test_witnesses_of_before_and_of_now():
    names = [did_key.did(key.verify_key) for key in (OTHER, THIRD)]
    both = {"threshold": 2, "witnesses": [{"id": item} for item in names]}
    log = did_webvh.create(state(), ED, NOW - 9 * HOUR, {"witness": both})
    identifier = name(log)
    second = did_webvh.update(log, state(identifier), ED, NOW - 8 * HOUR, {"witness": {}})
    whole = log + second
    third = whole + did_webvh.update(whole, state(identifier), ED, NOW - 7 * HOUR)
    first_id, second_id = last(log)["versionId"], last(whole)["versionId"]

    def file(*signed):
        items = [{"versionId": of, "proof": [did_webvh.witness(of, key, NOW - HOUR)]} for of, key in signed]
        return json.dumps(items).encode()

    enough = file((second_id, OTHER), (second_id, THIRD))
    assert did_webvh.verify(third, identifier, NOW, enough).at().number == 3
    assert did_webvh.verify(log, identifier, NOW, file((first_id, OTHER), (first_id, THIRD))).at().number == 1
    short = (
        file(),
        file((second_id, OTHER)),
        file((second_id, OTHER), (first_id, THIRD)),
        file((second_id, OTHER), ("3-QmX", THIRD)),
        file((second_id, OTHER), (second_id, ED)),
        b"[]",
        b"{}",
        b"nothing",
    )
    for witnesses in short:
        refused(third, witnesses)
    broken = json.loads(enough)
    broken[0]["proof"][0]["versionId"] = broken[0]["versionId"] = first_id
    refused(third, json.dumps(broken).encode())


@pytest.mark.parametrize(
    "parameters",
    [
        {"witness": {"threshold": 0, "witnesses": [{"id": did_key.did(ED.verify_key)}]}},
        {"witness": {"threshold": 2, "witnesses": [{"id": did_key.did(ED.verify_key)}]}},
        {"witness": {"threshold": 1, "witnesses": [{"id": did_key.did(ED.verify_key)}] * 2}},
        {"witness": {"threshold": 1, "witnesses": [{"id": "did:web:a.example"}]}},
        {"witness": {"threshold": True, "witnesses": [{"id": did_key.did(ED.verify_key)}]}},
        {"witness": []},
        {"method": "did:webvh:99.0"},
        {"method": "did:webvh:0.5"},
        {"scid": "{SCID}x"},
        {"scid": ""},
        {"ttl": -1},
        {"ttl": True},
        {"portable": "yes"},
        {"deactivated": 1},
        {"updateKeys": "z6Mk"},
        {"updateKeys": []},
        {"updateKeys": ["z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"]},
        {"colour": "blue"},
    ],
)
def test_first_entries_that_are_none(parameters):
    refused(did_webvh.create(state(), ED, NOW, parameters))


def test_null_means_as_by_default():
    log = did_webvh.create(state(), ED, NOW, {"witness": None, "nextKeyHashes": None, "ttl": None})
    assert did_webvh.verify(log, name(log), NOW).parameters.ttl == 3600


def test_times_rise_and_are_not_to_come():
    log = did_webvh.create(state(), ED, NOW)
    for moment in (NOW, NOW - HOUR, NOW + HOUR):
        refused(log + did_webvh.update(log, state(name(log)), ED, moment))
    entry = json.loads(log)
    for time in ("2026-11-22T10:00:00", "2026-11-22T11:00:00+01:00", "2026", 5):
        assert "version" in refused(signed_again(entry | {"versionTime": time}))


def signed_again(entry: dict, signer: SigningKey = ED) -> bytes:
    """The log of a first entry whose content was changed, with a fresh SCID, hash and signature."""
    scid = entry["parameters"]["scid"]
    plain = {member: value for member, value in entry.items() if member != "proof"} | {"versionId": "{SCID}"}
    plain = json.loads(json.dumps(plain).replace(scid, "{SCID}"))
    text = strictjson.canonical(plain)
    scid = multibase.b58(multibase.multihash(text))
    made = json.loads(text.replace(b"{SCID}", scid.encode()))
    made["versionId"] = f"1-{entry_hash(made, scid)}"
    made = integrity.add(made, signer, did_key.method(signer.verify_key), created=NOW)
    return json.dumps(made).encode()


def test_others_logs_and_other_forms():
    log = did_webvh.create(state(), ED, NOW)
    other = did_webvh.create(state(HOST + ":two"), ED, NOW)
    entry = json.loads(log)
    assert "another identifier" in refused(log, identifier=name(other))
    assert "never was" in refused(log, identifier=name(log).replace("maker", "faker"))
    assert did_webvh.verify(signed_again(entry), name(log), NOW).at().number == 1
    for change in (
        {"more": 1},
        {"versionId": entry["versionId"].replace("1-", "2-")},
        {"versionId": "1-" + entry["versionId"]},
        {"state": []},
        {"state": {}},
        {"parameters": []},
        {"proof": []},
        {"proof": entry["proof"] * 17},
        {"proof": [entry["proof"][0] | {"cryptosuite": "eddsa-rdfc-2022"}]},
        {"proof": [entry["proof"][0] | {"proofPurpose": "authentication"}]},
        {"proof": [entry["proof"][0] | {"verificationMethod": did_key.did(ED.verify_key)}]},
        {"proof": [*entry["proof"], entry["proof"][0] | {"created": "2026-01-01T00:00:00Z"}]},
    ):
        refused(json.dumps(entry | change).encode(), identifier=name(log))
    for data in (b"", b"\n", b"[]", b"{", log + log, log.replace(b'"state"', b'"state":{},"state"')):
        refused(data, identifier=name(log))
    assert "may not" in refused(signed_again(entry, OTHER), identifier=name(signed_again(entry, OTHER)))


@pytest.mark.parametrize(
    "rest",
    [
        "127.0.0.1",
        "127%2E0%2E0%2E1",
        "169%2e254%2e169%2e254",
        "a.example:..:admin",
        "a.example:%2E%2E:admin",
        "",
        "localhost",
    ],
)
def test_names_that_lead_elsewhere(rest):
    scid = name(ROTATED).split(":")[2]
    with pytest.raises(CredentialRefused):
        did_webvh.location(f"did:webvh:{scid}:{rest}")
    with pytest.raises(CredentialRefused):
        did_webvh.location("did:webvh:Qm" + "1" * 44 + ":a.example")


@given(st.data())
def test_any_changed_byte_of_a_log_is_refused(data):
    log = ROTATED.rstrip(b"\n")
    place = data.draw(st.integers(0, len(log) - 1))
    changed = log[:place] + bytes([log[place] ^ data.draw(st.sampled_from([1, 2, 4, 16]))]) + log[place + 1 :]
    try:
        same = [json.loads(line) for line in changed.splitlines()] == [
            json.loads(line) for line in log.splitlines()
        ]
    except ValueError:
        same = False
    if not same:
        refused(changed, identifier=name(ROTATED))


def test_two_names_of_one_history():
    scid, other = (
        "QmdmPkUdYzbr9txmx8gM2rsHPgr5L6m3gHjJGAf4vUFoGE",
        "QmcSFEMhXCnsJ3CWNB4cckUsuaBwhJ58i34wo5uN9xb1Er",
    )
    here, there = f"did:webvh:{scid}:a.example", f"did:webvh:{scid}:b.example:x"
    assert did_webvh.same(here, there)
    assert did_webvh.same("did:web:a.example", "did:web:a.example")
    for wrong in (f"did:webvh:{other}:a.example", f"did:web:{scid}:a.example", "did:web:a.example", ""):
        assert not did_webvh.same(here, wrong)
    assert not did_webvh.same("did:webvh:x:a.example", "did:webvh:x:b.example")


@given(st.lists(st.sampled_from(["rotate", "move", "state"]), max_size=6))
def test_our_own_log_is_verified_like_anybodys(changes):
    """Any sequence of entries resolves from the log that we keep; once for the bytes it has."""
    from lodeline.credentials import did, resolve

    keys = [SigningKey(bytes([number + 1]) * 32) for number in range(len(changes) + 2)]
    moment = NOW - timedelta(hours=len(changes) + 1)

    def announced(number):
        return {"nextKeyHashes": [did_webvh.next_hash(keys[number].verify_key)]}

    def document(identifier, number, *before):
        listed = [did.Published(f"k{place}", keys[place].verify_key) for place in range(number + 1)]
        return did.document(identifier, listed, also_known_as=before)

    start = document("did:webvh:{SCID}:localhost%3A8000", 0)
    log = did_webvh.create(start, keys[0], moment, {"portable": True, **announced(1)})
    names = [name(log)]
    for number, change in enumerate(changes, 1):
        moment += HOUR
        now_called = names[-1].rpartition(":")[0] + f":h{number}.example" if change == "move" else names[-1]
        shown = number if change == "rotate" else 0
        more = {"updateKeys": [multikey.encode(keys[number].verify_key)], **announced(number + 1)}
        state_ = document(now_called, shown, *names)
        log += did_webvh.update(log, state_, keys[number], moment, more)
        names.append(now_called)
    asked = []

    def own_log(identifier):
        asked.append(identifier)
        return log

    find = resolve.resolver(nothing, lambda: NOW, own_log=own_log)
    for _ in range(2):
        assert find(names[-1]).did == names[-1]
    assert len(asked) == 2
    first = find(f"{names[0]}?versionNumber=1")
    assert first.method(f"{names[0]}#k0", "assertionMethod", None).key == keys[0].verify_key
    if names[0] != names[-1]:
        with pytest.raises(CredentialRefused, match="was called"):
            find(names[0])
    cut = resolve.resolver(nothing, lambda: NOW, own_log=lambda _: log.replace(b"#k0", b"#k9", 1))
    with pytest.raises(CredentialRefused):
        cut(names[-1])
