"""Threshold proofs: time to prove and to verify, and size, best of 20 in one process.

The whole work is measured: from the statement and the openings to the message, from the message to the verdict
(credentials handed over verified, as their signatures have bars of their own).

    python -m benchmarks.thresholds
"""

from __future__ import annotations

import secrets
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from benchmarks.harness import bar
from lodeline.credentials.thresholds import bits
from lodeline.credentials.thresholds.commitment import Opening, commit
from lodeline.credentials.thresholds.law import LAW
from lodeline.credentials.thresholds.prove import NotProven, prove
from lodeline.credentials.thresholds.statement import Statement, Term
from lodeline.credentials.thresholds.verify import verify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

RUNS = 20
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
SINGLE_MS, JOINT_MS, SIZE, KINDS = 10, 30, 4_000, 20
MASSES = [(412_000, 2_300_000), (95_500, 1_150_000), (260_000, 1_300_000)]


def best(work: Callable[[], object]) -> float:
    """Milliseconds."""
    took = []
    for _ in range(RUNS):
        started = time.perf_counter()
        work()
        took.append(time.perf_counter() - started)
    return min(took) * 1000


def supplier(number: int, members: dict[str, Any]) -> dict[str, Any]:
    did = f"did:web:supplier-{number}.example"
    identifier = f"https://supplier-{number}.example/credentials/{number}"
    return {"id": identifier, "issuer": did, "credentialSubject": members}


def asked(
    name: str, sealed: list[dict[str, tuple[str, int]]]
) -> tuple[Statement, list[Opening], dict[str, Any]]:
    """A statement over suppliers who sealed {member: (path it is part of, number)}."""
    claim = LAW.claim(name)
    terms, openings, documents = [], [], {}
    count = sum(len(members) for members in sealed)
    coefficients = iter(claim.coefficients(count) or ())
    for number, members in enumerate(sealed):
        made = {}
        for path, (part_of, value) in members.items():
            opening = Opening.draw(value, secrets.token_bytes)
            width = 20 if claim.kind == "value" else 34
            made[path] = commit(
                opening, unit=claim.unit, scale=claim.scale, bits=width, part_of=part_of or None
            )
            openings.append(opening)
        document = supplier(number, {path.rsplit("/", 1)[1]: one.write() for path, one in made.items()})
        documents[document["id"]] = document
        terms += [
            Term(next(coefficients), document["issuer"], document["id"], path, one)
            for path, one in made.items()
        ]
    said = Statement(
        claim=name,
        terms=tuple(terms),
        operator=claim.operator,
        threshold=claim.steps,
        bits=claim.bits,
        audience="did:web:oem.example",
        nonce=secrets.token_urlsafe(16),
        expires="2026-11-22T09:10:00Z",
    )
    return said, openings, documents


def measured(name: str, sealed: list[dict[str, tuple[str, int]]]) -> tuple[float, float, int, int]:
    """(prove ms, verify ms, bytes of the proof, bytes of the message)"""
    said, openings, documents = asked(name, sealed)
    message = prove(said, openings, secrets.token_bytes)

    def check() -> None:
        verify(
            message,
            credential=documents.__getitem__,
            policy=LAW,
            audience=said.audience,
            nonce_unused=lambda _nonce: True,
            now=NOW,
        )

    proving = best(lambda: prove(said, openings, secrets.token_bytes))
    return proving, best(check), bits.length(said.bits), len(message)


def joint(name: str) -> list[dict[str, tuple[str, int]]]:
    claim = LAW.claim(name)
    whole = claim.whole or ""
    return [{claim.path: (whole, part), whole: ("", total)} for part, total in MASSES]


def bars() -> Iterator[dict[str, Any]]:
    share = LAW.claim("recycled-cobalt-2031").path
    proving, verifying, proof, message = measured("recycled-cobalt-2031", [{share: ("", 173_000)}])
    said = f"best of {RUNS}; hidden value 17.3 %, claim at least 16 %"
    for what, took in (("prove", proving), ("verify", verifying)):
        yield bar(
            f"threshold proof, 20 bits: {what} under {SINGLE_MS} ms",
            f"{took:.2f} ms",
            met=took < SINGLE_MS,
            detail=said,
        )
    yield bar(
        f"threshold proof, 20 bits: under {SIZE} bytes",
        f"{proof} bytes",
        met=max(proof, message) < SIZE,
        detail=f"the whole message as JSON: {message} bytes",
    )
    name = "recycled-cobalt-2031-joint"
    proving, verifying, proof, message = measured(name, joint(name))
    for what, took in (("prove", proving), ("verify", verifying)):
        yield bar(
            f"share of three suppliers, 40 bits: {what} under {JOINT_MS} ms",
            f"{took:.2f} ms",
            met=took < JOINT_MS,
            detail=f"best of {RUNS}; proof {proof} bytes, message {message} bytes",
        )
    later = "recycled-cobalt-2036-joint"
    said_too_much, openings, _ = asked(later, joint(later))
    try:
        prove(said_too_much, openings, secrets.token_bytes)
        refused = False
    except NotProven:
        refused = True
    yield bar(
        "share of three suppliers: a false claim (26 %) gets no proof",
        "refused" if refused else "given",
        met=refused,
    )
    yield forgeries()


def forgeries() -> dict[str, Any]:
    from tests.core.credentials.thresholds.forgeries import POLICY, cases
    from tests.core.credentials.thresholds.test_forgeries import verdict

    wrong = [case.name for case in cases() if verdict(case) != case.step]
    kinds = sum(case.step is not None for case in cases())
    return bar(
        f"at least {KINDS} kinds of forgery refused at their step",
        f"{kinds} kinds",
        met=not wrong and kinds >= KINDS,
        detail=", ".join(wrong) or f"allow-list of {len(POLICY.claims)} claims",
    )


if __name__ == "__main__":
    for line in bars():
        print(f"{line['verdict']:8} {line['bar']}: {line['figure']} ({line['detail']})")
