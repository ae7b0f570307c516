"""Key binding (RFC 9901, section 4.3 and 7.3): published values and every way in which it is not the holder's."""

import pytest
from tests.core.credentials import rfc9901

from lodeline.credentials.keybinding import Expected, bind, from_cnf
from lodeline.credentials.keys import P256SigningKey, from_jwk, to_jwk
from lodeline.credentials.sdjwt import digest, issue, split
from lodeline.credentials.sdjwt_verify import Policy, select, verify
from lodeline.credentials.signing import seal
from lodeline.credentials.verdict import CredentialRefused
from lodeline.keys import SigningKey

ISSUER, HOLDER = SigningKey(b"\x01" * 32), P256SigningKey(b"\x02" * 32)
NOW = 1_790_000_000
HERE = Expected(audience="https://verifier.example", nonce="n-1")


def made(holder=HOLDER):
    numbers = iter(range(1, 100))
    payload = {"a": 1, "b": 2, "cnf": {"jwk": to_jwk(holder.verify_key)}}
    return issue(
        payload,
        [("a",), ("b",)],
        signer=ISSUER,
        random=lambda size: next(numbers).to_bytes(size, "big"),
    )


def bound(wanted=(("a",),), **changed):
    given = {"signer": HOLDER, "audience": HERE.audience, "nonce": HERE.nonce, "now": NOW}
    return bind(made().present(wanted), **{**given, **changed})


def by_hand(changed, header=None, signer=HOLDER):
    presentation = made().present([("a",)])
    claims = {"iat": NOW, "aud": HERE.audience, "nonce": HERE.nonce, "sd_hash": digest(presentation)}
    claims = {name: value for name, value in {**claims, **changed}.items() if value is not ...}
    return presentation + seal({"typ": "kb+jwt", **(header or {})}, claims, signer)


def good(token, expected=HERE):
    return verify(token, ISSUER.verify_key, now=NOW, policy=Policy(binding=expected))


def refused(token, step, words, expected=HERE):
    with pytest.raises(CredentialRefused, match=words) as caught:
        good(token, expected)
    assert caught.value.step == step


def test_the_presentation_of_section_5_2():
    expected = Expected(audience=rfc9901.AUDIENCE, nonce=rfc9901.NONCE)
    found = verify(
        rfc9901.PRESENTATION,
        from_jwk(rfc9901.ISSUER_KEY),
        now=rfc9901.NOW,
        policy=Policy(types=("example+sd-jwt",), binding=expected),
    )
    assert found.payload == rfc9901.PROCESSED
    assert found.bound
    assert digest(split(rfc9901.PRESENTATION).unbound) == "0_Af-2B-EhLWX5ydh_w2xzwmO6iM66B_2QCEanI4fUY"


@pytest.mark.parametrize("holder", [HOLDER, SigningKey(b"\x03" * 32)])
def test_a_holder_binds_and_a_verifier_sees_it(holder):
    token = bind(
        made(holder).present([("b",)]), signer=holder, audience=HERE.audience, nonce=HERE.nonce, now=NOW
    )
    found = good(token)
    assert (found.bound, found.payload["b"], "a" in found.payload) == (True, 2, False)


def test_it_is_required_and_missing():
    refused(made().present([("a",)]), "structure", "required and missing")


def test_another_verifier_or_another_nonce():
    refused(bound(audience="https://other.example"), "subject", "another 'aud'")
    refused(bound(nonce="n-0"), "subject", "another 'nonce'")
    refused(bound(), "subject", "nonce", Expected(audience=HERE.audience, nonce=""))


@pytest.mark.parametrize(("made_at", "fine"), [(-301, False), (-300, True), (60, True), (61, False)])
def test_not_of_now(made_at, fine):
    if fine:
        assert good(bound(now=NOW + made_at)).bound
    else:
        refused(bound(now=NOW + made_at), "dates", "not of now")


def test_of_somebody_else():
    refused(bound(signer=P256SigningKey(b"\x09" * 32)), "signature", "does not fit")
    refused(bound(signer=ISSUER), "signature", "algorithm")


def test_disclosures_taken_away_or_put_in_after_it_was_bound():
    token, issued = bound([("a",), ("b",)]), made()
    jwt, first, second, proof = token.split("~")
    refused(f"{jwt}~{first}~{proof}", "signature", "another set of disclosures")
    refused(f"{jwt}~{second}~{first}~{proof}", "signature", "another set of disclosures")
    added = issued.paths["b",].encoded
    less = bound().split("~")
    refused("~".join((less[0], less[1], added, less[2])), "signature", "another set of disclosures")


@pytest.mark.parametrize(
    ("changed", "step"),
    [
        ({"iat": ...}, "structure"),
        ({"iat": str(NOW)}, "structure"),
        ({"iat": True}, "structure"),
        ({"aud": ...}, "subject"),
        ({"aud": [HERE.audience]}, "subject"),
        ({"nonce": ...}, "subject"),
        ({"nonce": 1}, "subject"),
        ({"sd_hash": ...}, "signature"),
        ({"sd_hash": None}, "signature"),
        ({"sd_hash": digest("other")}, "signature"),
    ],
)
def test_claims_that_are_missing_or_of_another_form(changed, step):
    refused(by_hand(changed), step, "key binding")


@pytest.mark.parametrize("typ", ["JWT", "vc+sd-jwt", None, 1])
def test_another_type(typ):
    refused(by_hand({}, {"typ": typ}), "structure", "of type")


def test_by_hand_it_is_good():
    assert good(by_hand({})).bound


@pytest.mark.parametrize(
    ("cnf", "words"),
    [
        (None, "named no key"),
        ({"kid": "x"}, "named no key"),
        ({"jwk": "x"}, "not a JSON Web Key"),
        ({"jwk": {"kty": "oct", "k": "x"}}, "unusable"),
        ({"jwk": {"kty": "RSA", "x": "x"}}, "unusable"),
        ({"jwk": {**to_jwk(HOLDER.verify_key), "d": "AA"}}, "private"),
        ({"jwk": {**to_jwk(HOLDER.verify_key), "y": to_jwk(HOLDER.verify_key)["x"]}}, "unusable"),
    ],
)
def test_keys_of_the_holder_that_are_none(cnf, words):
    with pytest.raises(CredentialRefused, match=words) as caught:
        from_cnf(cnf)
    assert caught.value.step == "key"


def test_an_issuer_who_named_no_key():
    token = seal({"typ": "vc+sd-jwt"}, {"a": 1}, ISSUER) + "~"
    refused(
        bind(token, signer=HOLDER, audience=HERE.audience, nonce=HERE.nonce, now=NOW), "key", "named no key"
    )


def test_binding_twice_or_selecting_from_what_is_bound():
    with pytest.raises(CredentialRefused, match="bound already"):
        bind(bound(), signer=HOLDER, audience="x", nonce="y", now=NOW)
    with pytest.raises(CredentialRefused, match="without key binding"):
        select(bound(), [("a",)])
