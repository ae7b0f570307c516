"""One passport credential, three readers: the matrix of Art. 77(2) holds in the bytes."""

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lodeline.credentials.audience import (
    NOT_FOR_AUDIENCE,
    NOT_PRESENTED,
    Rules,
    excess,
    is_redacted,
    issue_passport,
    present,
    view,
)
from lodeline.credentials.keybinding import Expected, bind
from lodeline.credentials.keys import P256SigningKey, to_jwk
from lodeline.credentials.sdjwt import split
from lodeline.credentials.sdjwt_verify import Policy, verify
from lodeline.credentials.verdict import CredentialRefused
from lodeline.keys import SigningKey, unb64url
from lodeline.passports.access import Audience, may_read
from lodeline.passports.datapoints import Group, by_id
from lodeline.passports.document import ENVELOPE, OPEN

KEY, OPERATOR = SigningKey(b"\x01" * 32), P256SigningKey(b"\x02" * 32)
NOW = 1_790_000_000
POINTS = by_id()
READERS = (Audience.PUBLIC, Audience.LEGITIMATE_INTEREST, Audience.AUTHORITY)
RULES = Rules(
    audiences=tuple(Audience),
    elements=frozenset(POINTS),
    open=OPEN | frozenset(ENVELOPE),
    readable=lambda audience, element: may_read(Audience(audience), POINTS[element]),
    basis="Regulation (EU) 2023/1542, Art. 77(2)",
    ask="https://lodeline.example/passports/access",
)


def credential(elements):
    return {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiableCredential", "DigitalProductPassport"],
        "issuer": "did:web:maker.example",
        "validFrom": "2026-11-01T00:00:00Z",
        "cnf": {"jwk": to_jwk(OPERATOR.verify_key)},
        "credentialSubject": {
            "id": "did:web:maker.example:b:1",
            "dppStatus": "active",
            **{name: {"value": f"secret-{name}-value"} for name in elements},
        },
    }


def issued(elements):
    return issue_passport(credential(elements), RULES, signer=KEY, random=random.Random(7).randbytes)


def text_of(token):
    """All that a reader can decode, and the token."""
    found = split(token)
    header, body, _ = found.jwt.split(".")
    return token + "".join(unb64url(part).decode() for part in (header, body, *found.disclosures))


def subject(token):
    return verify(token, KEY.verify_key, now=NOW).payload["credentialSubject"]


some = st.sets(st.sampled_from(sorted(POINTS)))


@given(some, st.sampled_from(list(Audience)))
def test_each_reader_gets_exactly_what_the_matrix_says(elements, audience):
    token = present(issued(elements).token, RULES, audience)
    readable = {name for name in elements if may_read(audience, POINTS[name])}
    assert set(subject(token)) == readable | {"id", "dppStatus"}
    text = text_of(token)
    for name in elements - readable:
        assert f"secret-{name}-value" not in text
        assert f'"{name}"' not in text
    assert excess({"credentialSubject": subject(token)}, RULES, audience) == ()


@given(some, some, st.sampled_from(READERS))
def test_what_is_filled_cannot_be_told_from_what_is_not(one, other, audience):
    """Two passports that differ only in what the reader may not see look alike but for salts and signature."""
    readable = {name for name in one if may_read(audience, POINTS[name])}
    hidden = {name for name in other if not may_read(audience, POINTS[name])}
    shapes = set()
    for elements in (readable, readable | hidden):
        token = present(issued(elements).token, RULES, audience)
        payload = json.loads(unb64url(split(token).jwt.split(".")[1]))
        digests = payload["credentialSubject"].pop("_sd")
        disclosures = sorted(len(part) for part in split(token).disclosures)
        shapes.add(
            (json.dumps(payload), len(digests), len(set(map(len, digests))), tuple(disclosures), len(token))
        )
    assert len(shapes) == 1


@given(some, st.sampled_from(READERS))
def test_a_view_has_a_typed_marker_for_all_that_is_not_there(elements, audience):
    payload = verify(present(issued(elements).token, RULES, audience), KEY.verify_key, now=NOW).payload
    seen = view(payload, RULES, audience)
    assert set(seen) == set(POINTS) | {"id", "dppStatus"}
    for name, point in POINTS.items():
        if name in elements and may_read(audience, point):
            assert seen[name] == {"value": f"secret-{name}-value"}
        else:
            reason = NOT_PRESENTED if may_read(audience, point) else NOT_FOR_AUDIENCE
            assert is_redacted(seen[name])
            assert seen[name]["reason"] == reason
            assert seen[name]["ask"].startswith("https://")
            assert "Art. 77" in seen[name]["basis"]


def test_neither_authorities_nor_persons_with_an_interest_see_all():
    everything = issued(POINTS).token
    seen = {reader: set(subject(present(everything, RULES, reader))) for reader in READERS}
    by_group = {group: {name for name, point in POINTS.items() if point.group is group} for group in Group}
    assert seen[Audience.AUTHORITY] - seen[Audience.LEGITIMATE_INTEREST] == by_group[Group.AUTHORITY]
    assert seen[Audience.LEGITIMATE_INTEREST] - seen[Audience.AUTHORITY] == by_group[Group.INDIVIDUAL]
    assert seen[Audience.PUBLIC] == by_group[Group.PUBLIC] | {"id", "dppStatus"}


def test_public_points_stand_open_without_disclosure():
    found = issued(POINTS)
    assert {path[1] for path in found.paths} == RULES.closed
    assert all(POINTS[name].group is not Group.PUBLIC for name in RULES.closed)


def test_a_presentation_is_bound_to_the_reader_it_is_for():
    expected = Expected(audience="https://authority.example", nonce="n-7")
    shown = present(issued(POINTS).token, RULES, Audience.AUTHORITY)
    token = bind(shown, signer=OPERATOR, audience=expected.audience, nonce=expected.nonce, now=NOW)
    assert verify(token, KEY.verify_key, now=NOW, policy=Policy(binding=expected)).bound
    stolen = Expected(audience="https://other.example", nonce="n-7")
    with pytest.raises(CredentialRefused, match="another 'aud'"):
        verify(token, KEY.verify_key, now=NOW, policy=Policy(binding=stolen))


def test_showing_too_much_is_noticed():
    payload = verify(issued(POINTS).token, KEY.verify_key, now=NOW).payload
    assert set(excess(payload, RULES, Audience.PUBLIC)) == RULES.closed
    with pytest.raises(CredentialRefused, match="not for public") as caught:
        view(payload, RULES, Audience.PUBLIC)
    assert caught.value.step == "subject"


def test_what_no_rule_knows():
    made = credential([])
    made["credentialSubject"]["diary"] = "x"
    with pytest.raises(CredentialRefused, match="who may read 'diary'"):
        issue_passport(made, RULES, signer=KEY, random=random.Random(7).randbytes)
    with pytest.raises(CredentialRefused, match="no audience 'press'"):
        present(issued([]).token, RULES, "press")
    with pytest.raises(CredentialRefused, match="no audience 'press'"):
        view({"credentialSubject": {}}, RULES, "press")
    with pytest.raises(CredentialRefused, match="one subject"):
        issue_passport({"credentialSubject": []}, RULES, signer=KEY, random=random.Random(7).randbytes)


@pytest.mark.parametrize("wrong", [None, [], [{}], "text", 1])
def test_a_payload_without_one_subject(wrong):
    with pytest.raises(CredentialRefused, match="one subject"):
        view({"credentialSubject": wrong}, RULES, "public")


def test_a_credential_of_another_maker_with_hidden_members_we_do_not_know_stays_shut():
    from lodeline.credentials.sdjwt import issue

    foreign = issue(
        {"credentialSubject": {"id": "x", "diary": "y", "weight": {"value": "1"}}, "secret": 1},
        [("credentialSubject", "diary"), ("secret",)],
        signer=KEY,
        random=random.Random(7).randbytes,
    )
    assert set(subject(present(foreign.token, RULES, Audience.OPERATOR))) == {"id", "weight"}
