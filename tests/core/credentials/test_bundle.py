"""Bundles without a server: what is written is read, what was changed is refused, nothing vouches for itself."""

from __future__ import annotations

import copy
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lodeline import strictjson
from lodeline.credentials import bundle, did, did_key, did_webvh
from lodeline.credentials.bundle import Carried, CarriedList, Gathered
from lodeline.credentials.offline import Offline, Roots
from lodeline.credentials.status import StatusRefused
from lodeline.credentials.verdict import CredentialRefused
from lodeline.keys import SigningKey

KEY, SEALER = SigningKey(b"\x01" * 32), SigningKey(b"\x02" * 32)
BY, KID = did_key.did(SEALER.verify_key), did_key.method(SEALER.verify_key)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
WEB = "did:web:maker.example"
URL = "https://maker.example/status/1"
DOCUMENT = did.document(WEB, [did.Published("key-1", KEY.verify_key)])


def gathered(**more):
    given = {
        "credential": {"id": "urn:uuid:1", "name": "of 2026"},
        "documents": (Carried(did=WEB, document=DOCUMENT),),
        "lists": (
            CarriedList(
                url=URL, since=NOW - timedelta(days=9), until=NOW - timedelta(days=2), credential={"n": 1}
            ),
            CarriedList(url=URL, since=NOW - timedelta(days=2), credential={"n": 2}),
        ),
    }
    return Gathered(**(given | more))


def written(**more):
    return bundle.write(gathered(**more), SEALER, KID, by=BY, as_of=NOW)


def offline(made, believed=(), now=NOW):
    return Offline(bundle.read(strictjson.canonical(made)), Roots(believed=frozenset(believed)), now)


def test_what_is_written_is_read():
    found = bundle.read(strictjson.canonical(written()))
    assert (found.parts, found.by, found.kid, found.as_of) == (gathered(), BY, KID, NOW)


def places(value, path=()):
    yield path
    if isinstance(value, dict):
        for name in value:
            yield from places(value[name], (*path, name))
    elif isinstance(value, list):
        for number, one in enumerate(value):
            yield from places(one, (*path, number))


PLACES = [path for path in places(written()) if path]


@given(
    st.sampled_from(PLACES),
    st.none() | st.booleans() | st.integers(0, 9) | st.text(max_size=5) | st.just([]) | st.just({}),
)
def test_no_member_can_be_changed(path, value):
    made = copy.deepcopy(written())
    place = made
    for name in path[:-1]:
        place = place[name]
    if place[path[-1]] == value and type(place[path[-1]]) is type(value):
        return
    place[path[-1]] = value
    with pytest.raises(CredentialRefused):
        offline(made, (BY,))


@given(st.integers(0, 10_000), st.integers(0, 255))
def test_no_byte_can_be_changed(at, byte):
    data = bytearray(strictjson.canonical(written()))
    at %= len(data)
    if data[at] == byte:
        return
    data[at] = byte
    try:
        found = bundle.read(bytes(data))
    except CredentialRefused:
        return
    # What is left is another way to write the same: a letter of the seal's unused bits would be refused, too.
    with pytest.raises(CredentialRefused):
        Offline(found, Roots(believed=frozenset({BY})), NOW)


def test_a_document_counts_for_who_believes_the_sealer():
    with pytest.raises(CredentialRefused, match="nothing that you know vouches") as refused:
        offline(written()).resolve(f"{WEB}#key-1", NOW)
    assert refused.value.step == "key"
    believed = offline(written(), (BY,))
    assert believed.vouched
    assert believed.resolve(f"{WEB}#key-1", NOW).raw == DOCUMENT
    assert not offline(written(), (WEB,)).vouched
    with pytest.raises(CredentialRefused):
        believed.resolve("did:web:other.example#key-1", NOW)


def test_a_history_counts_by_itself():
    template = did.document("did:webvh:{SCID}:maker.example", [did.Published("key-1", KEY.verify_key)])
    log = did_webvh.create(template, KEY, NOW)
    name = strictjson.loads(log.splitlines()[0])["state"]["id"]
    alone = offline(written(documents=(Carried(did=name, log=log.decode()),)), now=NOW + timedelta(days=1))
    assert f"{name}#key-1" in alone.resolve(f"{name}#key-1", NOW).methods
    with pytest.raises(CredentialRefused):
        cut = Carried(did=name, log=log.decode().replace("key-1", "key-2"))
        offline(written(documents=(cut,)), now=NOW + timedelta(days=1)).resolve(f"{name}#key-2", NOW)


def test_lists_answer_for_their_span():
    found = offline(written())
    assert found.list_text(URL, NOW) == {"n": 2}
    assert found.past(URL, NOW - timedelta(days=3)) == {"n": 1}
    assert found.past(URL, NOW - timedelta(days=2)) == {"n": 2}
    assert found.past(URL, NOW - timedelta(days=10)) is None
    with pytest.raises(StatusRefused):
        found.list_text("https://maker.example/status/2", NOW)


def test_days_and_owners_of_the_seal():
    with pytest.raises(CredentialRefused, match="a day to come"):
        offline(written(), now=NOW - timedelta(days=1))
    other = bundle.write(gathered(), SEALER, KID, by=WEB, as_of=NOW)
    with pytest.raises(CredentialRefused, match="its key is of"):
        offline(other)
    forged = bundle.write(gathered(), KEY, KID, by=BY, as_of=NOW)
    with pytest.raises(CredentialRefused, match="seal") as refused:
        offline(forged)
    assert refused.value.step == "signature"
    twice = written(documents=(Carried(did=WEB, document=DOCUMENT), Carried(did=WEB, document=DOCUMENT)))
    with pytest.raises(CredentialRefused, match="twice"):
        offline(twice)
