"""What a verifier or holder does with an SD-JWT (RFC 9901, sections 7.1 to 7.3).

Every digest, disclosure and name is accounted for; anything left over, doubled or out of place is a refusal.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import orjson
from attrs import frozen

from lodeline.credentials import did, keybinding
from lodeline.credentials.sdjwt import (
    DOTS,
    NEVER,
    RESERVED,
    SD,
    SD_ALG,
    TYPES,
    SdJwt,
    algorithm,
    content,
    digest,
    split,
)
from lodeline.credentials.signing import Parts, check_seal, check_times, parts
from lodeline.credentials.verdict import CredentialRefused
from lodeline.strictjson import MAX_DEPTH, pointer

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from lodeline.credentials.integrity import Resolve
    from lodeline.credentials.keys import PublicKey
    from lodeline.credentials.sdjwt import Path
    from lodeline.strictjson import JSON

ASSERTION: Final = "assertionMethod"
WHAT: Final = "the SD-JWT"
_LOOK: Final = 2
"""The depth at which values are searched as text: the members of a credential's subject."""


@frozen(kw_only=True)
class Opened:
    """A payload with its disclosures put in. `paths` counts positions as in the signed array."""

    payload: dict[str, JSON]
    paths: Mapping[Path, str]
    hidden: int
    """Digests that nothing here opens: withheld values and decoys alike."""


@frozen(kw_only=True)
class Verified:
    """What an SD-JWT says to this verifier."""

    header: Mapping[str, JSON]
    payload: Mapping[str, JSON]
    shown: frozenset[Path]
    hidden: int
    bound: bool
    """Whether the holder proved possession of the key in `cnf`."""


@frozen(kw_only=True)
class Policy:
    """What a verifier demands. Nothing in it may be taken from the token.

    `types`: accepted values of `typ`. `audience`: who the verifier is, where a token names one. `required`: members
    that must be in the result. `binding`: what a key binding must say; None means that none is wanted, and one that
    is there is refused. `confirm`: from `cnf` to the holder's key. `never`: what an issuer must not have hidden.
    """

    types: Collection[str] = TYPES
    audience: str | None = None
    required: Collection[str] = ()
    binding: keybinding.Expected | None = None
    confirm: Callable[[JSON], PublicKey] = keybinding.from_cnf
    never: frozenset[str] = NEVER


PLAIN: Final = Policy()


def verify(token: str, key: PublicKey, *, now: int, policy: Policy = PLAIN) -> Verified:
    """Verify the issuer's signature, all disclosures, `exp`, `nbf`, `aud`, and key binding as policy demands.

    `now`: seconds since 1970. Raises `CredentialRefused`.
    """
    found = split(token)
    return _verified(found, parts(found.jwt, WHAT), key, now, policy)


def _verified(found: SdJwt, signed: Parts, key: PublicKey, now: int, policy: Policy) -> Verified:
    binding = policy.binding
    if binding is None and found.key_binding is not None:
        raise CredentialRefused("structure", "it carries a key binding that nobody asked for")
    check_seal(signed, key, types=policy.types, what=WHAT)
    opened = open_payload(signed.payload, found.disclosures, never=policy.never)
    check_times(opened.payload, now)
    _check_audience(opened.payload, policy.audience)
    if missing := [name for name in policy.required if name not in opened.payload]:
        raise CredentialRefused("structure", f"it does not say {missing[0]!r}, which is required here")
    if binding is not None:
        holder = policy.confirm(signed.payload.get("cnf"))
        keybinding.check(found, binding, holder, now=now, hash_name=algorithm(signed.payload))
    return Verified(
        header=signed.header,
        payload=opened.payload,
        shown=frozenset(opened.paths),
        hidden=opened.hidden,
        bound=binding is not None,
    )


def verify_issuer(token: str, resolve: Resolve, *, now: int, policy: Policy = PLAIN) -> Verified:
    """As `verify`, with the key that the issuer's DID document had when it was signed (`kid` and `iat`).

    The DID of `kid` must be the issuer's. Raises `CredentialRefused`.
    """
    found = split(token)
    signed = parts(found.jwt, WHAT)
    payload = signed.payload
    named = payload.get("issuer", payload.get("iss"))
    issuer = named.get("id") if isinstance(named, dict) else named
    kid = signed.header.get("kid")
    if not isinstance(kid, str):
        raise CredentialRefused("key", "the header names no key: kid is missing")
    url = did.parse(kid)
    if url.fragment is None:
        raise CredentialRefused("key", "kid does not name a key of a DID document")
    if url.did != issuer:
        raise CredentialRefused("issuer", f"its issuer is {issuer!r:.80}, and it is signed by {url.did}")
    if "iss" in payload and payload["iss"] != issuer:
        raise CredentialRefused("structure", "the claim iss and the document name different things")
    check_times(payload, now)
    signed_at = datetime.fromtimestamp(payload["iat"], UTC) if "iat" in payload else None
    method = resolve(kid, signed_at).method(f"{url.did}#{url.fragment}", ASSERTION, signed_at)
    return _verified(found, signed, method.key, now, policy)


def hold(token: str) -> Opened:
    """The holder's part: what an issued SD-JWT opens. Signature and dates are the verifier's business."""
    found = split(token)
    if found.key_binding is not None:
        raise CredentialRefused("structure", "an issuer hands over an SD-JWT without key binding")
    return open_payload(parts(found.jwt, WHAT).payload, found.disclosures, never=frozenset())


def select(token: str, wanted: Collection[Path]) -> str:
    """The same SD-JWT with the disclosures for `wanted` and for what these hang on, no other.

    Raises `CredentialRefused`, also where the disclosures are not in order.
    """
    paths = hold(token).paths
    if unknown := [path for path in wanted if path not in paths]:
        raise CredentialRefused("structure", f"no disclosure opens {pointer(unknown[0])}")
    needed = {path[:length] for path in wanted for length in range(1, len(path) + 1)}
    kept = {encoded for path, encoded in paths.items() if path in needed}
    found = split(token)
    return str(SdJwt(found.jwt, tuple(encoded for encoded in found.disclosures if encoded in kept)))


def open_payload(
    payload: Mapping[str, JSON], disclosures: Collection[str], *, never: frozenset[str] = NEVER
) -> Opened:
    """Put the disclosures into the payload (section 7.1, step 3). Raises `CredentialRefused`."""
    opener = _Opener(disclosures, algorithm(payload), never)
    made = opener.object({name: item for name, item in payload.items() if name != SD_ALG}, (), 0)
    opener.finish()
    return Opened(payload=made, paths=opener.paths, hidden=opener.hidden)


def _check_audience(payload: Mapping[str, JSON], audience: str | None) -> None:
    if "aud" not in payload:
        return
    named = payload["aud"] if isinstance(payload["aud"], list) else [payload["aud"]]
    if audience is None or audience not in named:
        raise CredentialRefused("subject", "it is addressed to another audience")


class _Opener:
    def __init__(self, disclosures: Collection[str], name: str, never: frozenset[str]) -> None:
        self._waiting = {digest(encoded, name): encoded for encoded in disclosures}
        if len(self._waiting) != len(disclosures):
            raise CredentialRefused("structure", "the same disclosure stands there twice")
        self._seen: set[str] = set()
        self._never = never
        self.paths: dict[Path, str] = {}
        self.hidden = 0

    def finish(self) -> None:
        if self._waiting:
            raise CredentialRefused("structure", "a disclosure belongs to no digest that was signed")

    def value(self, value: JSON, path: Path, depth: int) -> JSON:
        if isinstance(value, dict):
            return self.object(value, path, depth)
        return self._array(value, path, depth) if isinstance(value, list) else value

    def object(self, value: dict[str, JSON], path: Path, depth: int) -> dict[str, JSON]:
        self._deeper(depth)
        found = {
            name: self._inner(item, (*path, name), depth + 1) if isinstance(item, dict | list) else item
            for name, item in value.items()
            if name != SD
        }
        if reserved := RESERVED & set(found):
            raise CredentialRefused("structure", f"{min(reserved)!r} stands where it must not")
        digests = value.get(SD, [])
        if not isinstance(digests, list) or not all(isinstance(item, str) for item in digests):
            raise CredentialRefused("structure", "'_sd' is not a list of texts")
        for item in digests:
            self._open_digest(path)
            taken = self._take(item)
            if taken is None:
                continue
            encoded, name, inner, plain = taken
            if name is None:
                raise CredentialRefused("structure", "a member's disclosure has no name")
            if name in RESERVED:
                raise CredentialRefused("structure", f"a disclosure is named {name!r}, which is reserved")
            if name in found:
                raise CredentialRefused("structure", f"{name!r:.60} is there already, and disclosed again")
            if (not path and name in self._never) or (name == "@context" and self._never):
                raise CredentialRefused("structure", f"{name!r} must never be hidden, and was")
            place = (*path, name)
            self.paths[place] = encoded
            found[name] = inner if plain else self.value(inner, place, depth + 1)
        return found

    def _array(self, value: list[JSON], path: Path, depth: int) -> list[JSON]:
        self._deeper(depth)
        found = []
        for position, item in enumerate(value):
            inner, place = item, (*path, position)
            if isinstance(item, dict) and DOTS in item:
                if len(item) != 1 or not isinstance(item[DOTS], str):
                    raise CredentialRefused("structure", "a hidden element is {'...': digest} and no more")
                self._open_digest(path)
                taken = self._take(item[DOTS])
                if taken is None:
                    continue
                encoded, name, inner, plain = taken
                if name is not None:
                    raise CredentialRefused("structure", "the disclosure of an element has a name")
                self.paths[place] = encoded
                inner = inner if plain else self.value(inner, place, depth + 1)
            elif isinstance(item, dict | list):
                inner = self._inner(item, place, depth + 1)
            found.append(inner)
        return found

    def _inner(self, value: JSON, path: Path, depth: int) -> JSON:
        # Most values hold no digests; to write them out and look is quicker than to walk through them.
        if depth == _LOOK:
            text = orjson.dumps(value)
            if b"_sd" not in text and b"..." not in text:
                return value
        return self.value(value, path, depth)

    def _take(self, item: str) -> tuple[str, str | None, JSON, bool] | None:
        """The disclosure for a digest: its text, name, value, and whether the value is known to hold no digests."""
        if item in self._seen:
            raise CredentialRefused("structure", "the same digest stands there twice")
        self._seen.add(item)
        encoded = self._waiting.pop(item, None)
        if encoded is None:
            self.hidden += 1
            return None
        return encoded, *content(encoded)[1:]

    def _open_digest(self, path: Path) -> None:
        # A withheld status or date would pass unnoticed, so not even a decoy may stand there.
        if path and path[0] in self._never:
            raise CredentialRefused("structure", f"something in {path[0]!r} is hidden; it never may be")

    @staticmethod
    def _deeper(depth: int) -> None:
        if depth > MAX_DEPTH:
            raise CredentialRefused("structure", f"disclosures are nested deeper than {MAX_DEPTH} levels")
