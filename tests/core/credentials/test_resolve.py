"""The resolver: three methods, keys of then, cache, limits; it asks only where it must."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from tests.core.credentials.making import ED, HOST, NOW, OTHER, nothing, web

from lodeline.credentials import did, did_key, did_webvh, resolve
from lodeline.credentials.verdict import CredentialRefused

URL = "https://maker.example/.well-known/did.json"
HOUR = timedelta(hours=1)


class Clock:
    now = NOW

    def __call__(self):
        return self.now


class Net:
    """Answers from a table and notes what was asked."""

    def __init__(self, **files: bytes) -> None:
        self.files, self.asked = dict(files), []

    def __call__(self, url: str, most: int) -> bytes:
        self.asked.append(url)
        if url not in self.files:
            raise LookupError("404")
        return self.files[url]


def test_did_key_asks_nobody():
    method = did_key.method(ED.verify_key)
    document = resolve.resolver(nothing, Clock())(method)
    assert document.method(method, "assertionMethod", None).key == ED.verify_key


def test_did_web_is_kept_for_a_while():
    net, clock = Net(**{URL: json.dumps(web()).encode()}), Clock()
    find = resolve.resolver(net, clock)
    for _ in range(3):
        assert find(f"{HOST}#k1").method(f"{HOST}#k1", "assertionMethod", NOW).key == ED.verify_key
    assert net.asked == [URL]
    clock.now = NOW + resolve.FRESH
    find(HOST)
    assert net.asked == [URL, URL]
    find.forget(HOST)
    find(HOST)
    assert len(net.asked) == 3


def test_what_cannot_be_had_is_asked_again_soon():
    net, clock = Net(), Clock()
    find = resolve.resolver(net, clock)
    for _ in range(3):
        with pytest.raises(CredentialRefused, match="cannot be had") as refusal:
            find(HOST)
        assert refusal.value.step == "key"
    assert net.asked == [URL]
    net.files[URL] = json.dumps(web()).encode()
    clock.now = NOW + resolve.FAILED
    assert find(HOST).did == HOST


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        json.dumps(web(host="did:web:other.example")).encode(),
        json.dumps(web()).encode()[:-1] + b',"id":"did:web:maker.example"}',
        b" " * (resolve.MAX_DOCUMENT + 1),
        b'{"id":' + b"[" * 40 + b"]" * 40 + b"}",
    ],
)
def test_answers_that_are_no_document(data):
    with pytest.raises(CredentialRefused) as refusal:
        resolve.resolver(Net(**{URL: data}), Clock())(HOST)
    assert refusal.value.step == "key"


def test_unknown_methods_and_local_names_are_not_asked_for():
    find = resolve.resolver(nothing, Clock())
    for name in (
        "did:example:1",
        "did:web:localhost%3A8000",
        "did:web:10.0.0.1",
        "did:webvh:x:a.example",
        "mailto:a",
    ):
        with pytest.raises(CredentialRefused):
            find(name)


def test_our_own_come_from_us_as_they_were():
    old, new = web(did.Published("k1", ED.verify_key)), web(did.Published("k2", OTHER.verify_key))

    def own(identifier, moment):
        return (old if moment and moment < NOW else new) if identifier == HOST else None

    find = resolve.resolver(nothing, Clock(), own)
    assert f"{HOST}#k1" in find(HOST, NOW - HOUR).methods
    assert f"{HOST}#k2" in find(HOST, NOW).methods
    assert f"{HOST}#k2" in find(HOST).methods


def webvh(note: int, name: str = "did:webvh:{SCID}:maker.example") -> dict:
    return {"@context": ["https://www.w3.org/ns/did/v1"], "id": name, "note": note}


def test_did_webvh_is_read_at_the_time_of_the_signature():
    log = did_webvh.create(webvh(1), ED, NOW - 9 * HOUR, {"ttl": 60})
    name = json.loads(log)["state"]["id"]
    log += did_webvh.update(log, webvh(2, name), ED, NOW - 5 * HOUR)
    place = "https://maker.example/.well-known/did.jsonl"
    net, clock = Net(**{place: log}), Clock()
    find = resolve.resolver(net, clock)
    first = json.loads(log.splitlines()[0])["versionId"]
    for url, moment, note in (
        (name, None, 2),
        (name, NOW - 6 * HOUR, 1),
        (f"{name}?versionId={first}", None, 1),
        (f"{name}?versionTime=2026-11-22T04:00:00Z#k", None, 1),
        (f"{name}?versionNumber=2", NOW - 6 * HOUR, 2),
    ):
        found = find(url, moment)
        assert (found.raw["note"], found.did) == (note, name)
    for url, moment in (
        (name, NOW - 10 * HOUR),
        (f"{name}?versionNumber=x", None),
        (f"{name}?versionTime=then", None),
    ):
        with pytest.raises(CredentialRefused):
            find(url, moment)
    assert net.asked == [place]
    clock.now = NOW + timedelta(seconds=61)
    find(name)
    assert net.asked == [place, place]


def test_a_key_that_is_revoked_later_is_revoked_in_old_versions_too():
    first = did.document("did:webvh:{SCID}:maker.example", [did.Published("k1", ED.verify_key)])
    log = did_webvh.create(first, ED, NOW - 9 * HOUR)
    name = json.loads(log)["state"]["id"]
    ended = did.document(name, [did.Published("k1", ED.verify_key, revoked=NOW - 7 * HOUR)])
    log += did_webvh.update(log, ended, ED, NOW - HOUR)
    find = resolve.resolver(Net(**{"https://maker.example/.well-known/did.jsonl": log}), Clock())
    for moment, holds in ((NOW - 8 * HOUR, True), (NOW - 6 * HOUR, False), (NOW, False)):
        document = find(name, moment)
        assert document.version.startswith("1-" if moment < NOW - HOUR else "2-")
        if holds:
            assert document.method(f"{name}#k1", "assertionMethod", moment).revoked == NOW - 7 * HOUR
        else:
            with pytest.raises(CredentialRefused, match="revoked"):
                document.method(f"{name}#k1", "assertionMethod", moment)


def test_witnesses_are_fetched_where_they_are_named():
    listed = {"threshold": 1, "witnesses": [{"id": did_key.did(OTHER.verify_key)}]}
    log = did_webvh.create(webvh(1, "did:webvh:{SCID}:maker.example:a"), ED, NOW - HOUR, {"witness": listed})
    entry = json.loads(log)
    proof = [did_webvh.witness(entry["versionId"], OTHER, NOW - HOUR)]
    file = json.dumps([{"versionId": entry["versionId"], "proof": proof}]).encode()
    net = Net(**{"https://maker.example/a/did.jsonl": log, "https://maker.example/a/did-witness.json": file})
    assert resolve.resolver(net, Clock())(entry["state"]["id"]).raw["note"] == 1
    net.files.pop("https://maker.example/a/did-witness.json")
    with pytest.raises(CredentialRefused, match=r"did-witness\.json"):
        resolve.resolver(net, Clock())(entry["state"]["id"])


def test_the_cache_does_not_grow_for_ever(monkeypatch):
    monkeypatch.setattr(resolve, "KEPT", 3)
    net = Net()
    find = resolve.resolver(net, Clock())
    for number in range(6):
        with pytest.raises(CredentialRefused):
            find(f"did:web:a{number}.example")
    assert len(find._kept) == 3
