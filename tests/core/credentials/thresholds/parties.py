"""Suppliers with signed credentials, and a verifier that checks their signatures."""

from __future__ import annotations

import copy
import hashlib
import secrets
from datetime import UTC, datetime

from lodeline import strictjson
from lodeline.credentials.thresholds.commitment import Opening, check_opening, commit
from lodeline.credentials.thresholds.law import LAW
from lodeline.credentials.thresholds.statement import Statement, Term
from lodeline.credentials.thresholds.verify import verify
from lodeline.credentials.verdict import CredentialRefused
from lodeline.keys import SignatureRefused, SigningKey, sign_detached, verify_detached

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
EXPIRES = "2026-11-22T09:10:00Z"
AUDIENCE = "did:web:oem.example"
NONCE = "bm9uY2Utb2Ytb2VtLTAx"
SHARE = LAW.claim("recycled-cobalt-2031")
JOINT = LAW.claim("recycled-cobalt-2031-joint")
LEAD = LAW.claim("lead-at-most")


def seeded(seed):
    """A source of bytes that is the same every time: for vectors and shrinking."""
    count = 0

    def random(length):
        nonlocal count
        count += 1
        return hashlib.shake_256(f"{seed}/{count}".encode()).digest(length)

    return random


class Party:
    """An issuer: checks openings, then signs."""

    def __init__(self, name):
        self.did = f"did:web:{name}.example"
        self.key = SigningKey.from_seed(hashlib.sha256(name.encode()).digest())

    def issue(self, number, claims, *, checked=()):
        """A signed credential; `checked` are pairs (commitment, opening) that are looked at first."""
        for commitment, opening in checked:
            check_opening(commitment, opening)
        document = {
            "@context": ["https://www.w3.org/ns/credentials/v2"],
            "id": f"https://{self.did[8:]}/credentials/{number}",
            "type": ["VerifiableCredential"],
            "issuer": self.did,
            "credentialSubject": {"id": f"urn:example:lot:{number}", **claims},
        }
        return document, sign_detached(self.key, strictjson.canonical(document), self.did)


class Shelf:
    """The credentials a verifier has; each is verified when it is asked for."""

    def __init__(self, *signed, trusted):
        self.signed = {document["id"]: (document, jws) for document, jws in signed}
        self.keys = {party.did: party.key.verify_key for party in trusted}

    def __call__(self, name):
        if name not in self.signed:
            raise CredentialRefused("structure", f"there is no credential {name}")
        document, jws = self.signed[name]
        try:
            signer = verify_detached(jws, strictjson.canonical(document), self.keys)
        except SignatureRefused as error:
            raise CredentialRefused("signature", str(error)) from None
        if signer != document["issuer"]:
            raise CredentialRefused("issuer", "signed by another")
        return copy.deepcopy(document)


class Nonces:
    """What a verifier gave out; each is good once."""

    def __init__(self, *given):
        self.open = set(given)

    def __call__(self, nonce):
        found = nonce in self.open
        self.open.discard(nonce)
        return found


def sealed(value, claim=SHARE, *, bits=20, random=secrets.token_bytes, part_of=None):
    opening = Opening.draw(value, random)
    return commit(opening, unit=claim.unit, scale=claim.scale, bits=bits, part_of=part_of), opening


def one_share(value, *, claim=SHARE, random=secrets.token_bytes, party=None):
    """A supplier whose credential seals a percentage (in steps of 0.0001 %): its shelf, statement and openings."""
    party = party or Party("refiner")
    commitment, opening = sealed(value, claim, random=random)
    signed = party.issue(
        1, {claim.path.rsplit("/", 1)[1]: commitment.write()}, checked=[(commitment, opening)]
    )
    term = Term(1, party.did, signed[0]["id"], claim.path, commitment)
    return Shelf(signed, trusted=[party]), statement(claim, [term]), [opening]


def three(masses, *, claim=JOINT, bound=True, random=secrets.token_bytes, bits=34):
    """Suppliers with (recycled, whole) grams: shelf, statement over all, openings in order."""
    signed, terms, openings, parties = [], [], [], []
    for number, (part, whole) in enumerate(masses):
        party = Party(f"supplier-{number}")
        one, one_opening = sealed(
            part, claim, bits=bits, random=random, part_of=claim.whole if bound else None
        )
        all_, all_opening = sealed(whole, claim, bits=bits, random=random)
        names = [path.rsplit("/", 1)[1] for path in (claim.path, claim.whole)]
        document, jws = party.issue(number, dict(zip(names, (one.write(), all_.write()), strict=True)))
        plus, minus = claim.coefficients(2)
        terms += [
            Term(plus, party.did, document["id"], claim.path, one),
            Term(minus, party.did, document["id"], claim.whole, all_),
        ]
        openings += [one_opening, all_opening]
        signed.append((document, jws))
        parties.append(party)
    return Shelf(*signed, trusted=parties), statement(claim, terms), openings


def statement(claim, terms, **other):
    said = {
        "claim": claim.id,
        "terms": tuple(terms),
        "operator": claim.operator,
        "threshold": claim.steps,
        "bits": claim.bits,
        "audience": AUDIENCE,
        "nonce": NONCE,
        "expires": EXPIRES,
    }
    return Statement(**said | other)


def check(message, shelf, *, nonces=None, policy=LAW, audience=AUDIENCE, now=NOW, bounds=()):
    return verify(
        message,
        credential=shelf,
        policy=policy,
        audience=audience,
        nonce_unused=nonces or Nonces(NONCE),
        now=now,
        bounds=bounds,
    )
