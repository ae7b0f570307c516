"""What a bundle lets a verifier conclude without asking anybody, given what the verifier knows beforehand.

A file cannot vouch for itself. `Roots` are what the verifier brings: the keys of logs, and the DIDs it believes. A key
counts as its owner's when it is in the DID itself (did:key), in a history that begins with the DID (did:webvh), on
record in a log of the roots, or in a document of a bundle that somebody sealed whom the roots believe.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import field, frozen

from lodeline.credentials import dates, did, did_webvh, editions, multikey, resolve
from lodeline.credentials import record as records
from lodeline.credentials.keys import from_jwk
from lodeline.credentials.status import Code, StatusRefused
from lodeline.credentials.verdict import CredentialRefused
from lodeline.log.policy import NONE, Policy

if TYPE_CHECKING:
    from datetime import datetime

    from lodeline.credentials.bundle import Bundle, CarriedList
    from lodeline.credentials.did import Document
    from lodeline.credentials.record import Place, Record
    from lodeline.credentials.trustlists import TrustList
    from lodeline.strictjson import JSON

ASSERTION = "assertionMethod"
KEY = "credential.key"
"""The type of the statements by which an installation puts the keys of its issuers on record."""


@frozen(kw_only=True)
class Roots:
    """What the verifier knows beforehand. `believed`: DIDs whose trust lists and bundles count."""

    policy: Policy = field(factory=lambda: Policy(quorum=NONE))
    believed: frozenset[str] = frozenset()


class Offline:
    """The answers that a bundle gives. Raises `CredentialRefused` at the step of a part that does not hold.

    `vouched`: whether the seal is by somebody whom the roots believe, with a key that counts as theirs. `sealer`: why
    the seal counts or does not, in words.
    """

    def __init__(self, bundle: Bundle, roots: Roots, now: datetime) -> None:
        self._bundle, self._roots, self._now = bundle, roots, now
        carried = {one.did: one for one in bundle.parts.documents}
        if len(carried) != len(bundle.parts.documents):
            raise CredentialRefused("key", "the bundle carries a DID twice")
        self._carried = carried
        self._records = [records.read(one) for one in bundle.parts.records]
        self._placed = [(one, self._place(one)) for one in self._records]
        self._resolver = resolve.resolver(self._fetch, lambda: now, self._document, self._log)
        self.vouched, self.sealer = False, ""
        self.vouched, self.sealer = self._sealed()
        self.lists, self.offered = self._trust()

    def resolve(self, url: str, signed_at: datetime | None = None) -> Document:
        """The document of a DID, if the key that `url` names counts as its owner's."""
        found = self._resolver(url, signed_at)
        name = did.parse(url)
        if name.method == "web" and not self._counts(found, f"{name.did}#{name.fragment}"):
            raise CredentialRefused(
                "key",
                f"nothing that you know vouches for the bundle's document of {name.did}: name the key of the log "
                "that has it on record, or believe who sealed the bundle",
            )
        return found

    def list_text(self, url: str, moment: datetime) -> JSON:  # noqa: ARG002 - what was out when it was gathered
        """The newest status list when the bundle was gathered."""
        found = [one for one in self._of(url) if one.until is None]
        if len(found) != 1:
            raise StatusRefused(Code.RETRIEVAL, "the bundle does not carry it")
        return found[0].credential

    def past(self, url: str, moment: datetime) -> JSON | None:
        """The status list that was out at a moment; None when the bundle does not carry it."""
        for one in self._of(url):
            if one.since <= moment and (one.until is None or moment < one.until):
                return one.credential
        return None

    def on_record(self, sha256: str) -> Place | None:
        """Where the log of the roots has the credential."""
        for one, place in self._placed:
            named = one.decoded.type.startswith(records.KINDS) and one.decoded.type != KEY
            if place is not None and named and one.body.get("sha256") == sha256:
                return place
        return None

    # --- parts ----------------------------------------------------------------------------------------

    def _of(self, url: str) -> list[CarriedList]:
        return [one for one in self._bundle.parts.lists if one.url == url]

    def _place(self, one: Record) -> Place | None:
        """None where no log of the roots has signed; refused where one has, and the way does not fit."""
        origin = one.receipt.note.split("\n", 1)[0]
        if all(log.key.name != origin for log in self._roots.policy.logs):
            return None
        return one.place(self._roots.policy, self._now)

    def _fetch(self, url: str, most: int) -> bytes:
        """Logs with witnesses, as if they were fetched."""
        for one in self._carried.values():
            if one.log is None or not url.startswith("https://"):
                continue
            place = did_webvh.location(one.did, public=False)
            text = {f"{place}did.jsonl": one.log, f"{place}did-witness.json": one.witnesses}.get(url)
            if text is not None:
                return text.encode()[: most + 1]
        raise LookupError("the bundle does not carry it")

    def _document(self, name: str, _moment: datetime | None) -> JSON | None:
        found = self._carried.get(name)
        return found.document if found is not None and name.startswith("did:web:") else None

    def _log(self, name: str) -> bytes | None:
        found = self._carried.get(name)
        plain = found is not None and found.log is not None and found.witnesses is None
        return found.log.encode() if plain and found is not None and found.log is not None else None

    def _counts(self, document: Document, url: str) -> bool:
        """Whether a key of a did:web is on record in a log of the roots, or in a bundle that is believed."""
        listed = document.methods.get(url)
        if self.vouched or listed is None:  # a missing one is refused by whoever wants it
            return True
        text, jwk = listed.get("publicKeyMultibase"), listed.get("publicKeyJwk")
        try:
            key = multikey.decode(text) if isinstance(text, str) else from_jwk(jwk or {})
        except ValueError:
            return True  # and so is one that cannot be used
        return any(
            place is not None
            and one.decoded.type == KEY
            and one.body.get("subject") == document.did
            and one.body.get("publicKeyMultibase") == multikey.encode(key)
            for one, place in self._placed
        )

    def _sealed(self) -> tuple[bool, str]:
        bundle = self._bundle
        name = did.parse(bundle.kid)
        if name.did != bundle.by or name.fragment is None:
            raise CredentialRefused(
                "issuer", f"the bundle says that {bundle.by} sealed it, and its key is of {name.did}"
            )
        if bundle.as_of > self._now + dates.LEEWAY:
            raise CredentialRefused("dates", "the bundle was gathered on a day to come")
        try:
            method = self.resolve(bundle.kid, bundle.as_of).method(
                f"{name.did}#{name.fragment}", ASSERTION, bundle.as_of
            )
        except CredentialRefused as error:
            return False, f"who sealed it is not known here ({error.message})"
        bundle.check_seal(method.key)
        if bundle.by in self._roots.believed and method.revoked is None:
            return True, f"sealed by {bundle.by}, whom you believe"
        return False, f"sealed by {bundle.by}; nobody said to believe that"

    def _trust(self) -> tuple[tuple[TrustList, ...], tuple[TrustList, ...]]:
        """Lists of owners that are believed, and others whose signature holds."""
        lists: list[TrustList] = []
        offered: list[TrustList] = []
        for token in self._bundle.parts.trust:
            owner = editions.glance(token).owner
            try:
                found = editions.read(token, self.resolve, now=self._bundle.as_of).found
            except CredentialRefused as error:
                if error.step == "key" and owner not in self._roots.believed:
                    continue
                raise CredentialRefused("issuer", f"a trust list of the bundle: {error.message}") from None
            (lists if owner in self._roots.believed else offered).append(found)
        return tuple(lists), tuple(offered)
