"""Editions of trust lists that are found by their owner's DID, and the ones that follow."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lodeline.credentials import did, did_key, editions, trustlists
from lodeline.credentials.trustlists import Listing, Role, Span, TrustList
from lodeline.credentials.verdict import CredentialRefused
from lodeline.keys import SigningKey

KEY, OTHER = SigningKey(b"\x01" * 32), SigningKey(b"\x02" * 32)
OWNER, METHOD = did_key.did(KEY.verify_key), did_key.method(KEY.verify_key)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = st.dates(date(2020, 1, 1), date(2030, 1, 1))
LISTINGS = st.builds(
    Listing,
    issuer=st.sampled_from(["did:example:a", "did:example:b", "did:example:c"]),
    role=st.sampled_from(Role),
    kinds=st.frozensets(st.sampled_from(["A", "B"]), min_size=1),
    span=st.builds(Span, since=DAY),
    source=st.just("https://register.example/1"),
)


def trust_list(*listings, **more):
    made = TrustList(
        name="Laboratories",
        owner=OWNER,
        number=1,
        issued=NOW,
        next_update=NOW + timedelta(days=90),
        listings=listings,
    )
    return attrs.evolve(made, **more)


def resolve(url, _signed_at=None):
    return did_key.document(did.parse(url).did)


@given(st.lists(LISTINGS, max_size=5))
def test_what_is_signed_is_what_is_read(listings):
    made = trust_list(*listings)
    token = trustlists.sign(made, KEY, METHOD)
    assert editions.read(token, resolve, now=NOW).found == made == editions.glance(token)


@given(st.lists(LISTINGS, max_size=5), LISTINGS)
def test_a_listing_that_is_added_is_there_once(listings, more):
    made = editions.with_listing(trust_list(*listings), more)
    assert made.listings.count(more) == 1
    assert editions.with_listing(made, more) == made
    later = editions.following(made, issued=NOW + timedelta(days=1), next_update=None)
    assert (later.number, later.listings) == (2, made.listings)


@given(st.lists(LISTINGS, max_size=5), DAY, st.none() | st.sampled_from(Role))
def test_who_is_withdrawn_holds_before_and_not_after(listings, day, role):
    before = trust_list(*listings)
    hit = [one for one in listings if one.issuer == "did:example:a" and role in (None, one.role)]
    if not hit:
        with pytest.raises(CredentialRefused):
            editions.without(before, "did:example:a", role, day)
        return
    after = editions.without(before, "did:example:a", role, day)
    for old, new in zip(before.listings, after.listings, strict=True):
        gone = old in hit
        for moment in (day, day - timedelta(days=1), day + timedelta(days=1)):
            expected = old.span.holds(moment) and not (gone and moment >= day)
            assert new.span.holds(moment) == expected
    with pytest.raises(CredentialRefused):
        editions.without(after, "did:example:a", role, day)


@pytest.mark.parametrize(
    ("token", "step"),
    [
        (trustlists.sign(trust_list(), OTHER, METHOD), "signature"),
        (trustlists.sign(trust_list(), OTHER, did_key.method(OTHER.verify_key)), "issuer"),
        (trustlists.sign(trust_list(), KEY, OWNER), "key"),
        (trustlists.sign(trust_list(), KEY, f"{OWNER}#other"), "key"),
        (trustlists.sign(trust_list(issued=NOW + timedelta(days=1)), KEY, METHOD), "dates"),
        (trustlists.sign(trust_list(next_update=NOW - timedelta(days=1)), KEY, METHOD), "dates"),
        ("x", "structure"),
    ],
)
def test_what_its_owner_did_not_sign(token, step):
    with pytest.raises(CredentialRefused) as refused:
        editions.read(token, resolve, now=NOW)
    assert refused.value.step == step


def test_a_revoked_key_signs_no_list():
    def revoked(url, _signed_at=None):
        found = resolve(url)
        ends = {name: {**one, "revoked": "2027-01-01T00:00:00Z"} for name, one in found.methods.items()}
        return attrs.evolve(found, methods=ends)

    with pytest.raises(CredentialRefused, match="revoked"):
        editions.read(trustlists.sign(trust_list(), KEY, METHOD), revoked, now=NOW)
