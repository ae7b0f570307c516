"""Verifying a passport of 10 kB, beside libraries in JavaScript: the same bytes, one core, rounds in turn.

Rates are per second of processor time, all threads of a side counted: a busy neighbour then disturbs less. What each
side does is said in each bar. Both have the issuer's DID document at hand; nothing that was verified is kept.

    python -m benchmarks.credentials_speed
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tests.core.credentials import peers
from tests.core.credentials.making import ED, HOST, P256, web

from benchmarks.harness import bar
from lodeline import strictjson
from lodeline.credentials import contexts, did, integrity, jose, model, sdjwt, sdjwt_verify, signing
from lodeline.passports.datapoints import points

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
ROUNDS, ROUND_SECONDS, WANTED = 30, 0.03, 2
SIZE = 10_000
HIDDEN = 20
OURS = "the key from the DID document by purpose and time, issuer and subject, signature, times, strict JSON"


def passport() -> dict[str, Any]:
    """A battery's passport of about 10 kB, its data points as `lodeline.passports.document` writes them."""
    subject: dict[str, Any] = {"id": f"{HOST}:battery:77"}
    made = {
        "@context": [contexts.V2, contexts.EXAMPLES],
        "id": "https://maker.example/credentials/77",
        "type": ["VerifiableCredential", "DigitalProductPassport"],
        "issuer": HOST,
        "validFrom": "2026-01-01T00:00:00Z",
        "credentialSubject": subject,
    }
    for number, point in points().items():
        if len(strictjson.canonical(made)) > SIZE - 300:
            break
        subject[point.id] = {
            "evidenceLevel": f"E{number % 6}",
            "part": "model" if number % 3 else "item",
            "source": "stated",
            "statement": number,
            "statementDate": "2026-05-04",
            "statementId": f"urn:uuid:00000000-0000-4000-8000-{number:012d}",
            "unit": "kg",
            "value": round(number * 0.37, 2),
        }
    return made


def files() -> dict[str, str]:
    """What both sides verify. `did-jwt` wants the signer named in `iss`, too."""
    plain = passport()
    claims = {**plain, "iat": SECONDS - 60, "iss": HOST}
    tokens = {}
    for name, key, kid, algorithm in (("Ed25519", ED, "k1", "EdDSA"), ("P-256", P256, "p1", "ES256")):
        header = {"alg": algorithm, "typ": "vc+jwt", "cty": "vc", "kid": f"{HOST}#{kid}"}
        tokens[name] = signing.seal(header, claims, key)
    hide = [("credentialSubject", name) for name in plain["credentialSubject"] if name != "id"][:HIDDEN]
    hidden = sdjwt.issue(
        {**plain, "iat": SECONDS - 60},
        hide,
        signer=P256,
        random=secrets.token_bytes,
        header={"kid": f"{HOST}#p1"},
    )
    proven = integrity.add(plain, ED, f"{HOST}#k1", created=NOW)
    return {
        "did-jwt Ed25519": tokens["Ed25519"],
        "did-jwt P-256": tokens["P-256"],
        "jose Ed25519": tokens["Ed25519"],
        "jose P-256": tokens["P-256"],
        "eddsa-jcs-2022": strictjson.canonical(proven).decode(),
        "SD-JWT": hidden.token,
    }


def ours(given: dict[str, str]) -> dict[str, Callable[[], object]]:
    document = did.read(web(), HOST)

    def resolve(_url: str, _moment: datetime | None) -> did.Document:
        return document

    def proofs(text: str) -> None:
        credential = strictjson.loads(text.encode())
        model.credential(credential)
        integrity.of(integrity.verify(credential, resolve, NOW), HOST)
        model.in_force(credential, NOW)

    work: dict[str, Callable[[], object]] = {}
    for name, text in given.items():
        if name == "eddsa-jcs-2022":
            work[name] = lambda text=text: proofs(text)  # type: ignore[misc]
        elif name == "SD-JWT":
            work[name] = lambda text=text: sdjwt_verify.verify_issuer(text, resolve, now=SECONDS)  # type: ignore[misc]
        else:
            work[name] = lambda text=text: jose.verify(text, resolve, NOW)  # type: ignore[misc]
    return work


@contextmanager
def one_core() -> Iterator[None]:
    """Both sides on the same core, so that a busy neighbour meets both."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


class Other:
    """`conformance/credential-peer/speed.mjs` as a process that waits for rounds."""

    def __init__(self, given: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            [str(peers.NODE), str(peers.PEER / "speed.mjs")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        self._ask({"now": NOW.isoformat(), "did": web(), "files": given})

    def seconds(self, name: str, times: int) -> float:
        return float(self._ask({"name": name, "times": times}))

    def _ask(self, request: dict[str, Any]) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        answer = self._process.stdout.readline().strip()
        if not answer:
            raise RuntimeError("the peer ended; what it said stands above")
        return answer

    def close(self) -> None:
        self._process.communicate()


def timed(work: Callable[[], object], times: int) -> float:
    started = time.process_time()
    for _ in range(times):
        work()
    return time.process_time() - started


def best(name: str, work: Callable[[], object], other: Other) -> tuple[float, float]:
    """Seconds of one verification here and there: the best of rounds in turn, after one that warms both."""
    other.seconds(name, 400)
    times = max(3, int(ROUND_SECONDS * 20 / timed(work, 20)))
    theirs = max(3, int(ROUND_SECONDS * 20 / other.seconds(name, 20)))
    found = [(timed(work, times) / times, other.seconds(name, theirs) / theirs) for _ in range(ROUNDS)]
    return min(mine for mine, _ in found), min(their for _, their in found)


WHAT = {
    "vc+jwt, Ed25519": ("did-jwt Ed25519", "jose Ed25519"),
    "vc+jwt, P-256": ("did-jwt P-256", "jose P-256"),
}
THEIRS = {
    "eddsa-jcs-2022": "@digitalbazaar/vc verifyCredential with its cryptosuite: key from the DID document, structure, "
    "signature (Node's OpenSSL), dates",
    "SD-JWT": "@sd-jwt/core verify with @sd-jwt/crypto-nodejs (WebCrypto), key imported once: signature, times, "
    f"digests of {HIDDEN} disclosures",
}


def bars() -> Iterator[dict[str, Any]]:
    if not peers.there():
        detail = "node or the packages of conformance/ are not here"
        yield bar("a 10 kB passport verified beside JavaScript", "", met=None, detail=detail)
        return
    given = files()
    with one_core():
        other = Other(given)
        try:
            work = ours(given)
            found = {name: best(name, work[name], other) for name in given}
        finally:
            other.close()
    for name, (full, bare) in WHAT.items():
        mine, theirs = found[full]
        ours_too, jose_alone = found[bare]
        detail = (
            f"peer: did-jwt verifyJWT, key from the DID document by purpose, signer, signature, times; here: {OURS}. "
            f"Beside jose jwtVerify with the key imported before, which looks at signature and times only: "
            f"{jose_alone / ours_too:.2f} times ({rate(ours_too)} and {rate(jose_alone)})"
        )
        yield line(name, mine, theirs, detail)
    for name, does in THEIRS.items():
        yield line(name, *found[name], f"peer: {does}; here: {OURS}, structure of the form")


def rate(seconds: float) -> str:
    return f"{1 / seconds:,.0f} a second"


def line(name: str, mine: float, theirs: float, detail: str) -> dict[str, Any]:
    return bar(
        f"a 10 kB passport, {name}: at least {WANTED} times the rate of a JavaScript peer",
        f"{theirs / mine:.2f} times: {rate(mine)} here, {rate(theirs)} there",
        met=theirs / mine >= WANTED,
        detail=f"best of {ROUNDS} rounds in turn, processor time of one core; {detail}",
    )


if __name__ == "__main__":
    for one in bars():
        print(f"{one['verdict']:8} {one['bar']}: {one['figure']} ({one['detail']})")
