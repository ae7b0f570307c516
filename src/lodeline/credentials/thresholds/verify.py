"""The verifier's side: offline, from the signed credentials and one message.

Order: structure of the message; every credential, through the caller's function, which checks signature, issuer and
status; the commitments, taken from the credentials at the claim paths and never from the message; policy;
audience; nonce; expiry; then the mathematics.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from lodeline import strictjson
from lodeline.credentials.thresholds import bits, group
from lodeline.credentials.thresholds.commitment import Commitment, CommitmentRefused
from lodeline.credentials.thresholds.policy import PART_OF_WHOLE, Claim, Policy, check_part_of_whole, unbound
from lodeline.credentials.thresholds.statement import PROTOCOL, Statement, Term, ThresholdRefused
from lodeline.keys import SignatureRefused, unb64url

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    Credentials = Callable[[str], Any]

MAX_MESSAGE: Final = 64 * 1024
_HEAD: Final = {
    "protocol": str,
    "claim": str,
    "operator": str,
    "threshold": str,
    "unit": str,
    "scale": int,
    "bits": int,
    "audience": str,
    "nonce": str,
    "expires": str,
    "terms": list,
    "proof": str,
}
_TERM: Final = {"coefficient": int, "credential": str, "path": str}


@frozen
class Proven:
    """What was shown: `statement` holds, under `claim` of the allow-list (`None`: a part is at most its whole)."""

    statement: Statement
    claim: Claim | None


def verify(
    message: bytes,
    *,
    credential: Credentials,
    policy: Policy,
    audience: str,
    nonce_unused: Callable[[str], bool],
    now: datetime,
    bounds: Sequence[bytes] = (),
) -> Proven:
    """What the message proves. Raises `ThresholdRefused` with its step, or whatever `credential` raises.

    `credential(id)` returns the document of a credential whose signature, issuer and status it has verified, and
    raises `CredentialRefused` otherwise. `nonce_unused(nonce)` says whether we gave out this nonce and nobody has
    used it; it may use it up. `bounds` are messages "part-of-whole" with the same nonce for those parts of a share
    of which the issuer has not signed that they are contained in their wholes.
    """
    said, proof = _statement(message, credential)
    claim = policy.claim(said.claim)
    claim.check(said)
    shown = [_bound(one, credential, said) for one in bounds]
    missing = unbound(said) if claim.kind == "share" else []
    for part, whole in missing:
        if not any(one.terms[::-1] == _pair(part, whole) for one, _ in shown):
            raise ThresholdRefused(
                "policy", f"nothing shows that {part.path} of {part.credential} is at most its whole"
            )
    if said.audience != audience:
        raise ThresholdRefused("audience", f"this proof is for {said.audience[:80]!r}, not for us")
    if not nonce_unused(said.nonce):
        raise ThresholdRefused("nonce", "this nonce was not given out by us, or is used already")
    if said.expiry <= now:
        raise ThresholdRefused("dates", f"this proof expired at {said.expires}")
    for one, bytes_ in [(said, proof), *shown]:
        _mathematics(one, bytes_)
    return Proven(said, claim)


def _statement(message: bytes, credential: Credentials) -> tuple[Statement, bytes]:
    """The statement, with issuers and commitments from the credentials, and the bytes of the proof."""
    try:
        sent = strictjson.loads(message, max_bytes=MAX_MESSAGE, max_depth=3)
    except strictjson.StrictJSONError as error:
        raise ThresholdRefused("structure", f"the message is not JSON: {error}") from None
    if strictjson.canonical(sent) != message:
        raise ThresholdRefused("structure", "the message is not in canonical form (RFC 8785)")
    _members(sent, _HEAD)
    for term in sent["terms"]:
        _members(term, _TERM)
    if sent["protocol"] != PROTOCOL:
        raise ThresholdRefused("structure", f"the protocol is {PROTOCOL}")
    try:
        proof, threshold = unb64url(sent["proof"]), int(sent["threshold"])
    except (SignatureRefused, ValueError):
        raise ThresholdRefused("structure", "proof is base64url, threshold an integer as text") from None
    if str(threshold) != sent["threshold"]:
        raise ThresholdRefused("structure", "threshold is an integer as text, without leading zeros")
    documents = {
        name: credential(name) for name in dict.fromkeys(term["credential"] for term in sent["terms"])
    }
    said = Statement(
        claim=sent["claim"],
        terms=tuple(_term(term, documents[term["credential"]]) for term in sent["terms"]),
        operator=sent["operator"],
        threshold=threshold,
        bits=sent["bits"],
        audience=sent["audience"],
        nonce=sent["nonce"],
        expires=sent["expires"],
    )
    if (said.unit, said.scale) != (sent["unit"], sent["scale"]):
        raise ThresholdRefused("commitment", "unit or scale are not those of the signed commitment")
    return said, proof


def _members(value: Any, wanted: dict[str, type]) -> None:
    """Exactly these members, of these types."""
    if not isinstance(value, dict) or set(value) != set(wanted):
        raise ThresholdRefused("structure", f"expected an object with {', '.join(wanted)}, and nothing else")
    for name, kind in wanted.items():
        if type(value[name]) is not kind:
            raise ThresholdRefused("structure", f"{name} has the wrong type")


def _term(term: dict[str, Any], document: Any) -> Term:
    """With issuer and commitment out of the verified document."""
    if not isinstance(document, dict) or document.get("id") != term["credential"]:
        raise ThresholdRefused(
            "commitment", f"the credential does not have the id {term['credential'][:80]!r}"
        )
    issuer = document.get("issuer")
    issuer = issuer.get("id") if isinstance(issuer, dict) else issuer
    if not isinstance(issuer, str):
        raise ThresholdRefused("commitment", "the credential has no issuer")
    try:
        commitment = Commitment.read(_at(document, term["path"]))
    except CommitmentRefused as error:
        raise ThresholdRefused("commitment", f"{term['path'][:80]}: {error}") from None
    return Term(term["coefficient"], issuer, term["credential"], term["path"], commitment)


def _at(document: Any, path: str) -> Any:
    """The value at a JSON pointer (RFC 6901), or `None`."""
    value = document
    for step in path.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict):
            value = value.get(name)
        elif isinstance(value, list) and name.isascii() and name.isdigit() and str(int(name[:9])) == name:
            value = value[int(name)] if int(name) < len(value) else None
        else:
            return None
    return value


def _pair(part: Term, whole: Term) -> tuple[Term, Term]:
    """As they stand in "whole - part >= 0", read backwards."""
    return (
        Term(-1, part.issuer, part.credential, part.path, part.commitment),
        Term(1, whole.issuer, whole.credential, whole.path, whole.commitment),
    )


def _bound(message: bytes, credential: Credentials, main: Statement) -> tuple[Statement, bytes]:
    """A message "part-of-whole" that belongs to the main one: same audience, nonce and expiry."""
    said, proof = _statement(message, credential)
    if said.claim != PART_OF_WHOLE:
        raise ThresholdRefused("policy", "beside a share, only part-of-whole can be shown")
    check_part_of_whole(said)
    if (said.audience, said.nonce, said.expires) != (main.audience, main.nonce, main.expires):
        raise ThresholdRefused("audience", "audience, nonce and expiry differ between the messages")
    return said, proof


def _mathematics(said: Statement, proof: bytes) -> None:
    try:
        bits.verify(said.transcript(), said.point(), said.bits, proof)
    except (bits.ProofWrong, group.NotInGroup) as error:
        raise ThresholdRefused("proof", str(error)) from None
