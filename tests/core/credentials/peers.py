"""Files for `conformance/credential-peer`, and what it said: for the test and for the bar.

Names that end in `!` are of credentials that must be refused.
"""

from __future__ import annotations

import json
import secrets
import shutil
import subprocess
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from attrs import frozen
from tests.conftest import ROOT
from tests.core.credentials.making import ED, HOST, NOW, OTHER, P256, credential, resolver, web

from lodeline import strictjson
from lodeline.credentials import bitstrings, contexts, did, integrity, jose, keybinding, sdjwt, status
from lodeline.credentials import sdjwt_verify as sd
from lodeline.credentials.keys import to_jwk
from lodeline.keys import b64url, unb64url

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from lodeline.credentials.integrity import Canonize

NODE = shutil.which("node", path=str(ROOT / ".tools" / "bin")) or shutil.which("node")
PEER = ROOT / "conformance" / "credential-peer"
LIBRARIES = ROOT / "conformance" / "node_modules"
SUITES = (integrity.JCS, integrity.RDFC)
THEM = "did:web:peer.example"
LIST, THEIR_LIST = "https://maker.example/status/1", "https://peer.example/status/1"
AUDIENCE, NONCE = "did:web:verifier.example", "n-0S6_WzA2Mj"
# Of our own writing: no package publishes it. The other contexts the peer's libraries bring along.
EXAMPLES = {contexts.EXAMPLES: {"@context": {"@vocab": "https://www.w3.org/ns/credentials/examples#"}}}
SIGNED = NOW - timedelta(minutes=1)
SECONDS = int(NOW.timestamp())
HIDDEN = ("share", "grams", "mine")
LOOSE = ", a disclosure that was not signed!"
"""RFC 9901, section 7.1, step 5 wants it refused. `@sd-jwt/core` 0.19 leaves it out without a word."""


@frozen
class File:
    """A credential as it travels. `form`: vc+jwt, sd-jwt, proofs."""

    name: str
    form: str
    text: str
    status: bool = False
    bound: bool = False


def there() -> bool:
    return NODE is not None and (LIBRARIES / "@digitalbazaar" / "vc").is_dir()


def ours(canonize: Canonize) -> list[File]:
    return [*_tokens(), *_selective(), *_proofs(canonize)]


def _tokens() -> Iterator[File]:
    plain = credential()
    for word, key, kid, algorithm in (
        ("Ed25519", ED, "k1", "Ed25519"),
        ("EdDSA", ED, "k1", "EdDSA"),
        ("P-256", P256, "p1", "ES256"),
    ):
        token = jose.sign(plain, key, f"{HOST}#{kid}", now=SIGNED, algorithm=algorithm)
        yield File(f"vc+jwt {word}", "vc+jwt", token)
        yield File(f"vc+jwt {word}, altered!", "vc+jwt", altered(token))
    for word, token in {
        "key of another": jose.sign(plain, OTHER, f"{HOST}#k1", now=SIGNED),
        "issuer of another": jose.sign(credential(THEM), ED, f"{HOST}#k1", now=SIGNED),
        "expired": jose.sign(plain, ED, f"{HOST}#k1", now=SIGNED, expires=NOW - timedelta(seconds=1)),
    }.items():
        yield File(f"vc+jwt {word}!", "vc+jwt", token)


def _selective() -> Iterator[File]:
    payload = {**credential(), "iat": SECONDS - 60, "cnf": {"jwk": to_jwk(OTHER.verify_key)}}
    hide = [("credentialSubject", name) for name in HIDDEN]
    for word, key, kid in (("Ed25519", ED, "k1"), ("P-256", P256, "p1")):
        issued = sdjwt.issue(
            payload,
            hide,
            signer=key,
            random=secrets.token_bytes,
            header={"kid": f"{HOST}#{kid}"},
            pad={("credentialSubject",): 6},
        )
        shown = issued.present(hide[:2])
        asked = {"audience": AUDIENCE, "nonce": NONCE, "now": SECONDS}
        bound = keybinding.bind(shown, signer=OTHER, **asked)
        first = shown.split("~")[1]
        yield File(f"SD-JWT {word}, whole", "sd-jwt", issued.token)
        yield File(f"SD-JWT {word}, two shown", "sd-jwt", shown)
        yield File(f"SD-JWT {word}, bound", "sd-jwt", bound, bound=True)
        yield File(f"SD-JWT {word}, altered!", "sd-jwt", altered(issued.token))
        other = sdjwt.disclose(sdjwt.read(first).salt, "another value", sdjwt.read(first).name).encoded
        yield File(f"SD-JWT {word}{LOOSE}", "sd-jwt", shown.replace(first, other))
        for name, token in {
            "bound to more": bound.replace(f"{first}~", ""),
            "other nonce": keybinding.bind(shown, signer=OTHER, **{**asked, "nonce": "another"}),
            "other audience": keybinding.bind(shown, signer=OTHER, **{**asked, "audience": THEM}),
            "bound by another": keybinding.bind(shown, signer=ED, **asked),
        }.items():
            yield File(f"SD-JWT {word}, {name}!", "sd-jwt", token, bound=True)


def _proofs(canonize: Canonize) -> Iterator[File]:
    plain = credential()
    for suite in SUITES:
        options: dict[str, Any] = {"created": SIGNED, "cryptosuite": suite, "canonize": canonize}
        proven = integrity.add(plain, ED, f"{HOST}#k1", **options)
        changed = {**proven, "credentialSubject": {**proven["credentialSubject"], "grams": 1201}}
        foreign = integrity.add(plain, OTHER, f"{HOST}#k1", **options)
        yield File(suite, "proofs", json.dumps(proven))
        yield File(f"{suite}, altered!", "proofs", json.dumps(changed))
        yield File(f"{suite}, key of another!", "proofs", json.dumps(foreign))
        for word, index in (("good", 8), ("next to the last", status.MINIMUM - 2)):
            yield _listed(f"{suite}, status {word}", index, options)
        for word, index in (("revoked", 7), ("revoked, last", status.MINIMUM - 1)):
            yield _listed(f"{suite}, status {word}!", index, options)


def _listed(name: str, index: int, options: dict[str, Any]) -> File:
    entry = status.new_entry(LIST, "revocation", index)
    made = integrity.add(credential(credentialStatus=entry), ED, f"{HOST}#k1", **options)
    return File(name, "proofs", json.dumps(made), status=True)


def our_list() -> dict[str, Any]:
    bits = bytearray(bitstrings.blank(status.MINIMUM))
    for index in (7, status.MINIMUM - 1):
        bitstrings.put_left(bits, index, 1)
    made = status.new_list(
        url=LIST, issuer=HOST, purpose="revocation", bits=bytes(bits), since="2026-01-01T00:00:00Z"
    )
    return integrity.add(made, ED, f"{HOST}#k1", created=SIGNED)


def altered(token: str) -> str:
    """The same token with one word of its payload changed, readable as before."""
    head, body, rest = token.split(".", 2)
    data = unb64url(body)
    changed = data.replace(b"Cobalt", b"Nickel")
    assert changed != data
    return f"{head}.{b64url(changed)}.{rest}"


def exchange(
    folder: Path,
    files: Sequence[File],
    documents: Mapping[str, Any] | None = None,
    now: datetime = NOW,
) -> dict[str, dict[str, Any]]:
    """Let the other side verify `files` and write its own to `folder`/peer. Name to `subject`, or `refused`: why.

    `documents`: DID documents and status lists by their address.
    """
    (folder / "ours").mkdir(exist_ok=True)
    for number, file in enumerate(files):
        (folder / "ours" / str(number)).write_text(file.text)
    known = {**({HOST: web(), LIST: our_list()} if documents is None else documents), **EXAMPLES}
    for number, document in enumerate(known.values()):
        (folder / f"{number}.json").write_text(json.dumps(document))
    asked = [
        {
            "name": file.name,
            "form": file.form,
            "file": f"ours/{number}",
            "status": file.status,
            "bound": file.bound,
        }
        for number, file in enumerate(files)
    ]
    ask = {
        "now": now.isoformat(),
        "holder": {"audience": AUDIENCE, "nonce": NONCE},
        "documents": {url: f"{number}.json" for number, url in enumerate(known)},
        "did": THEM,
        "credential": credential(THEM),
        "hide": list(HIDDEN),
        "list": THEIR_LIST,
        "verify": asked,
    }
    (folder / "ask.json").write_text(json.dumps(ask))
    done = subprocess.run(
        [str(NODE), str(PEER / "peer.mjs"), str(folder)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if done.returncode:
        raise AssertionError(done.stderr[-3000:])
    told: dict[str, dict[str, Any]] = json.loads(done.stdout)
    return told


@frozen
class Here:
    """We as the verifier: of our own files, and of those of the other side in `folder`."""

    folder: Path
    canonize: Canonize

    def resolve(self) -> integrity.Resolve:
        theirs = json.loads((self.folder / "peer" / "did.json").read_text())
        return resolver(web(), theirs)

    def verify(self, form: str, text: str, *, bound: bool = False) -> dict[str, Any]:
        """What it says. Raises `CredentialRefused`."""
        if form == "vc+jwt":
            return dict(jose.verify(text, self.resolve(), NOW).document)
        if form == "sd-jwt":
            expected = keybinding.Expected(audience=AUDIENCE, nonce=NONCE) if bound else None
            policy = sd.Policy(binding=expected)
            return dict(sd.verify_issuer(text, self.resolve(), now=SECONDS, policy=policy).payload)
        document = strictjson.loads(text.encode())
        found = integrity.verify(document, self.resolve(), NOW, canonize=self.canonize)
        return dict(integrity.of(found, str(did_of(document))).document)

    def status(self, listed: dict[str, Any], index: int) -> int:
        """The value at `index` of a list credential that verifies."""
        text = json.dumps(listed)
        self.verify("proofs", text)
        return bitstrings.left(status.read_list(json.loads(text), now=NOW).bits, index)


def did_of(document: dict[str, Any]) -> str:
    return did.parse(document["issuer"]).did
