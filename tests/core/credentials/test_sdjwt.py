"""RFC 9901: published values, laws over any payload, and everything a verifier must refuse."""

import copy
import json
from base64 import urlsafe_b64encode
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.credentials import rfc9901

from lodeline.credentials import did_key, sdjwt
from lodeline.credentials.keys import P256SigningKey, from_jwk
from lodeline.credentials.sdjwt import digest, disclose, issue, read, split
from lodeline.credentials.sdjwt_verify import Policy, open_payload, select, verify, verify_issuer
from lodeline.credentials.signing import seal
from lodeline.credentials.verdict import CredentialRefused
from lodeline.keys import SigningKey, b64url

KEY = SigningKey(b"\x01" * 32)
P256 = P256SigningKey(b"\x02" * 32)
NOW = 1_790_000_000
EXAMPLE = Policy(types=("example+sd-jwt",))


def source(start=0):
    """Different bytes on each call, the same on each run."""
    numbers = count(start)
    return lambda size: next(numbers).to_bytes(8, "big") * (size // 8)


def good(token, **more):
    return verify(token, KEY.verify_key, now=NOW, policy=Policy(**more))


def signed(payload, *disclosures, **header):
    """An SD-JWT with a payload made by hand."""
    return "~".join((seal({"typ": "vc+sd-jwt", **header}, payload, KEY), *disclosures, ""))


def refused(token, words, step="structure", **more):
    with pytest.raises(CredentialRefused, match=words) as caught:
        good(token, **more)
    assert caught.value.step == step


class TestPublished:
    def test_digests(self):
        assert {encoded: digest(encoded) for encoded in rfc9901.DIGESTS} == rfc9901.DIGESTS

    @pytest.mark.parametrize(
        "encoded",
        [
            "WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNXHUwMGY2Yml1cyJd",
            "WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsImZhbWlseV9uYW1lIiwiTcO2Yml1cyJd",
            "WwoiXzI2YmM0TFQtYWM2cTJLSTZjQlc1ZXMiLAoiZmFtaWx5X25hbWUiLAoiTcO2Yml1cyIKXQ",
        ],
    )
    def test_other_spellings_of_the_same_disclosure(self, encoded):
        """Section 4.2.1."""
        found = read(encoded)
        assert (found.salt, found.name, found.value) == ("_26bc4LT-ac6q2KI6cBW5es", "family_name", "Möbius")

    def test_ours_without_white_space_is_the_published_one(self):
        made = disclose("_26bc4LT-ac6q2KI6cBW5es", "Möbius", "family_name")
        assert made.encoded == "WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsImZhbWlseV9uYW1lIiwiTcO2Yml1cyJd"

    def test_all_disclosures_of_section_5_1(self):
        token = "~".join((rfc9901.JWT, *rfc9901.ALL, ""))
        found = verify(token, from_jwk(rfc9901.ISSUER_KEY), now=rfc9901.NOW, policy=EXAMPLE)
        assert found.payload["nationalities"] == ["US", "DE"]
        assert found.payload["email"] == "johndoe@example.com"
        assert found.payload["updated_at"] == 1570000000
        assert (found.hidden, found.bound) == (0, False)
        assert not {"_sd", "_sd_alg"} & set(found.payload)

    def test_the_presentation_of_section_5_2_without_key_binding(self):
        token = "~".join((rfc9901.JWT, *rfc9901.PRESENTED, ""))
        found = verify(token, from_jwk(rfc9901.ISSUER_KEY), now=rfc9901.NOW, policy=EXAMPLE)
        assert found.payload == rfc9901.PROCESSED
        assert found.hidden == 6
        assert ("nationalities", 0) in found.shown

    def test_a_holder_selects_what_section_5_2_shows(self):
        issued = "~".join((rfc9901.JWT, *rfc9901.ALL, ""))
        chosen = select(issued, [("family_name",), ("address",), ("given_name",), ("nationalities", 0)])
        assert set(split(chosen).disclosures) == set(rfc9901.PRESENTED)

    def test_nested_disclosures_of_appendix_a_2(self):
        found = verify(rfc9901.NESTED, from_jwk(rfc9901.ISSUER_KEY), now=rfc9901.NOW, policy=EXAMPLE)
        assert found.payload == rfc9901.NESTED_PROCESSED

    def test_another_key_is_refused(self):
        with pytest.raises(CredentialRefused, match="does not fit the key"):
            verify(rfc9901.NESTED, P256.verify_key, now=rfc9901.NOW, policy=EXAMPLE)


# Values that are recognised in any text: no substring of another, of base64 or of a name.
secrets = st.integers(0, 2**32).map(lambda number: f"secret:{number}:value")
values = st.recursive(
    secrets | st.integers(-1000, 1000) | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abcdef"), inner, max_size=3),
    max_leaves=12,
)
payloads = st.dictionaries(st.sampled_from(["vorn", "mitte", "hinten", "id"]), values, max_size=4)


def paths_of(value, path=()):
    found = [path] if path else []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, item in items:
        found += paths_of(item, (*path, step))
    return found


def without(value, gone, path=()):
    """The payload without the paths in `gone`, written as plainly as can be."""
    if isinstance(value, dict):
        return {
            key: without(item, gone, (*path, key)) for key, item in value.items() if (*path, key) not in gone
        }
    if isinstance(value, list):
        return [without(item, gone, (*path, at)) for at, item in enumerate(value) if (*path, at) not in gone]
    return value


@st.composite
def choices(draw):
    payload = draw(payloads)
    paths = paths_of(payload)
    hide = draw(st.sets(st.sampled_from(paths))) if paths else set()
    wanted = draw(st.sets(st.sampled_from(sorted(hide, key=repr)))) if hide else set()
    return payload, hide, wanted


def with_parents(wanted, hide):
    return {path[:size] for path in wanted for size in range(1, len(path) + 1)} & hide


class TestLaws:
    @settings(max_examples=150)
    @given(choices())
    def test_any_subset_verifies_to_exactly_that_subset(self, choice):
        payload, hide, wanted = choice
        issued = issue(payload, hide, signer=KEY, random=source())
        shown = with_parents(wanted, hide)
        expected = without(payload, hide - shown)
        found = good(issued.present(wanted))
        assert found.payload == expected
        assert found.shown == shown
        assert good(issued.token).payload == payload
        assert select(issued.token, wanted) == issued.present(wanted)

    @settings(max_examples=150)
    @given(choices())
    def test_a_hidden_value_is_in_no_byte_of_the_presentation(self, choice):
        payload, hide, wanted = choice
        issued = issue(payload, hide, signer=KEY, random=source())
        token = issued.present(wanted)
        shown = with_parents(wanted, hide)
        visible = json.dumps(without(payload, hide - shown))
        text = readable(token)
        for path in hide - shown:
            secret = json.dumps(value_at(payload, path))
            if "secret:" in secret and secret not in visible:
                assert secret.strip('"') not in text
            assert issued.paths[path].salt not in text
            assert issued.paths[path].encoded not in token

    @given(choices(), st.randoms(use_true_random=False))
    def test_the_order_of_disclosures_does_not_matter(self, choice, shuffler):
        payload, hide, wanted = choice
        found = split(issue(payload, hide, signer=KEY, random=source()).present(wanted))
        shuffled = list(found.disclosures)
        shuffler.shuffle(shuffled)
        assert good("~".join((found.jwt, *shuffled, ""))).payload == good(str(found)).payload

    @given(choices())
    def test_the_order_of_digests_says_nothing_about_the_order_of_members(self, choice):
        payload, hide, _ = choice
        made = json.loads(unpadded(split(issue(payload, hide, signer=KEY, random=source()).token).jwt))
        assert all(found == sorted(found) for found in digest_lists(made))

    @given(choices(), st.sampled_from([KEY, P256]))
    def test_both_kinds_of_key_sign(self, choice, key):
        payload, hide, wanted = choice
        token = issue(payload, hide, signer=key, random=source()).present(wanted)
        assert verify(token, key.verify_key, now=NOW).hidden >= 0


def unpadded(jwt):
    body = jwt.split(".")[1]
    return sdjwt.unb64url(body)


def readable(token):
    """Everything a reader of the token can decode, and the token."""
    found = split(token)
    head, body, _ = found.jwt.split(".")
    return token + "".join(sdjwt.unb64url(part).decode() for part in (head, body, *found.disclosures))


def value_at(payload, path):
    for step in path:
        payload = payload[step]
    return payload


def digest_lists(value):
    if isinstance(value, dict):
        if "_sd" in value:
            yield value["_sd"]
        for item in value.values():
            yield from digest_lists(item)
    elif isinstance(value, list):
        for item in value:
            yield from digest_lists(item)


PAYLOAD = {"id": "urn:x:1", "subject": {"mass": 7, "parts": ["a", "b", "c"]}}


class TestIssue:
    def test_recursive_disclosure_shows_what_it_hangs_on(self):
        hide = [("subject",), ("subject", "parts"), ("subject", "parts", 1)]
        issued = issue(PAYLOAD, hide, signer=KEY, random=source())
        assert good(issued.present([])).payload == {"id": "urn:x:1"}
        assert good(issued.present([("subject",)])).payload == {"id": "urn:x:1", "subject": {"mass": 7}}
        assert good(issued.present([hide[2]])).payload == PAYLOAD

    def test_decoys_make_the_number_of_members_look_the_same(self):
        lengths = set()
        for payload in ({"a": 1}, {"a": 1, "b": 2}, {"a": 1, "b": 2, "c": 3}):
            issued = issue(payload, [(name,) for name in payload], signer=KEY, random=source(), pad={(): 5})
            made = json.loads(unpadded(issued.sdjwt.jwt))
            lengths.add((len(made["_sd"]), len(issued.sdjwt.jwt)))
            assert good(issued.present([("a",)])).hidden == 4
        assert len(lengths) == 1

    def test_decoys_in_arrays(self):
        issued = issue({"l": [1]}, [("l", 0)], signer=KEY, random=source(), pad={("l",): 3})
        assert len(json.loads(unpadded(issued.sdjwt.jwt))["l"]) == 3
        assert good(issued.token).payload == {"l": [1]}

    def test_a_source_that_repeats_itself_is_refused(self):
        with pytest.raises(CredentialRefused, match="repeats itself"):
            issue({"a": 1, "b": 2}, [("a",), ("b",)], signer=KEY, random=lambda size: b"\x00" * size)

    def test_a_source_that_gives_too_little_is_refused(self):
        with pytest.raises(CredentialRefused, match="too little"):
            issue({"a": 1}, [("a",)], signer=KEY, random=lambda size: b"\x00" * 8)

    @pytest.mark.parametrize("name", sorted(sdjwt.NEVER))
    def test_what_validity_rests_on_is_never_hidden(self, name):
        for path in [(name,), (name, 0), (name, "id")]:
            with pytest.raises(CredentialRefused, match="must never be hidden"):
                issue({name: ["x"]}, [path], signer=KEY, random=source())

    @pytest.mark.parametrize("path", [(), ("subject", "@context"), ("nothing",), ("subject", "parts", 9)])
    def test_paths_that_cannot_be_hidden(self, path):
        with pytest.raises(CredentialRefused):
            issue({**PAYLOAD, "subject": {"@context": "x", "parts": []}}, [path], signer=KEY, random=source())

    @pytest.mark.parametrize("name", ["_sd", "...", "_sd_alg"])
    def test_reserved_names(self, name):
        with pytest.raises(CredentialRefused, match="reserved"):
            issue({"deep": [{name: 1}]}, [], signer=KEY, random=source())

    def test_showing_what_was_never_hidden(self):
        issued = issue(PAYLOAD, [("subject",)], signer=KEY, random=source())
        with pytest.raises(CredentialRefused, match="nothing is hidden at /id"):
            issued.present([("id",)])
        with pytest.raises(CredentialRefused, match="no disclosure opens /id"):
            select(issued.token, [("id",)])

    def test_salts_stay_out_of_representations(self):
        issued = issue(PAYLOAD, [("id",)], signer=KEY, random=source())
        made = issued.paths["id",]
        assert made.salt not in repr(made)

    def test_the_old_name_of_the_algorithm_is_possible(self):
        issued = issue(PAYLOAD, [], signer=KEY, random=source(), header={"alg": "EdDSA", "kid": "did:x#1"})
        assert good(issued.token).header == {"alg": "EdDSA", "kid": "did:x#1", "typ": "vc+sd-jwt"}
        with pytest.raises(CredentialRefused, match="cannot sign as 'none'"):
            issue(PAYLOAD, [], signer=KEY, random=source(), header={"alg": "none"})


def spelled(*content):
    return b64url(json.dumps(content).encode())


ONE = disclose("c2FsdHNhbHRzYWx0c2FsdA", 1, "a").encoded
ELEMENT = disclose("c2FsdHNhbHRzYWx0c2FsdQ", 1).encoded


class TestRefused:
    def test_the_same_digest_twice_in_one_list(self):
        refused(signed({"_sd": [digest(ONE)] * 2}, ONE), "same digest")

    def test_the_same_digest_twice_though_nothing_opens_it(self):
        refused(signed({"_sd": [digest(ONE)], "deep": {"_sd": [digest(ONE)]}}), "same digest")

    def test_the_same_digest_in_a_disclosure(self):
        outer = disclose("b3V0ZXJvdXRlcm91dGVybw", {"_sd": [digest(ONE)]}, "outer").encoded
        refused(signed({"_sd": [digest(ONE), digest(outer)]}, outer, ONE), "same digest")

    def test_a_disclosure_that_nothing_refers_to(self):
        refused(signed({"_sd": []}, ONE), "belongs to no digest")

    def test_a_disclosure_whose_parent_is_withheld(self):
        issued = issue(PAYLOAD, [("subject",), ("subject", "mass")], signer=KEY, random=source())
        child = issued.paths["subject", "mass"].encoded
        refused(f"{issued.sdjwt.jwt}~{child}~", "belongs to no digest")

    def test_the_same_disclosure_twice(self):
        refused(signed({"_sd": [digest(ONE)]}, ONE, ONE), "stands there twice")

    def test_two_elements_where_three_belong_and_the_other_way_round(self):
        refused(signed({"_sd": [digest(ELEMENT)]}, ELEMENT), "no name")
        refused(signed({"l": [{"...": digest(ONE)}]}, ONE), "has a name")

    @pytest.mark.parametrize(
        "content",
        [[], ["salt"], ["salt", "a", 1, 2], "text", {"salt": 1}, [1, "a", 1], ["salt", 1, 1], [None, 1]],
    )
    def test_disclosures_of_another_form(self, content):
        made = b64url(json.dumps(content).encode())
        refused(signed({"_sd": [digest(made)]}, made), "disclosure")

    @pytest.mark.parametrize("name", ["_sd", "...", "_sd_alg"])
    def test_reserved_names_in_disclosures(self, name):
        made = spelled("c2FsdHNhbHRzYWx0c2FsdA", name, ["x"])
        refused(signed({"_sd": [digest(made)]}, made), "reserved")

    def test_a_name_that_is_there_already(self):
        refused(signed({"a": 2, "_sd": [digest(ONE)]}, ONE), "there already")
        again = disclose("YW5kYWdhaW5hbmRhZ2Fpbg", 2, "a").encoded
        refused(signed({"_sd": [digest(ONE), digest(again)]}, ONE, again), "there already")

    @pytest.mark.parametrize("wrong", ["text", 1, None, {}, [1], [None], [["x"]]])
    def test_digests_that_are_no_list_of_texts(self, wrong):
        refused(signed({"_sd": wrong}), "not a list of texts")
        refused(signed({"deep": [{"_sd": wrong}]}), "not a list of texts")

    @pytest.mark.parametrize("wrong", [{"...": 1}, {"...": "x", "more": 1}, {"...": ["x"]}, {"...": None}])
    def test_hidden_elements_of_another_form(self, wrong):
        refused(signed({"l": [wrong]}), "hidden element")

    def test_dots_outside_an_array(self):
        refused(signed({"deep": {"...": "x"}}), "must not")

    def test_the_hash_named_in_the_depth(self):
        refused(signed({"deep": {"_sd_alg": "sha-256"}}), "must not")

    @pytest.mark.parametrize("name", ["md5", "SHA-256", "sha256", "", 1, None, ["sha-256"]])
    def test_digest_functions_that_are_not_known(self, name):
        refused(signed({"_sd_alg": name, "_sd": []}), "digest function")

    @pytest.mark.parametrize("name", ["sha-384", "sha-512"])
    def test_digest_functions_that_are(self, name):
        assert good(signed({"_sd_alg": name, "_sd": [digest(ONE, name)]}, ONE)).payload == {"a": 1}
        refused(signed({"_sd_alg": name, "_sd": [digest(ONE)]}, ONE), "belongs to no digest")

    @pytest.mark.parametrize("name", ["exp", "credentialStatus", "cnf", "issuer", "@context", "validUntil"])
    def test_an_issuer_that_hides_what_validity_rests_on(self, name):
        made = disclose("c2FsdHNhbHRzYWx0c2FsdA", {"x": 1}, name).encoded
        refused(signed({"_sd": [digest(made)]}, made), "never be hidden")
        refused(signed({name: {"_sd": [digest(made)]}}), "never may be")
        refused(signed({name: [{"...": digest(made)}]}), "never may be")

    @pytest.mark.parametrize("alg", ["none", "None", "HS256", "ES256", "RS256", "", 1, None])
    def test_other_algorithms(self, alg):
        head = b64url(json.dumps({"alg": alg, "typ": "vc+sd-jwt"}).encode())
        body = b64url(b"{}")
        refused(f"{head}.{body}.{b64url(KEY.sign(f'{head}.{body}'.encode()))}~", "algorithm", "signature")

    def test_no_signature(self):
        head, body, _ = signed({"a": 1})[:-1].split(".")
        refused(f"{head}.{body}.~", "does not fit", "signature")

    def test_a_changed_payload(self):
        head, _, signature = signed({"a": 1})[:-1].split(".")
        refused(f"{head}.{b64url(b'{}')}.{signature}~", "does not fit", "signature")

    @pytest.mark.parametrize("typ", ["JWT", "vc+jwt", "kb+jwt", "sd-jwt", 1, None])
    def test_another_type(self, typ):
        refused(signed({}, typ=typ), "of type")

    def test_the_type_may_say_application(self):
        assert good(signed({"a": 1}, typ="application/vc+sd-jwt")).payload == {"a": 1}

    def test_demands_in_the_header(self):
        refused(signed({}, crit=["b64"], b64=False), "extensions")

    def test_a_key_in_the_header_is_not_used(self):
        other = SigningKey(b"\x07" * 32)
        jwk = {"kty": "OKP", "crv": "Ed25519", "x": b64url(other.verify_key.raw)}
        token = seal({"typ": "vc+sd-jwt", "jwk": jwk}, {"a": 1}, other) + "~"
        refused(token, "does not fit", "signature")

    @pytest.mark.parametrize(
        ("token", "words"),
        [
            ("", "closing ~"),
            ("a.b.c", "closing ~"),
            ("~", "empty part"),
            ("a.b.c~~", "empty part"),
            ("a.b~", "header.payload.signature"),
            ("a.b.c~", "unusable"),
            ("ä.b.c~", "ASCII"),
            ("a" * (32 * 1024 * 1024 + 1), "longer than"),
            ("a.b.c" + "~x" * 10_001, "more than"),
        ],
    )
    def test_what_is_no_sd_jwt(self, token, words):
        refused(token, words)

    @pytest.mark.parametrize(
        ("head", "body"), [("[]", "{}"), ('{"alg":"Ed25519","typ":"vc+sd-jwt"}', "[]"), ("1", "{}")]
    )
    def test_headers_and_payloads_that_are_no_objects(self, head, body):
        text = f"{b64url(head.encode())}.{b64url(body.encode())}"
        refused(f"{text}.{b64url(KEY.sign(text.encode()))}~", "not a JSON object")

    def test_members_that_stand_twice(self):
        head = b64url(b'{"alg":"Ed25519","typ":"vc+sd-jwt"}')
        body = b64url(b'{"a":1,"a":2}')
        refused(f"{head}.{body}.{b64url(KEY.sign(f'{head}.{body}'.encode()))}~", "twice")
        made = urlsafe_b64encode(b'["salt","a",{"b":1,"b":2}]').decode().rstrip("=")
        refused(signed({"_sd": [digest(made)]}, made), "twice")

    def test_padding_and_other_spellings_of_a_disclosure(self):
        made = urlsafe_b64encode(b'["salt","ab",12]').decode()
        assert made.endswith("=")
        refused(signed({"_sd": [digest(made)]}, made), "base64url")

    def test_disclosures_nested_without_end(self):
        disclosures, inner = [], {"end": 1}
        for number in range(200):
            made = disclose(f"salt{number:020}", inner, "in").encoded
            disclosures.append(made)
            inner = {"_sd": [digest(made)]}
        refused(signed(inner, *disclosures), "deeper")

    def test_key_binding_that_nobody_asked_for(self):
        refused(signed({}) + signed({})[:-1], "nobody asked")

    def test_dates_of_the_signature(self):
        assert good(signed({"exp": NOW + 1, "nbf": NOW + 300, "iat": NOW})).payload["exp"] == NOW + 1
        refused(signed({"exp": NOW}), "expired", "dates")
        refused(signed({"nbf": NOW + 301}), "not valid yet", "dates")
        refused(signed({"exp": str(NOW + 5)}), "number of seconds")
        refused(signed({"exp": True}), "number of seconds")

    def test_another_audience(self):
        refused(signed({"aud": "https://a.example"}), "another audience", "subject")
        refused(signed({"aud": ["https://a.example"]}), "another", "subject", audience="https://b.example")
        token = signed({"aud": ["https://a.example"]})
        assert good(token, audience="https://a.example").payload["aud"] == ["https://a.example"]

    def test_what_the_verifier_needs_and_was_not_shown(self):
        issued = issue(PAYLOAD, [("subject",)], signer=KEY, random=source())
        refused(issued.present([]), "does not say 'subject'", required=["subject"])

    def test_the_signed_payload_is_left_as_it_was(self):
        payload = {"_sd": [digest(ONE)], "l": [{"...": digest(ELEMENT)}, {"deep": {"_sd": []}}]}
        before = copy.deepcopy(payload)
        assert open_payload(payload, [ONE, ELEMENT]).payload == {"a": 1, "l": [1, {"deep": {}}]}
        assert payload == before


def resolving(url, moment):
    return did_key.document(url.partition("#")[0])


def by_did(key=KEY, signer=None, **changed):
    payload = {"issuer": did_key.did(key.verify_key), "iat": NOW, "a": 1, **changed}
    header = {"kid": did_key.method(key.verify_key)}
    return issue(payload, [("a",)], signer=signer or key, random=source(), header=header)


class TestIssuer:
    @pytest.mark.parametrize("key", [KEY, P256])
    def test_the_key_of_the_did_document(self, key):
        found = verify_issuer(by_did(key).token, resolving, now=NOW)
        assert found.payload["a"] == 1

    @pytest.mark.parametrize(
        ("made", "step", "words"),
        [
            (by_did(signer=SigningKey(b"\x08" * 32)), "signature", "does not fit"),
            (by_did(issuer=did_key.did(P256.verify_key)), "issuer", "signed by"),
            (by_did(issuer={"id": "did:web:other.example"}), "issuer", "signed by"),
            (by_did(issuer=None), "issuer", "signed by"),
            (by_did(iss="did:web:other.example"), "structure", "different things"),
            (by_did(iat="now"), "structure", "number of seconds"),
            (by_did(iat=1e300), "dates", "no moment"),
            (by_did(exp=NOW), "dates", "expired"),
        ],
    )
    def test_somebody_else(self, made, step, words):
        with pytest.raises(CredentialRefused, match=words) as caught:
            verify_issuer(made.token, resolving, now=NOW)
        assert caught.value.step == step

    def test_an_issuer_with_a_name(self):
        named = {"id": did_key.did(KEY.verify_key), "name": "Maker"}
        assert verify_issuer(by_did(issuer=named).token, resolving, now=NOW).payload["issuer"] == named

    @pytest.mark.parametrize(
        ("kid", "words"),
        [
            (None, "kid is missing"),
            (1, "kid is missing"),
            ("x", "DID"),
            (did_key.did(KEY.verify_key), "does not name a key of a DID document"),
        ],
    )
    def test_headers_that_name_no_key(self, kid, words):
        token = signed({"issuer": did_key.did(KEY.verify_key)}, kid=kid)
        with pytest.raises(CredentialRefused, match=words) as caught:
            verify_issuer(token, resolving, now=NOW)
        assert caught.value.step == "key"


@settings(max_examples=300)
@given(st.data())
def test_what_is_damaged_anywhere_is_refused_in_words_and_never_crashes(data):
    token = by_did(subject={"parts": ["a", "b"]}).token
    at = data.draw(st.integers(0, len(token) - 1))
    damage = data.draw(st.sampled_from(["", "A", "~", ".", "_", "=", "ä", "\x00", token[:at], token[at:]]))
    broken = token[:at] + damage + token[at + 1 :]
    if broken == token:
        return
    try:
        found = verify_issuer(broken, resolving, now=NOW)
    except CredentialRefused:
        return
    # Only a disclosure may be gone; what is signed stands.
    assert found.payload == {
        name: item for name, item in good(token).payload.items() if name in found.payload
    }


def test_the_payload_of_a_disclosure_is_searched_even_when_names_are_escaped():
    inner = disclose("aW5uZXJpbm5lcmlubmVyaQ", 5, "b").encoded
    outer = b64url(b'["b3V0ZXJvdXRlcm91dGVybw","a",{"\\u005fsd":["' + digest(inner).encode() + b'"]}]')
    assert good(signed({"_sd": [digest(outer)]}, outer, inner)).payload == {"a": {"b": 5}}
    hidden = b64url(b'["b3V0ZXJvdXRlcm91dGVybw","a",{"\\u002e..":"x"}]')
    refused(signed({"_sd": [digest(hidden)]}, hidden), "must not")
