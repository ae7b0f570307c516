"""Good proofs and forgeries, each with the step that must refuse it. The tests of both verifiers run them, and
`vectors.json` is made of them: `python -m tests.core.credentials.thresholds.forgeries` writes it anew.
"""

from __future__ import annotations

import hashlib
import json
from decimal import Decimal
from pathlib import Path

from attrs import evolve, field, frozen
from tests.core.credentials.thresholds.parties import (
    AUDIENCE,
    JOINT,
    LEAD,
    NONCE,
    NOW,
    SHARE,
    Party,
    Shelf,
    one_share,
    sealed,
    seeded,
    statement,
    three,
)

from lodeline import strictjson
from lodeline.credentials.thresholds import bits, group
from lodeline.credentials.thresholds.commitment import Opening, commit
from lodeline.credentials.thresholds.law import LAW
from lodeline.credentials.thresholds.policy import PART_OF_WHOLE, Claim, Policy
from lodeline.credentials.thresholds.prove import prove
from lodeline.credentials.thresholds.statement import Term
from lodeline.credentials.verdict import CredentialRefused
from lodeline.keys import b64url, unb64url

VECTORS = Path(__file__).with_name("vectors.json")
SUM = Claim(
    "cobalt-delivered", "sum", JOINT.whole, "g", 0, ">=", Decimal(500_000), 40, "contract 7, clause 3"
)
TWIN = evolve(SHARE, id="recycled-cobalt-twin", source="contract 8, clause 1")
BELOW = evolve(SHARE, id="recycled-cobalt-below", operator="<", source="contract 8, clause 2")
PUBLISHED = {
    "replayed nonce",
    "other threshold",
    "other threshold, its claim named",
    "verifier exchanged",
    "expiry prolonged",
    "altered unit",
    "wrong issuer, trusted too",
    "commitment not in the signed credential",
    "negative value by wrap-around",
    "scalar not canonical: q",
    "bits shuffled",
    "trailing bytes",
    "one mass counted twice",
    "share over 100 %",
}
"""Forgeries that stand in `vectors.json`; the tests run all."""
POLICY = Policy((*LAW.claims, SUM, TWIN, BELOW))
Q = group.ORDER
VALUE = 173_000
MASSES = [(20_000, 100_000), (9_000, 90_000), (60_000, 310_000)]


@frozen
class Case:
    """`step`: who must refuse; `None`: it verifies. `credential` stands for the credential's own check."""

    name: str
    step: str | None
    message: bytes
    shelf: Shelf = field(repr=False)
    audience: str = AUDIENCE
    now: object = NOW
    nonces: tuple = (NONCE,)
    bounds: tuple = ()

    def write(self):
        """For the other verifier, which gets only credentials that hold."""
        credentials = {}
        for name in self.shelf.signed:
            try:
                credentials[name] = self.shelf(name)
            except CredentialRefused:
                continue
        return {
            "name": self.name,
            "step": self.step,
            "message": self.message.decode(),
            "credentials": credentials,
            "audience": self.audience,
            "now": self.now.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "nonces": list(self.nonces),
            "bounds": [one.decode() for one in self.bounds],
        }


def altered(message, **members):
    """The message with members replaced, canonical again."""
    return strictjson.canonical({**strictjson.loads(message), **members})


def patched(message, change):
    """The message with the bytes of its proof changed."""
    proof = bytearray(unb64url(strictjson.loads(message)["proof"]))
    return altered(message, proof=b64url(bytes(change(proof) or proof)))


def put(at, data):
    def change(proof):
        proof[at : at + len(data)] = data

    return change


def cases():
    """All of them, the same bytes at every call."""
    return [*good(), *bound_to_the_statement(), *bound_to_the_credential(), *bytes_of_the_proof(), *joint()]


def good():
    for value in (160_000, 160_001, VALUE, 1_000_000):
        shelf, said, openings = one_share(value, random=seeded(value))
        yield Case(f"at least 16 %: {value}", None, prove(said, openings, seeded(1)), shelf)
    for value in (0, 100):
        shelf, said, openings = one_share(value, claim=LEAD, random=seeded(value))
        yield Case(f"lead at most 0.01 %: {value}", None, prove(said, openings, seeded(2)), shelf)
    shelf, said, openings = three(MASSES, random=seeded("masses"))
    yield Case("share of three suppliers", None, prove(said, openings, seeded(3)), shelf)
    shelf, said, openings = three([(16, 100), (0, 0), (32, 200)], random=seeded("exact"))
    yield Case("share of three suppliers: exactly 16 %", None, prove(said, openings, seeded(3)), shelf)
    shelf, said, openings = total()
    yield Case("sum of three suppliers", None, prove(said, openings, seeded(4)), shelf)


def total():
    """The sum of the wholes."""
    shelf, said, openings = three(MASSES, random=seeded("masses"))
    terms = [evolve(term, coefficient=1) for term in said.terms[1::2]]
    return shelf, statement(SUM, terms), openings[1::2]


def bound_to_the_statement():
    shelf, said, openings = one_share(VALUE, random=seeded("one"))
    message = prove(said, openings, seeded(5))

    def case(name, step, *, sent=message, **other):
        return Case(name, step, sent, shelf, **other)

    def proven(**members):
        return prove(evolve(said, **members), openings, seeded(6))

    yield case("replayed nonce", "nonce", nonces=())
    yield case("nonce of another question", "nonce", nonces=("bm9uY2Utb2Ytb2VtLTAy",))
    yield case("nonce exchanged", "proof", sent=altered(message, nonce="A" * 20), nonces=("A" * 20,))
    yield case("other threshold", "policy", sent=altered(message, threshold="260000"))
    yield case("threshold of the prover's choice", "policy", sent=proven(threshold=100_000))
    yield case(
        "other threshold, its claim named",
        "proof",
        sent=altered(message, threshold="260000", claim="recycled-cobalt-2036"),
    )
    yield case("another claim with the same numbers", "proof", sent=altered(message, claim=TWIN.id))
    yield case("claim that is not on the list", "policy", sent=altered(message, claim="anything"))
    yield case("other operator", "policy", sent=altered(message, operator="<"))
    yield case(
        "other operator, its claim named", "proof", sent=altered(message, operator="<", claim=BELOW.id)
    )
    yield case("for another verifier", "audience", audience="did:web:other.example")
    yield case(
        "verifier exchanged",
        "proof",
        sent=altered(message, audience="did:web:other.example"),
        audience="did:web:other.example",
    )
    yield case("expired", "dates", now=NOW.replace(hour=10))
    yield case(
        "expiry prolonged",
        "proof",
        sent=altered(message, expires="2027-11-22T09:10:00Z"),
        now=NOW.replace(hour=10),
    )
    yield case("altered unit", "commitment", sent=altered(message, unit="ppm"))
    yield case("altered scale", "commitment", sent=altered(message, scale=3))
    yield case("another protocol", "structure", sent=altered(message, protocol="lodeline-threshold/2"))
    yield case("a wider range, chosen by the prover", "policy", sent=proven(bits=64))
    (term,) = strictjson.loads(message)["terms"]
    yield case("altered coefficient", "policy", sent=altered(message, terms=[{**term, "coefficient": 2}]))
    yield case("coefficient zero", "structure", sent=altered(message, terms=[{**term, "coefficient": 0}]))
    yield case(
        "a commitment in the message",
        "structure",
        sent=altered(message, terms=[{**term, "commitment": said.terms[0].commitment.text}]),
    )
    yield case("no terms", "structure", sent=altered(message, terms=[]))
    yield case("a place named twice", "structure", sent=altered(message, terms=[term, term]))
    yield case("threshold spelled otherwise", "structure", sent=altered(message, threshold="0160000"))
    yield case("true for a number", "structure", sent=altered(message, bits=True))
    yield case("a date that is none", "structure", sent=altered(message, expires="2026-02-30T09:10:00Z"))
    yield case("a nonce too short", "structure", sent=altered(message, nonce="short"))
    yield case("an extra member", "structure", sent=altered(message, comment="hello"))
    yield case("a member twice", "structure", sent=message[:-1] + b',"bits":20}')
    yield case("not in canonical form", "structure", sent=message.replace(b":20,", b": 20,", 1))
    yield case("not an object", "structure", sent=b"[]")


def bound_to_the_credential():
    party, other = Party("refiner"), Party("refinery-two")
    shelf, said, openings = one_share(VALUE, random=seeded("one"), party=party)
    message = prove(said, openings, seeded(5))
    name, member = SHARE.path.rsplit("/", 1)[1], said.terms[0].commitment

    def issued(claims, number=1, by=party):
        return by.issue(number, claims)

    again, _ = sealed(VALUE, random=seeded("another blinding"))
    yield Case(
        "wrong commitment, of the same number",
        "proof",
        message,
        Shelf(issued({name: again.write()}), trusted=[party]),
    )
    document, _ = issued({name: member.write()})
    changed = {**document, "issuer": other.did}
    resigned = (changed, _signed(other, changed))
    yield Case("wrong issuer, trusted too", "proof", message, Shelf(resigned, trusted=[party, other]))
    yield Case("wrong issuer, not trusted", "credential", message, Shelf(resigned, trusted=[party]))
    unit = {**document, "credentialSubject": {name: {**member.write(), "unit": "ppm"}}}
    yield Case(
        "unit altered in the signed credential",
        "credential",
        message,
        Shelf((unit, _signed(other, unit)), trusted=[party]),
    )
    yield Case(
        "unit of the credential is another",
        "policy",
        altered(message, unit="ppm"),
        Shelf(issued({name: {**member.write(), "unit": "ppm"}}), trusted=[party]),
    )
    yield Case(
        "bits of the commitment are others",
        "proof",
        message,
        Shelf(issued({name: {**member.write(), "bits": 30}}), trusted=[party]),
    )
    two = issued({name: again.write()}, number=2)
    (term,) = strictjson.loads(message)["terms"]
    both = Shelf(*shelf.signed.values(), two, trusted=[party])
    moved = altered(message, terms=[{**term, "credential": two[0]["id"]}])
    yield Case("another credential's id", "proof", moved, both)
    yield Case("a credential that is not there", "credential", moved, shelf)
    twin = issued({name: member.write()}, number=2)
    yield Case(
        "the same commitment under another credential's id",
        "proof",
        moved,
        Shelf(twin, trusted=[party]),
    )
    elsewhere = SHARE.path + "Estimate"
    wider = Shelf(issued({name: again.write(), name + "Estimate": member.write()}), trusted=[party])
    yield Case("other path", "policy", altered(message, terms=[{**term, "path": elsewhere}]), wider)
    yield Case("the number of another path", "proof", message, wider)
    for what, claims in {
        "commitment not in the signed credential": {},
        "a number instead of a commitment": {name: 17},
        "a commitment without a unit": {name: {"commitment": member.text, "scale": 4, "bits": 20}},
        "a commitment that is no point": {
            name: {**member.write(), "commitment": b64url(b"\2" + (5).to_bytes(32, "big"))}
        },
        "a commitment in long form": {
            name: {
                **member.write(),
                "commitment": b64url(group.read_point(member.point).format(compressed=False)),
            }
        },
        "more bits than allowed": {name: {**member.write(), "bits": 65}},
    }.items():
        yield Case(what, "commitment", message, Shelf(issued(claims), trusted=[party]))
    # The prover commits to a better number itself, and proves that.
    better, opening = sealed(900_000, random=seeded("better"))
    own = evolve(said, terms=(evolve(said.terms[0], commitment=better),))
    yield Case(
        "proof about a commitment of the prover's own", "proof", prove(own, [opening], seeded(7)), shelf
    )
    forged = evolve(own, terms=said.terms).message(
        bits.prove(said.transcript(), *own.witness((opening,)), 20, seeded(8)(32))
    )
    yield Case("the same, with the right words", "proof", forged, shelf)


def _signed(party, document):
    from lodeline.keys import sign_detached

    return sign_detached(party.key, strictjson.canonical(document), party.did)


def bytes_of_the_proof():
    shelf, said, openings = one_share(VALUE, random=seeded("one"))
    message = prove(said, openings, seeded(5))
    raw = unb64url(strictjson.loads(message)["proof"])
    e, first = int.from_bytes(raw[:32], "big"), raw[32 : 32 + 129]

    def case(name, change):
        return Case(name, "proof", patched(message, change), shelf)

    yield case("challenge altered", put(0, group.write_scalar((e + 1) % Q)))
    yield case("challenge zero", put(0, bytes(32)))
    yield case("scalar not canonical: q", put(97, group.write_scalar(Q)))
    yield case("scalar not canonical: all ones", put(97, b"\xff" * 32))
    yield case("scalar zero", put(97, bytes(32)))
    yield case("bad point: not on the curve", put(32, b"\2" + (5).to_bytes(32, "big")))
    yield case("bad point: unknown form", put(32, b"\4"))
    yield case("bad point: the point at infinity", put(32, bytes(33)))
    yield case("a bit's commitment negated", put(32, bytes([5 - raw[32]])))
    yield case("a bit's commitment without blinding", put(32, group.H.format()))
    yield case("trailing bytes", lambda proof: proof + b"\0")
    yield case("a byte missing", lambda proof: proof[:-1])
    yield case("one bit fewer", lambda proof: proof[:-129])
    yield case("one bit more", lambda proof: proof + proof[-129:])
    yield case("bits shuffled", lambda proof: proof[:32] + proof[161:290] + proof[32:161] + proof[290:])
    yield case(
        "highest and lowest bit exchanged",
        lambda proof: proof[:32] + proof[-129:] + proof[161:-129] + proof[32:161],
    )
    yield case("branches swapped", put(97, first[97:] + first[65:97]))
    e0 = int.from_bytes(first[33:65], "big")
    yield case("branch challenges swapped", put(65, group.write_scalar((e - e0) % Q)))
    yield case("a challenge of zero for the other branch", put(65, group.write_scalar(e)))
    yield case("an answer altered", put(32 + 129 * 19 + 65, group.write_scalar(5)))
    yield Case("proof in padded base64", "structure", altered(message, proof=b64url(raw) + "="), shelf)
    yield Case("proof empty", "proof", altered(message, proof=""), shelf)
    # A false claim: 15.9999 %, and numbers that only make sense modulo the group order or 2^20.
    shelf, said, openings = one_share(159_999, random=seeded("low"))
    number, blinding = said.witness(tuple(openings))
    for name, wrapped in (
        ("negative value by wrap-around", number % Q),
        ("negative value by its low bits", number % 2**20),
        ("negative value as zero", 0),
    ):
        proof = bits.prove(said.transcript(), wrapped, blinding, 20, seeded(9)(32))
        yield Case(name, "proof", said.message(proof), shelf)
    # As many bits as the number needs, and as few: both are not what is claimed.
    shelf, said, openings = one_share(VALUE, random=seeded("one"))
    number, blinding = said.witness(tuple(openings))
    for count in (14, 21):
        proof = bits.prove(said.transcript(), number, blinding, count, seeded(12)(32))
        yield Case(f"a proof over {count} bits", "proof", said.message(proof), shelf)
    shelf, said, openings = one_share(159_999, random=seeded("low"))
    number, blinding = said.witness(tuple(openings))
    for weak in (b"", hashlib.sha256(said.transcript()).digest()):
        proof = bits.prove(weak, 0, blinding, 20, seeded(9)(32))
        yield Case(f"another transcript of {len(weak)} bytes", "proof", said.message(proof), shelf)


def joint():
    shelf, said, openings = three(MASSES, random=seeded("masses"))
    message = prove(said, openings, seeded(3))
    terms = strictjson.loads(message)["terms"]
    swapped = [
        {**term, "coefficient": other["coefficient"]} for term, other in zip(terms, terms[::-1], strict=True)
    ]
    yield Case("swapped coefficients", "policy", altered(message, terms=swapped), shelf)
    yield Case("a supplier left out", "proof", altered(message, terms=terms[:4]), shelf)
    yield Case("half a pair left out", "policy", altered(message, terms=terms[:5]), shelf)
    yield Case("suppliers in another order", "proof", altered(message, terms=terms[2:] + terms[:2]), shelf)
    cheaper = [{**term, "coefficient": -15} if index % 2 else term for index, term in enumerate(terms)]
    yield Case("cheaper coefficients", "policy", altered(message, terms=cheaper), shelf)
    # Each part paired with the whole of another: the sums are the same.
    crossed = [said.terms[index] for index in (0, 3, 2, 1, 4, 5)]
    moved = [openings[index] for index in (0, 3, 2, 1, 4, 5)]
    crossing = prove(evolve(said, terms=tuple(crossed)), moved, seeded(13))
    yield Case("parts paired with the wholes of others", "policy", crossing, shelf)
    yield from sums()
    # One mass under two ids: it would count twice.
    party = Party("supplier-0")
    document, _ = shelf.signed[said.terms[0].credential]
    copied = party.issue("copy", {k: v for k, v in document["credentialSubject"].items() if k != "id"})
    double = Shelf(*shelf.signed.values(), copied, trusted=[Party(f"supplier-{n}") for n in range(3)])
    again = [{**term, "credential": copied[0]["id"]} for term in terms[:2]]
    yield Case("one mass counted twice", "commitment", altered(message, terms=[*terms, *again]), double)
    # A share over 100 %: an issuer signs more recycled than there is, without having compared the two.
    shelf, said, openings = three([(500, 100), (0, 500)], bound=False, random=seeded("over"))
    message = prove(said, openings, seeded(10))
    yield Case("share over 100 %", "policy", message, shelf)
    yield Case(
        "share over 100 %, bounds forged", "proof", message, shelf, bounds=tuple(bounds(said, openings))
    )
    # The same, honest: the suppliers show that each part is at most its whole.
    shelf, said, openings = three(MASSES, bound=False, random=seeded("loose"))
    message, shown = prove(said, openings, seeded(11)), list(bounds(said, openings))
    yield Case("share with bounds shown", None, message, shelf, bounds=tuple(shown))
    yield Case("share without bounds", "policy", message, shelf)
    yield Case("share with a bound missing", "policy", message, shelf, bounds=tuple(shown[:2]))
    later = [altered(one, nonce="A" * 20) for one in shown]
    yield Case("bounds of another question", "audience", message, shelf, bounds=tuple(later))
    yield Case("something else for a bound", "policy", message, shelf, bounds=(*shown, message))
    turned = [altered(shown[0], terms=strictjson.loads(shown[0])["terms"][::-1])]
    yield Case("a bound the wrong way round", "policy", message, shelf, bounds=(*turned, *shown[1:]))
    for name, change in {
        "a bound with room below": {"threshold": -(10**6)},
        "a bound over more bits": {"bits": 64},
        "a bound under another claim": {"claim": JOINT.id},
    }.items():
        loose = next(bounds(said, openings, **change))
        yield Case(name, "policy", message, shelf, bounds=(loose, *shown[1:]))
    yield Case("a bound alone", "policy", shown[0], shelf)


def sums():
    """What is true of a sum says nothing about others with the same sum, or in other units."""
    _, said, openings = total()
    message = prove(said, openings, seeded(4))
    shift = group.times_g(5)
    points = [group.read_point(term.commitment.point) for term in said.terms]
    shifted = [group.add(points[0], shift), group.add(points[1], group.negative(shift)), points[2]]
    for name, step, changes in (
        (
            "other commitments with the same sum",
            "proof",
            [{"commitment": b64url(one.format())} for one in shifted],
        ),
        ("one mass in kilograms", "commitment", [{}, {"unit": "kg"}, {}]),
    ):
        parties = [Party(f"supplier-{number}") for number in range(3)]
        signed = [
            party.issue(number, {"massCobalt": {**said.terms[number].commitment.write(), **changes[number]}})
            for number, party in enumerate(parties)
        ]
        yield Case(name, step, message, Shelf(*signed, trusted=parties))


def bounds(said, openings, **change):
    """part-of-whole for each pair; a false one is forged as well as it goes."""
    for index in range(0, len(said.terms), 2):
        part, whole = said.terms[index : index + 2]
        terms = (_with(whole, 1), _with(part, -1))
        one = evolve(said, claim=PART_OF_WHOLE, terms=terms, operator=">=", bits=part.commitment.bits)
        one = evolve(one, **change)
        number, blinding = one.witness((openings[index + 1], openings[index]))
        proof = bits.prove(one.transcript(), abs(number), blinding, one.bits, seeded(index)(32))
        yield one.message(proof)


def _with(term, coefficient):
    return Term(coefficient, term.issuer, term.credential, term.path, term.commitment)


def vectors():
    """Everything another implementation needs to compare itself with."""
    openings = [
        Opening(value, blinding)
        for value, blinding in ((0, 1), (1, 1), (173_000, 2**200 + 1), (2**40, Q - 1))
    ]
    return {
        "about": "Threshold proofs, lodeline-threshold/1. docs/explanation/threshold-proofs.md says how to read it.",
        "seed": group.SEED.decode(),
        "h": group.H.format().hex(),
        "commitments": [
            {
                "value": str(one.value),
                "blinding": f"{one.blinding:064x}",
                "commitment": commit(one, unit="g", scale=0, bits=41).text,
            }
            for one in openings
        ],
        "policy": {"claims": [claim.write() for claim in POLICY.claims]},
        "cases": [case.write() for case in cases() if case.step is None or case.name in PUBLISHED],
    }


if __name__ == "__main__":
    VECTORS.write_text(json.dumps(vectors(), indent=1, ensure_ascii=False) + "\n")
