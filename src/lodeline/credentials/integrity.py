"""Data Integrity proofs: `eddsa-jcs-2022` and `eddsa-rdfc-2022`, sets and chains of proofs.

Sources: Verifiable Credential Data Integrity 1.0 (section 4: add, verify, sets and chains) and Data Integrity EdDSA
Cryptosuites 1.0 (sections 3.2 and 3.3). Only Ed25519. The RDF form needs `canonize`, see `lodeline.credentials.rdf`.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final, TypeAlias

from attrs import frozen

from lodeline import strictjson
from lodeline.credentials import dates, did, multibase
from lodeline.credentials.verdict import CredentialRefused
from lodeline.keys import SignatureRefused, VerifyKey

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from lodeline.keys import SigningKey
    from lodeline.strictjson import JSON

    Canonize: TypeAlias = Callable[[Sequence[Mapping[str, JSON]]], Sequence[bytes]]
    """JSON-LD documents to canonical N-Quads; raises `CredentialRefused("structure", ...)`."""
    Resolve: TypeAlias = Callable[[str, datetime | None], did.Document]
    """A DID URL and the time of a signature to the document of then; raises `CredentialRefused("key", ...)`."""

JCS: Final = "eddsa-jcs-2022"
RDFC: Final = "eddsa-rdfc-2022"
TYPE: Final = "DataIntegrityProof"
ASSERTION: Final = "assertionMethod"
AUTHENTICATION: Final = "authentication"
MAX_PROOFS: Final = 16


@frozen
class Proven:
    """One proof that holds: by whom, with which method, when as it says."""

    did: str
    method: str
    created: datetime | None
    expires: datetime | None
    cryptosuite: str
    key_revoked: datetime | None
    """Set when the key has been revoked since: then `created`, which the signer chose, decides alone."""


@frozen
class Verified:
    """`document` is what the proofs cover, without them. `proofs` in the order of the document."""

    document: Mapping[str, JSON]
    proofs: tuple[Proven, ...]

    def dids(self) -> frozenset[str]:
        return frozenset(proof.did for proof in self.proofs)


def add(
    document: Mapping[str, JSON],
    key: SigningKey,
    method: str,
    *,
    created: datetime,
    cryptosuite: str = JCS,
    purpose: str = ASSERTION,
    expires: datetime | None = None,
    domain: str | Sequence[str] | None = None,
    challenge: str | None = None,
    identifier: str | None = None,
    previous: str | Sequence[str] | None = None,
    canonize: Canonize | None = None,
) -> dict[str, JSON]:
    """`document` with one more proof. `previous` names proofs of it by id, which this one then covers (a chain)."""
    proof: dict[str, JSON] = {
        "type": TYPE,
        "cryptosuite": cryptosuite,
        "created": dates.write(created),
        "verificationMethod": method,
        "proofPurpose": purpose,
    }
    more = {"id": identifier, "domain": domain, "challenge": challenge, "previousProof": previous}
    proof |= {name: value for name, value in more.items() if value is not None}
    if expires is not None:
        proof["expires"] = dates.write(expires)
    if cryptosuite == JCS and "@context" in document:
        proof["@context"] = document["@context"]
    there = _proofs(document) if "proof" in document else []
    data = _data(_covered(document, there, proof), proof, canonize)
    proof["proofValue"] = multibase.encode(key.sign(data))
    return {**document, "proof": [*there, proof] if there else proof}


def verify(
    document: Mapping[str, JSON],
    resolve: Resolve,
    now: datetime,
    *,
    purpose: str = ASSERTION,
    domain: str | None = None,
    challenge: str | None = None,
    canonize: Canonize | None = None,
) -> Verified:
    """Every proof of `document` must hold. Raises `CredentialRefused` with the step that failed.

    Who may have signed is not judged here: see `of`. `domain` and `challenge` are demanded when given.
    """
    there = _proofs(document)
    done = [
        _verify(document, there, proof, resolve, now, purpose, domain, challenge, canonize) for proof in there
    ]
    plain = {name: value for name, value in document.items() if name != "proof"}
    contexts = [proof["@context"] for proof in there if proof["cryptosuite"] == JCS and "@context" in proof]
    if contexts:  # what stands after the context that was signed is not covered
        plain["@context"] = min(contexts, key=lambda context: len(_list(context)))
    return Verified(plain, tuple(done))


def of(verified: Verified, owner: str) -> Verified:
    """The same if one of the proofs is by `owner` (the issuer, the holder); refused with step `issuer`."""
    if owner not in verified.dids():
        signers = ", ".join(sorted(verified.dids()))
        raise CredentialRefused("issuer", f"it says it is from {owner}, and it is signed by {signers}")
    return verified


def jcs_data(document: Mapping[str, JSON], proof: Mapping[str, JSON]) -> bytes:
    """The 64 bytes that `eddsa-jcs-2022` signs: hash of the configuration, hash of the document."""
    config = {name: value for name, value in proof.items() if name != "proofValue"}
    try:
        return b"".join(hashlib.sha256(strictjson.canonical(part)).digest() for part in (config, document))
    except ValueError as error:
        raise CredentialRefused("structure", f"there is no canonical form of it: {error}") from None


def signature(proof: Mapping[str, JSON]) -> bytes:
    """The 64 bytes of `proofValue`."""
    text = proof.get("proofValue")
    try:
        if isinstance(text, str) and text[:1] == "z" and len(found := multibase.decode(text)) == 64:
            return found
    except ValueError:
        pass
    raise CredentialRefused("signature", "proofValue is z and 64 bytes in base58btc")


def _verify(
    document: Mapping[str, JSON],
    there: Sequence[dict[str, JSON]],
    proof: dict[str, JSON],
    resolve: Resolve,
    now: datetime,
    purpose: str,
    domain: str | None,
    challenge: str | None,
    canonize: Canonize | None,
) -> Proven:
    if proof.get("type") != TYPE or proof.get("cryptosuite") not in (JCS, RDFC):
        kind = str(proof.get("cryptosuite", proof.get("type")))[:40]
        raise CredentialRefused("signature", f"proofs of the kind {kind!r} are not known here")
    value = signature(proof)
    created = dates.read(proof["created"], "created of the proof") if "created" in proof else None
    expires = dates.read(proof["expires"], "expires of the proof") if "expires" in proof else None
    if created is not None and created > now + dates.LEEWAY:
        raise CredentialRefused("dates", f"the proof is of {dates.write(created)}, which is to come")
    if expires is not None and expires <= now:
        raise CredentialRefused("dates", f"the proof expired at {dates.write(expires)}")
    if proof.get("proofPurpose") != purpose:
        shown = str(proof.get("proofPurpose"))[:40]
        raise CredentialRefused("signature", f"the proof is for {shown!r}, not for {purpose}")
    if challenge is not None and proof.get("challenge") != challenge:
        raise CredentialRefused("signature", "the proof does not answer the challenge that was set")
    if domain is not None and domain not in _list(proof.get("domain")):
        raise CredentialRefused("signature", f"the proof is not meant for {domain}")
    name = proof.get("verificationMethod")
    url = did.parse(name)
    if not isinstance(name, str) or url.fragment is None:
        raise CredentialRefused("key", "verificationMethod does not name a key of a DID document")
    method = resolve(name, created).method(f"{url.did}#{url.fragment}", purpose, created)
    if not isinstance(method.key, VerifyKey):
        raise CredentialRefused("key", f"{proof['cryptosuite']} wants an Ed25519 key, and {name} is none")
    data = _data(_covered(document, there, proof), proof, canonize)
    try:
        method.key.verify(value, data)
    except SignatureRefused:
        raise CredentialRefused("signature", f"the document is not as {name} signed it") from None
    return Proven(url.did, name, created, expires, proof["cryptosuite"], method.revoked)


def _covered(
    document: Mapping[str, JSON], there: Sequence[Mapping[str, JSON]], proof: Mapping[str, JSON]
) -> dict[str, JSON]:
    """What a proof signs: the document, with the proofs before it when it names them."""
    plain = {name: value for name, value in document.items() if name != "proof"}
    if "previousProof" in proof:
        wanted = _list(proof["previousProof"])
        known = {other["id"]: other for other in there if isinstance(other.get("id"), str)}
        missing = [name for name in wanted if not isinstance(name, str) or name not in known]
        if missing or not wanted:
            raise CredentialRefused("signature", f"previousProof names {missing[:3]}, which is not there")
        plain["proof"] = [known[name] for name in known if name in wanted]
    if proof["cryptosuite"] == JCS and "@context" in proof:
        signed, whole = _list(proof["@context"]), _list(plain.get("@context"))
        if whole[: len(signed)] != signed:
            raise CredentialRefused("signature", "the @context does not begin with the one that was signed")
        plain["@context"] = proof["@context"]
    return plain


def _data(document: Mapping[str, JSON], proof: Mapping[str, JSON], canonize: Canonize | None) -> bytes:
    if proof["cryptosuite"] == JCS:
        return jcs_data(document, proof)
    if proof["cryptosuite"] != RDFC:
        raise CredentialRefused(
            "signature", f"proofs of the kind {proof['cryptosuite']!r} are not known here"
        )
    if canonize is None:
        raise CredentialRefused("signature", f"{RDFC} cannot be checked here: there is no RDF worker")
    config = {name: value for name, value in proof.items() if name != "proofValue"}
    config["@context"] = document.get("@context")
    return b"".join(hashlib.sha256(quads).digest() for quads in canonize([config, document]))


def _proofs(document: Mapping[str, JSON]) -> list[dict[str, JSON]]:
    found = _list(document.get("proof"))
    if not found or not all(isinstance(proof, dict) for proof in found):
        raise CredentialRefused("signature", "it carries no proof")
    if len(found) > MAX_PROOFS:
        raise CredentialRefused("signature", f"it carries {len(found)} proofs; at most {MAX_PROOFS}")
    names = [proof["id"] for proof in found if "id" in proof]
    if not all(isinstance(name, str) for name in names) or len(set(names)) < len(names):
        raise CredentialRefused("signature", "two of its proofs have one id, or an id is no text")
    return found


def _list(value: JSON) -> list[JSON]:
    """One or many as many."""
    return value if isinstance(value, list) else [] if value is None else [value]
