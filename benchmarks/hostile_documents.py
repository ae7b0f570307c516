"""Hostile DID documents, histories and status lists: credentials that are good but for what their host answers."""

from __future__ import annotations

import gzip
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from benchmarks.hostile_cases import CURVE, KEY, METHOD, OTHER, SIGNED, Case, plain, signed
from benchmarks.hostile_hosts import DRIP, ENDLESS, Answer
from lodeline import strictjson
from lodeline.credentials import did, did_webvh, integrity, multikey, status
from lodeline.credentials.contexts import V2
from lodeline.credentials.keys import to_jwk
from lodeline.keys import b64url

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

HOST = "hostile.example"
BITS = bytes(16_384)
HOUR = timedelta(hours=1)
NO_URL = {"a line break", "a name of a megabyte"}
STRANGER = b"QmdmPkUdYzbr9txmx8gM2rsHPgr5L6m3gHjJGAf4vUFoGE"


def by(identifier: str, **more: Any) -> dict[str, Any]:
    """A credential of that issuer, signed by the key `#k1`."""
    made = plain(issuer=identifier, **more)
    return integrity.add(made, KEY, f"{identifier}#k1", created=SIGNED)


def document(identifier: str, **more: Any) -> dict[str, Any]:
    return did.document(identifier, [did.Published("k1", KEY.verify_key)]) | more


def with_method(identifier: str, **members: Any) -> dict[str, Any]:
    """The document with other members in its key; `...` takes one away."""
    made = document(identifier)
    method = {**made["verificationMethod"][0], **members}
    made["verificationMethod"] = [{name: one for name, one in method.items() if one is not ...}]
    return made


def documents() -> Iterator[tuple[str, Answer | bytes | dict[str, Any], str]]:
    """Name, what stands at the DID's address, and the step. `d{}` gets the number of the case."""
    own = f"did:web:{HOST}:d{{}}"

    def mine(**more: Any) -> dict[str, Any]:
        return document(own, **more)

    private = {**to_jwk(KEY.verify_key), "d": b64url(KEY.seed)}
    off = {"kty": "EC", "crv": "P-256", "x": b64url(b"\1" * 32), "y": b64url(b"\2" * 32)}
    text = json.dumps(mine())
    yield "document of another", document("did:web:other.example"), "key"
    yield "document that says one name twice", text[:-1].encode() + b',"id":"did:web:other.example"}', "key"
    yield "one key twice", mine(verificationMethod=mine()["verificationMethod"] * 2), "key"
    yield "201 keys", mine(verificationMethod=[{"id": f"#{n}"} for n in range(201)]), "key"
    yield "key of another controller", with_method(own, controller="did:web:other.example"), "key"
    yield "key without a controller", with_method(own, controller=...), "key"
    yield "key not meant for it", mine(assertionMethod=[]), "key"
    yield "key that is not there", mine(verificationMethod=[]), "key"
    yield (
        "key that was replaced",
        with_method(own, publicKeyMultibase=multikey.encode(OTHER.verify_key)),
        "signature",
    )
    yield "key of another kind", with_method(own, publicKeyMultibase=multikey.encode(CURVE.verify_key)), "key"
    yield "key in two forms", with_method(own, publicKeyJwk=to_jwk(OTHER.verify_key)), "key"
    yield (
        "private key",
        with_method(own, publicKeyMultibase=..., type="JsonWebKey", publicKeyJwk=private),
        "key",
    )
    yield (
        "point off the curve",
        with_method(own, publicKeyMultibase=..., type="JsonWebKey", publicKeyJwk=off),
        "key",
    )
    yield "key of no known form", with_method(own, publicKeyMultibase="mAAAA"), "key"
    yield "key of a megabyte", with_method(own, publicKeyMultibase="z" + "2" * 200_000), "key"
    yield "revoked before", with_method(own, revoked="2026-10-01T00:00:00Z"), "key"
    yield (
        "revoked later, nothing shows which was first",
        with_method(own, revoked="2026-11-02T00:00:00Z"),
        "key",
    )
    yield "revoked at no date", with_method(own, revoked="yesterday"), "dates"
    yield "expired before", with_method(own, expires="2026-10-01T00:00:00Z"), "key"
    yield "keys in an object", mine(verificationMethod={"id": "#k1"}), "key"
    yield "purposes that are numbers", mine(assertionMethod=[7]), "key"
    yield "an empty document", b"", "key"
    yield "a web page", Answer(b"<!doctype html>", headers=(("Content-Type", "text/html"),)), "key"
    yield "a document not in UTF-8", b'{"id":"\xff"}', "key"
    yield "a deep document", b'{"id":' + b"[" * 5000 + b"]" * 5000 + b"}", "key"
    yield "10 MB", b" " * 10_000_000, "key"
    yield "without an end", Answer(how=ENDLESS), "key"
    yield "a byte at a time", Answer(how=DRIP), "key"
    yield (
        "a bomb in its coding",
        Answer(gzip.compress(bytes(50_000_000)), headers=(("Content-Encoding", "gzip"),)),
        "key",
    )
    yield "redirect to itself", Answer(status=302, headers=(("Location", "/d{}/did.json"),)), "key"
    yield (
        "redirect to another host",
        Answer(status=301, headers=(("Location", "https://elsewhere.example/did.json"),)),
        "key",
    )
    yield (
        "redirect into the house",
        Answer(status=307, headers=(("Location", "http://169.254.169.254/latest/meta-data"),)),
        "key",
    )
    yield "redirect to a file", Answer(status=302, headers=(("Location", "file:///etc/passwd"),)), "key"
    yield "an error with a good document", Answer(text.encode(), 500), "key"
    yield "a length that is a lie", Answer(b"{", headers=(("Content-Length", "100000"),)), "key"


def names() -> dict[str, str]:
    """DIDs that lead where nobody should go."""
    return {
        "a host nobody allowed": "did:web:elsewhere.example",
        "an address": "did:web:127.0.0.1%3A{house}",
        "an address as a number": "did:web:2130706433",
        "an address in hexadecimal": "did:web:0x7f000001",
        "an address of six": "did:web:%5B%3A%3A1%5D",
        "this machine": "did:web:localhost%3A{house}",
        "a name that leads into the house": "did:web:house.example",
        "a name that leads to the cloud's secrets": "did:web:cloud.example",
        "a name with two addresses, one in the house": "did:web:mixed.example",
        "a name that maps four to six": "did:web:mapped.example",
        "a name that leads elsewhere the second time": "did:web:rebind.example",
        "a name that is never found": "did:web:slow-name.example",
        "a host with another's certificate": "did:web:badcert.example",
        "a user in front of the host": f"did:web:elsewhere.example%40{HOST}",
        "a path that climbs": f"did:web:{HOST}:..%2F..%2Fetc",
        "a path of dots": f"did:web:{HOST}:..",
        "a query in the path": f"did:web:{HOST}:a%3Fb",
        "a line break": f"did:web:{HOST}:a%0D%0AHost%3A elsewhere.example",
        "port nought": f"did:web:{HOST}%3A0",
        "a name of a megabyte": f"did:web:{HOST}:" + "a" * 1_000_000,
        "a method nobody knows": "did:evil:x",
        "a key with letters of another script": "did:web:hоstile.example",
        "a did:key that is none": "did:key:zAAAA",
    }


def _again(log: bytes, key: Any, at: datetime, **parameters: Any) -> bytes:
    """The log with one more entry of the same state."""
    return log + did_webvh.update(log, _state(log), key, at, parameters)


def _state(log: bytes) -> dict[str, Any]:
    return dict(json.loads(log.splitlines()[-1])["state"])


def histories() -> Iterator[tuple[str, Callable[[bytes], bytes], dict[str, Any]]]:
    """Name, what becomes of a good first entry, and the parameters of that entry. All refused at the key."""
    announced = {"nextKeyHashes": [did_webvh.next_hash(OTHER.verify_key)]}
    watched = {"threshold": 1, "witnesses": [{"id": "did:key:" + multikey.encode(OTHER.verify_key)}]}
    mine = [multikey.encode(KEY.verify_key)]
    yield "history that was altered", lambda log: _again(log, KEY, SIGNED).replace(b"#k1", b"#k2", 1), {}
    yield (
        "history without its beginning",
        lambda log: _again(log, KEY, SIGNED).splitlines(keepends=True)[1],
        {},
    )
    yield "history signed by another", lambda log: _again(log, OTHER, SIGNED), {}
    yield "history that goes back in time", lambda log: _again(log, KEY, SIGNED - 2 * HOUR), {}
    yield "history to come", lambda log: _again(log, KEY, SIGNED.replace(year=2199)), {}
    yield "history that was given up", lambda log: log + did_webvh.deactivate(log, KEY, SIGNED - HOUR / 2), {}
    yield (
        "history by a key nobody announced",
        lambda log: _again(log, KEY, SIGNED, updateKeys=mine, nextKeyHashes=[]),
        announced,
    )
    yield "history without its witnesses", lambda log: log, {"witness": watched}
    yield "history of 3,000 entries", lambda log: log * 3000, {}
    yield "history of 5 MB", lambda log: log + b" " * 5_000_000, {}
    yield (
        "history of another",
        lambda log: log.replace(_state(log)["id"].split(":")[2].encode(), STRANGER),
        {},
    )
    yield "history that is no JSON", lambda log: log + b"{\n", {}


def listed(url: str, **more: Any) -> dict[str, Any]:
    """A good credential that points to a list there."""
    entry = status.new_entry(url, "revocation", 7)
    return signed(plain(credentialStatus=entry | more))


def list_of(
    url: str, *, bits: bytes = BITS, purpose: str = "revocation", by_key: Any = KEY, **subject: Any
) -> bytes:
    made = status.new_list(
        url=url, issuer=METHOD.partition("#")[0], purpose=purpose, bits=bits, since="2026-01-01T00:00:00Z"
    )
    made["credentialSubject"] |= subject
    return strictjson.canonical(integrity.add(made, by_key, METHOD, created=SIGNED))


def packed(data: bytes) -> str:
    return "u" + b64url(gzip.compress(data, 1))


def lists() -> dict[str, Callable[[str], tuple[dict[str, Any], Answer | bytes]]]:
    """Name to the credential and what stands at the address of its list."""
    bomb = packed(bytes(128 * 1024 * 1024))

    def at(**subject: Any) -> Callable[[str], tuple[dict[str, Any], bytes]]:
        return lambda url: (listed(url), list_of(url, **subject))

    def says(answer: Answer | bytes) -> Callable[[str], tuple[dict[str, Any], Answer | bytes]]:
        return lambda url: (listed(url), answer)

    def entry(**members: Any) -> Callable[[str], tuple[dict[str, Any], bytes]]:
        return lambda url: (listed(url, **members), list_of(url))

    def many(url: str) -> tuple[dict[str, Any], bytes]:
        found = [status.new_entry(f"{url}{n}", "revocation", n) for n in range(100)]
        return signed(plain(credentialStatus=found)), b""

    return {
        "revoked": at(bits=b"\xff" * 16_384),
        "a bomb in the bit string": at(encodedList=bomb),
        "a bomb in a bomb": at(encodedList=packed(gzip.compress(bytes(64 * 1024 * 1024), 1))),
        "a huge list": says(b'{"x":"' + b"A" * 20_000_000 + b'"}'),
        "a list without an end": says(Answer(how=ENDLESS)),
        "a list a byte at a time": says(Answer(how=DRIP)),
        "a list that redirects to itself": lambda url: (
            listed(url),
            Answer(status=302, headers=(("Location", url),)),
        ),
        "a list of sixteen entries": at(encodedList=packed(b"\0\0")),
        "a list that is not packed": at(encodedList="u" + b64url(BITS)),
        "a list cut short": at(encodedList=packed(BITS)[:-8]),
        "a list in another base": at(encodedList="zQm"),
        "a list signed by another": at(by_key=OTHER),
        "a list of another purpose": at(purpose="suspension"),
        "a list without a proof": says(json.dumps({"@context": [V2], "id": "urn:x"}).encode()),
        "a list that is a token without a signature": says(b"eyJhbGciOiJub25lIn0.e30."),
        "a list that is a number": says(b"7"),
        "an entry past the end": entry(statusListIndex="131072"),
        "an entry below nought": entry(statusListIndex="-1"),
        "an entry that is a number": entry(statusListIndex=7),
        "an entry of 10^400": entry(statusListIndex="9" * 400),
        "entries of 64 bits": entry(statusSize=64),
        "a list by http": entry(statusListCredential="http://hostile.example/l"),
        "a list in the house": entry(statusListCredential="https://169.254.169.254/latest"),
        "a list on this machine": entry(statusListCredential="https://127.0.0.1:{house}/l"),
        "a list nobody allowed": entry(statusListCredential="https://elsewhere.example/l"),
        "a list that is a file": entry(statusListCredential="file:///etc/passwd"),
        "a list with a query": lambda url: (listed(url, statusListCredential=f"{url}?x=1"), b""),
        "a hundred entries": many,
    }


def cases(house: int) -> list[Case]:
    """`house` is the port of a listener on this machine that nobody may reach."""
    made = []
    for number, (name, told, step) in enumerate(documents()):
        place, own = f"/d{number}/did.json", f"did:web:{HOST}:d{number}"
        made.append(Case(name=name, sent=by(own), step=step, answers={place: _numbered(told, number)}))
    for name, identifier in names().items():
        step = "structure" if name in NO_URL else "key"
        made.append(Case(name=name, sent=by(identifier.format(house=house)), step=step))
    for number, (name, change, parameters) in enumerate(histories()):
        start = document(f"did:webvh:{{SCID}}:{HOST}:h{number}")
        first = did_webvh.create(start, KEY, SIGNED - HOUR, {"portable": True, **parameters})
        answer = Answer(change(first))
        made.append(
            Case(
                name=name, sent=by(_state(first)["id"]), step="key", answers={f"/h{number}/did.jsonl": answer}
            )
        )
    for number, (name, make) in enumerate(lists().items()):
        sent, told = make(f"https://{HOST}/l{number}")
        text = json.dumps(sent)
        if "{house}" in text:
            sent = listed(f"https://127.0.0.1:{house}/l")
        answer = told if isinstance(told, Answer) else Answer(told)
        made.append(Case(name=name, sent=sent, step="status", answers={f"/l{number}": answer}))
    return made


def _numbered(told: Answer | bytes | dict[str, Any], number: int) -> Answer:
    if not isinstance(told, Answer):
        told = Answer(told if isinstance(told, bytes) else json.dumps(told).encode())
    body = told.body.replace(b":d{}", b":d%d" % number)
    headers = tuple((name, value.replace("/d{}/", f"/d{number}/")) for name, value in told.headers)
    return Answer(body, told.status, headers, told.how)


def controls() -> list[Case]:
    """What holds: the same hosts, the same keys, and nothing wrong. `step` is empty."""
    own, url = f"did:web:{HOST}:good", f"https://{HOST}/good"
    log = did_webvh.create(document("did:webvh:{SCID}:" + HOST + ":good"), KEY, SIGNED - HOUR)
    return [
        Case(
            name="a good history",
            sent=by(_state(log)["id"]),
            step="",
            answers={"/good/did.jsonl": Answer(log)},
        ),
        Case(
            name="a good document",
            sent=by(own),
            step="",
            answers={"/good/did.json": Answer(json.dumps(document(own)).encode())},
        ),
        Case(
            name="a good list",
            sent=listed(url),
            step="",
            answers={"/good": Answer(list_of(url))},
        ),
    ]
