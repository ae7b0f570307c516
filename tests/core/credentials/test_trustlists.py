"""Who may issue what: lists signed, dated, with sources; levels by them; what a withdrawal touches."""

from datetime import UTC, date, datetime, timedelta

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lodeline.credentials.keys import P256SigningKey
from lodeline.credentials.signing import seal
from lodeline.credentials.standing import Standing
from lodeline.credentials.trusting import Claim, Judgement, cascade, judge, withdrawn
from lodeline.credentials.trustlists import (
    Accreditation,
    Listing,
    Role,
    Span,
    TrustList,
    from_dict,
    open_list,
    sign,
    to_dict,
)
from lodeline.credentials.verdict import CredentialRefused
from lodeline.evidence import CAPS, Assurance, EvidenceLevel
from lodeline.keys import SigningKey

KEY = SigningKey(b"\x01" * 32)
OWNER = "did:web:lists.example"
BODY, LAB, MILL, BUYER, STATE = (
    f"did:web:{name}.example" for name in ("body", "lab", "mill", "buyer", "state")
)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TODAY = NOW.date()
KIND = "DigitalConformityCredential"
SOURCE = "https://register.example/4711"
ALWAYS = Span(since=date(2020, 1, 1))
THIRD = Assurance(assessor_level="3rdParty", assessment_level="Accredited", attestation_type="certification")


def listing(issuer, role, kinds=(KIND,), span=ALWAYS, accreditation=None):
    return Listing(
        issuer=issuer,
        role=role,
        kinds=frozenset(kinds),
        span=span,
        source=SOURCE,
        accreditation=accreditation,
    )


def accreditation(body=BODY, span=ALWAYS, **scope):
    return Accreditation(
        body=body, number="D-PL-1", span=span, **{name: frozenset(value) for name, value in scope.items()}
    )


def trust_list(*listings, **changed):
    made = TrustList(
        name="demo",
        owner=OWNER,
        number=1,
        issued=NOW - timedelta(days=9),
        next_update=NOW + timedelta(days=90),
        listings=listings,
    )
    return attrs.evolve(made, **changed)


BODY_LISTED = listing(BODY, Role.ACCREDITATION_BODY, ["accreditation"])
LAB_LISTED = listing(
    LAB, Role.CERTIFICATION_BODY, accreditation=accreditation(schemes=["mass-balance"], sectors=["Co"])
)
MILL_LISTED = listing(MILL, Role.PARTY)
FULL = trust_list(BODY_LISTED, LAB_LISTED, MILL_LISTED)


def claim(**changed):
    given = {
        "id": "urn:c:1", "issuer": LAB, "kind": KIND, "about": MILL, "decided": date(2026, 6, 1), "assurance": THIRD,
        "scheme": "mass-balance", "sector": "Co",
    }  # fmt: skip
    return Claim(**{**given, **changed})


def level(lists=(FULL,), on=TODAY, **changed):
    return judge(claim(**changed), lists, on=on)


class TestLists:
    def test_signed_and_read_again(self):
        for key in (KEY, P256SigningKey(b"\x02" * 32)):
            token = sign(FULL, key, f"{OWNER}#1")
            assert open_list(token, key.verify_key, owner=OWNER, now=NOW) == FULL

    def test_of_another_owner_or_another_key(self):
        token = sign(FULL, KEY, "x")
        with pytest.raises(CredentialRefused, match="as its owner") as caught:
            open_list(token, KEY.verify_key, owner=BODY, now=NOW)
        assert caught.value.step == "issuer"
        with pytest.raises(CredentialRefused, match="does not fit"):
            open_list(token, SigningKey(b"\x02" * 32).verify_key, owner=OWNER, now=NOW)
        with pytest.raises(CredentialRefused, match="of type"):
            open_list(seal({"typ": "JWT"}, to_dict(FULL), KEY), KEY.verify_key, owner=OWNER, now=NOW)

    def test_out_of_date_or_of_a_day_to_come(self):
        token = sign(FULL, KEY, "x")
        with pytest.raises(CredentialRefused, match="should have been renewed by 2027-02-20"):
            open_list(token, KEY.verify_key, owner=OWNER, now=NOW + timedelta(days=91))
        with pytest.raises(CredentialRefused, match="to come"):
            open_list(token, KEY.verify_key, owner=OWNER, now=NOW - timedelta(days=10))

    def test_an_older_edition_or_another_of_the_same_number(self):
        second = trust_list(LAB_LISTED, number=2)
        for known, words in (
            (attrs.evolve(second, number=3), "edition 2"),
            (trust_list(number=2), "edition 2"),
        ):
            with pytest.raises(CredentialRefused, match=words):
                open_list(sign(second, KEY, "x"), KEY.verify_key, owner=OWNER, now=NOW, after=known)
        for known in (second, FULL):
            assert (
                open_list(sign(second, KEY, "x"), KEY.verify_key, owner=OWNER, now=NOW, after=known) == second
            )
        with pytest.raises(CredentialRefused, match="another one"):
            other = attrs.evolve(FULL, name="other")
            open_list(sign(second, KEY, "x"), KEY.verify_key, owner=OWNER, now=NOW, after=other)

    days = st.dates(date(2000, 1, 1), date(2100, 1, 1))
    spans = st.builds(Span, since=days, until=days | st.none(), withdrawn=days | st.none())
    dids = st.sampled_from([BODY, LAB, MILL])
    words = st.frozensets(st.text(min_size=1, max_size=9), max_size=3)
    accreditations = st.builds(
        Accreditation,
        body=dids,
        number=st.text(min_size=1, max_size=9),
        span=spans,
        schemes=words,
        sectors=words,
    )
    listings = st.builds(
        Listing,
        issuer=dids,
        role=st.sampled_from(Role),
        kinds=words.filter(bool),
        span=spans,
        source=st.just(SOURCE),
        accreditation=accreditations | st.none(),
    )

    @given(st.lists(listings, max_size=4).map(tuple))
    def test_the_same_after_json(self, listings):
        made = trust_list(*listings)
        assert from_dict(to_dict(made)) == made

    @pytest.mark.parametrize(
        "changed",
        [
            {"number": 0}, {"number": "1"}, {"number": True}, {"name": ""}, {"owner": "Example Ltd"}, {"listings": {}},
            {"issued": "2026-11-22"}, {"nextUpdate": "soon"}, {"strange": 1}, {"listings": [1]},
        ],
    )  # fmt: skip
    def test_lists_of_another_form(self, changed):
        with pytest.raises(CredentialRefused):
            from_dict({**to_dict(FULL), **changed})

    @pytest.mark.parametrize(
        "changed",
        [
            {"role": "pope"}, {"kinds": []}, {"kinds": "x"}, {"kinds": [1]}, {"since": "2026"}, {"since": None},
            {"since": "20260101"}, {"until": "2026-02-30"}, {"source": "http://register.example"}, {"source": "x"},
            {"issuer": "Lab"}, {"accreditation": {}}, {"accreditation": "yes"}, {"more": 1},
        ],
    )  # fmt: skip
    def test_listings_of_another_form(self, changed):
        made = to_dict(FULL)
        made["listings"][1] |= changed
        with pytest.raises(CredentialRefused) as caught:
            from_dict(made)
        assert caught.value.step == "structure"


class TestLevels:
    def test_accredited_in_scope_and_live(self):
        found = level()
        assert (found.level, found.trusted, found.reasons) == (EvidenceLevel.E5, True, ())
        assert [link.listing.issuer for link in found.chain] == [LAB, BODY]

    @pytest.mark.parametrize(
        ("changed", "expected", "reason"),
        [
            ({"scheme": "other"}, "E4", "accreditation-not-named"),
            ({"sector": "Li"}, "E4", "accreditation-not-named"),
            ({"own_signature": False}, "E4", "no-own-signature"),
            ({"referenced": False}, "E4", "no-reference"),
            ({"in_scope": False}, "E4", "group-not-site"),
            ({"standing": Standing.UNKNOWN}, "E4", "status-unknown"),
            ({"in_scope": False, "referenced": False}, "E3", "group-not-site"),
            (
                {"assurance": Assurance(assessor_level="3rdParty", assessment_level="Verified")},
                "E4",
                "not-accredited",
            ),
            ({"assurance": Assurance()}, "E2", "self-declared"),
            ({"standing": Standing.REVOKED}, "E0", "revoked"),
            ({"standing": Standing.SUSPENDED}, "E0", "suspended"),
            ({"valid_until": date(2026, 11, 21)}, "E0", "expired"),
            ({"decided": date(2026, 11, 23)}, "E0", "not-decided-yet"),
            ({"issuer": "did:web:mallory.example"}, "E1", "issuer-not-listed"),
            ({"kind": "DigitalProductPassport"}, "E1", "issuer-not-listed"),
            ({"decided": date(2019, 12, 31)}, "E1", "issuer-not-listed"),
            ({"issuer": MILL}, "E2", "self-declared"),
            ({"issuer": MILL, "about": BUYER}, "E1", "issuer-not-listed"),
        ],
    )
    def test_each_weakness(self, changed, expected, reason):
        found = level(**changed)
        assert found.level == expected
        assert reason in found.reasons

    def test_valid_until_today(self):
        assert level(valid_until=TODAY).level is EvidenceLevel.E5

    def test_an_accreditation_body_that_is_on_no_list(self):
        assert level([trust_list(LAB_LISTED)]).level is EvidenceLevel.E4

    def test_an_accreditation_body_listed_for_other_kinds(self):
        assert (
            level([trust_list(LAB_LISTED, listing(BODY, Role.ACCREDITATION_BODY))]).level is EvidenceLevel.E4
        )

    def test_bodies_that_accredit_each_other(self):
        circle = [
            listing(LAB, Role.CERTIFICATION_BODY, accreditation=accreditation()),
            listing(
                BODY,
                Role.ACCREDITATION_BODY,
                ["accreditation"],
                accreditation=accreditation("did:web:c.example"),
            ),
            listing(
                "did:web:c.example", Role.AUTHORITY, ["accreditation"], accreditation=accreditation(BODY)
            ),
        ]
        assert level([trust_list(*circle)]).level is EvidenceLevel.E4

    def test_a_body_cannot_accredit_itself(self):
        own = listing(LAB, Role.ACCREDITATION_BODY, [KIND, "accreditation"], accreditation=accreditation(LAB))
        assert level([trust_list(own)]).level is EvidenceLevel.E4

    def test_the_body_may_stand_in_another_list(self):
        lists = [trust_list(LAB_LISTED), trust_list(BODY_LISTED, name="bodies", owner=STATE)]
        assert level(lists).level is EvidenceLevel.E5

    def test_authorities_buyers_and_schemes(self):
        approval = Assurance(assessor_level="3rdParty", assessment_level="GovtApproval")
        assert (
            level([trust_list(listing(STATE, Role.AUTHORITY))], issuer=STATE, assurance=approval).level
            == "E5"
        )
        for role in (Role.BUYER, Role.SCHEME):
            found = level([trust_list(listing(BUYER, role))], issuer=BUYER)
            assert (found.level, found.reasons[-1]) == ("E3", "role-of-issuer")

    def test_a_list_that_is_out_of_date_carries_nothing(self):
        assert level(on=TODAY + timedelta(days=91)).level is EvidenceLevel.E1

    def test_the_strongest_listing_counts(self):
        assert level([trust_list(listing(LAB, Role.SCHEME)), FULL]).level is EvidenceLevel.E5

    @given(
        st.sampled_from(["Self", "Commercial", "Buyer", "Membership", "Unspecified", "3rdParty", "Pope"]),
        st.sampled_from(["GovtApproval", "GlobalMRA", "Accredited", "Verified", "Unspecified"]),
        st.sampled_from(list(Standing)),
        st.tuples(*[st.booleans()] * 3),
        st.sampled_from([LAB, MILL, BUYER]),
    )
    def test_nobody_is_above_the_role_and_the_unlisted_are_mere_statements(
        self, who, how, standing, signs, issuer
    ):
        own, referenced, scoped = signs
        given_codes = Assurance(assessor_level=who, assessment_level=how)
        found = level(
            issuer=issuer,
            assurance=given_codes,
            standing=standing,
            own_signature=own,
            referenced=referenced,
            in_scope=scoped,
        )
        assert CAPS[found.level] <= {LAB: CAPS["E5"], MILL: CAPS["E2"], BUYER: CAPS["E1"]}[issuer]
        if found.level is EvidenceLevel.E5:
            assert (who, standing, signs) == ("3rdParty", Standing.GOOD, (True, True, True))
        assert found.trusted is (issuer != BUYER)


def changed(old, **how):
    """The full list with one listing changed."""
    kept = [item for item in FULL.listings if item is not old]
    return trust_list(*kept, *([attrs.evolve(old, **how)] if how else []), number=2)


def ended(day, since=date(2020, 1, 1)):
    return Span(since=since, withdrawn=day)


CLAIMS = [claim(), claim(id="urn:c:2", decided=date(2026, 9, 1)), claim(id="urn:c:3", issuer=MILL)]
RESTS = {
    "passport:1/recycledCobalt": ["urn:c:1"],
    "score:mill": ["passport:1/recycledCobalt", "urn:c:9"],
    "score:other": ["urn:c:3"],
    "ring:a": ["ring:b", "score:mill"],
    "ring:b": ["ring:a"],
}


class TestCascade:
    def test_a_body_loses_its_standing(self):
        after = changed(BODY_LISTED, span=ended(date(2026, 8, 1)))
        flags = {flag.id: flag for flag in cascade(CLAIMS, [FULL], [after], on=TODAY, rests_on=RESTS)}
        assert (flags["urn:c:1"].before, flags["urn:c:1"].after) == (
            "E5",
            "E5",
        )  # decided before: flagged, not lowered
        assert (flags["urn:c:2"].before, flags["urn:c:2"].after) == ("E5", "E4")
        assert flags["urn:c:2"].through == (BODY, LAB)
        assert flags["score:mill"].through == (BODY, LAB, "urn:c:1", "passport:1/recycledCobalt")
        assert set(flags) == {
            "urn:c:1", "urn:c:2", "passport:1/recycledCobalt", "score:mill", "ring:a", "ring:b",
        }  # fmt: skip

    def test_an_accreditation_is_withdrawn_from_the_start(self):
        never = accreditation(schemes=["mass-balance"], sectors=["Co"], span=ended(date(2020, 1, 1)))
        flags = cascade(CLAIMS, [FULL], [changed(LAB_LISTED, accreditation=never)], on=TODAY)
        assert [(flag.id, flag.through, flag.after) for flag in flags] == [
            ("urn:c:1", (LAB,), "E4"), ("urn:c:2", (LAB,), "E4"),
        ]  # fmt: skip

    def test_an_issuer_leaves_the_list(self):
        flags = cascade(CLAIMS, [FULL], [changed(LAB_LISTED)], on=TODAY)
        assert {flag.after for flag in flags} == {EvidenceLevel.E1}

    def test_a_narrower_scope_touches_the_claims_outside_it(self):
        narrower = accreditation(schemes=["mass-balance"], sectors=["Li"])
        flags = cascade(CLAIMS, [FULL], [changed(LAB_LISTED, accreditation=narrower)], on=TODAY)
        assert {flag.id for flag in flags} == {"urn:c:1", "urn:c:2"}

    def test_an_end_that_comes_sooner(self):
        sooner = changed(BODY_LISTED, span=Span(since=date(2020, 1, 1), until=date(2026, 12, 31)))
        assert withdrawn([FULL], [sooner]) == {BODY}
        assert withdrawn([sooner], [FULL]) == frozenset()

    def test_nothing_changes_nothing(self):
        assert cascade(CLAIMS, [FULL], [attrs.evolve(FULL, number=2)], on=TODAY, rests_on=RESTS) == ()

    @given(
        st.dates(date(2019, 6, 1), date(2027, 1, 1)), st.lists(st.dates(date(2020, 1, 1), TODAY), max_size=6)
    )
    def test_every_claim_of_the_withdrawn_is_flagged_and_only_those_decided_later_fall(self, day, decided):
        claims = [claim(id=f"urn:{number}", decided=when) for number, when in enumerate(decided)]
        after = changed(LAB_LISTED, span=ended(day))
        flags = {flag.id: flag for flag in cascade(claims, [FULL], [after], on=TODAY)}
        assert set(flags) == {item.id for item in claims}
        for item in claims:
            fell = item.decided >= day
            assert flags[item.id].after == ("E1" if fell else "E5")


def test_a_judgement_is_a_value():
    assert level() == level()
    assert isinstance(level(), Judgement)
