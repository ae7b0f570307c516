"""Selective disclosure for JWT (RFC 9901): disclosures, their digests, and what an issuer makes.

A path says where a value stands in the payload: keys of objects, positions in arrays. Each hidden value becomes a
disclosure of its own; a value that holds hidden values may be hidden too (recursive disclosure, section 4.2.6).
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final, TypeAlias

from attrs import field, frozen

from lodeline import strictjson
from lodeline.credentials.signing import MAX_TOKEN, seal
from lodeline.credentials.verdict import CredentialRefused
from lodeline.keys import b64url, unb64url

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from lodeline.credentials.signing import Signer
    from lodeline.strictjson import JSON

Path: TypeAlias = "tuple[str | int, ...]"
SD, SD_ALG, DOTS = "_sd", "_sd_alg", "..."
RESERVED: Final = frozenset({SD, SD_ALG, DOTS})
HASHES: Final = {"sha-256": hashlib.sha256, "sha-384": hashlib.sha384, "sha-512": hashlib.sha512}
"""Digest functions by their name in the registry of named information hashes."""
DEFAULT_HASH: Final = "sha-256"
SALT_BYTES: Final = 16
DECOY_BYTES: Final = 32
MAX_DISCLOSURES: Final = 10_000
TYPES: Final = ("vc+sd-jwt", "dc+sd-jwt")
NEVER: Final = frozenset(
    {
        "@context", "type", "issuer", "validFrom", "validUntil", "credentialStatus", "credentialSchema",
        "relatedResource", "proof", "cnf", "iss", "iat", "nbf", "exp", "aud", "vct", "status",
    }
)  # fmt: skip
"""Members of the payload on which validity rests: neither they nor anything in them may be hidden."""


@frozen
class Disclosure:
    """One hidden value. `name` is None for an element of an array. `encoded` is what travels."""

    encoded: str
    salt: str = field(repr=False)
    name: str | None
    value: JSON = field(repr=False)


@frozen
class SdJwt:
    """The parts of `<JWT>~<disclosure>~...~[<key binding JWT>]`."""

    jwt: str
    disclosures: tuple[str, ...]
    key_binding: str | None = None

    @property
    def unbound(self) -> str:
        """Without key binding: what `sd_hash` is taken over (section 4.3.1)."""
        return "~".join((self.jwt, *self.disclosures, ""))

    def __str__(self) -> str:
        return self.unbound + (self.key_binding or "")


@frozen(kw_only=True)
class Issued:
    """What an issuer hands to the holder, and which disclosure opens which path."""

    sdjwt: SdJwt
    paths: Mapping[Path, Disclosure]

    @property
    def token(self) -> str:
        return str(self.sdjwt)

    def present(self, wanted: Collection[Path]) -> str:
        """The presentation that shows the hidden paths in `wanted`, with all that they hang on, and no other."""
        opened = {path[:length] for path in wanted for length in range(1, len(path) + 1)}
        if unknown := [path for path in wanted if path not in self.paths]:
            raise CredentialRefused("structure", f"nothing is hidden at {strictjson.pointer(unknown[0])}")
        shown = sorted(found.encoded for path, found in self.paths.items() if path in opened)
        return str(SdJwt(self.sdjwt.jwt, tuple(shown)))


def digest(encoded: str, algorithm: str = DEFAULT_HASH) -> str:
    """Base64url of the hash over the ASCII bytes of the encoded disclosure (section 4.2.3)."""
    return b64url(HASHES[algorithm](encoded.encode("ascii")).digest())


def algorithm(payload: Mapping[str, JSON]) -> str:
    """The digest function of an SD-JWT's payload."""
    name = payload.get(SD_ALG, DEFAULT_HASH)
    if not isinstance(name, str) or name not in HASHES:
        raise CredentialRefused("structure", f"the digest function {name!r:.40} is not known")
    return name


def disclose(salt: str, value: JSON, name: str | None = None) -> Disclosure:
    """A disclosure of an object's member (`name`) or of an array's element."""
    content = [salt, value] if name is None else [salt, name, value]
    return Disclosure(b64url(strictjson.canonical(content)), salt, name, value)


def read(encoded: str) -> Disclosure:
    """The inverse of `disclose`; any spelling of the JSON is accepted."""
    salt, name, value, _ = content(encoded)
    return Disclosure(encoded, salt, name, value)


def content(encoded: str) -> tuple[str, str | None, JSON, bool]:
    """Salt, name, value of a disclosure, and whether the value is known to hold no digests."""
    try:
        data = unb64url(encoded)
        found = strictjson.loads(data)
    except ValueError as error:
        raise CredentialRefused("structure", f"a disclosure is unusable: {error}") from None
    # An escape could spell a reserved name.
    plain = b"_sd" not in data and b"..." not in data and b"\\" not in data
    if type(found) is list and found and type(found[0]) is str:
        if len(found) == 2:
            return found[0], None, found[1], plain
        if len(found) == 3 and type(found[1]) is str:
            return found[0], found[1], found[2], plain
    raise CredentialRefused("structure", "a disclosure is [salt, name, value] or [salt, value]")


def split(token: str) -> SdJwt:
    """Take the compact form apart. Without key binding it ends with `~`."""
    if len(token) > MAX_TOKEN or not token.isascii():
        raise CredentialRefused("structure", f"not an SD-JWT: not ASCII, or longer than {MAX_TOKEN} bytes")
    if token.count("~") > MAX_DISCLOSURES:
        raise CredentialRefused("structure", f"more than {MAX_DISCLOSURES} disclosures")
    jwt, *rest = token.split("~")
    if not rest:
        raise CredentialRefused("structure", "not an SD-JWT: the closing ~ is missing")
    if not all(rest[:-1]) or not jwt:
        raise CredentialRefused("structure", "not an SD-JWT: an empty part between two ~")
    return SdJwt(jwt, tuple(rest[:-1]), rest[-1] or None)


def issue(
    payload: Mapping[str, JSON],
    hide: Collection[Path],
    *,
    signer: Signer,
    random: Callable[[int], bytes],
    header: Mapping[str, JSON] | None = None,
    pad: Mapping[Path, int] | None = None,
    never: frozenset[str] = NEVER,
) -> Issued:
    """Sign `payload` with the values at the paths in `hide` replaced by salted digests.

    `random(n)` gives n fresh random bytes; a repetition is refused, because a salt that is known opens what it
    hides. `pad` maps the path of an object or array to the number of digests it shall have at least: decoys
    make up the rest. `header` gets `typ` `vc+sd-jwt` unless it says otherwise. Raises `CredentialRefused`.
    """
    if path := next((path for path in hide if not path or path[0] in never or "@context" in path), None):
        raise CredentialRefused("structure", f"{strictjson.pointer(path)} must never be hidden")
    maker = _Maker(set(hide), dict(pad or {}), random)
    made = maker.value(dict(payload), ())
    if left := maker.hide | set(maker.pad):
        missing = strictjson.pointer(min(left, key=repr))
        raise CredentialRefused("structure", f"there is nothing at {missing} that could be hidden")
    made[SD_ALG] = DEFAULT_HASH
    jwt = seal({"typ": TYPES[0], **(header or {})}, made, signer)
    # In the order of their text, which depends on the salts only.
    shown = tuple(sorted(found.encoded for found in maker.made.values()))
    return Issued(sdjwt=SdJwt(jwt, shown), paths=maker.made)


class _Maker:
    """One walk over a payload; what was found is taken out of `hide` and `pad`."""

    def __init__(self, hide: set[Path], pad: dict[Path, int], random: Callable[[int], bytes]) -> None:
        self.hide, self.pad, self._random = hide, pad, random
        self.made: dict[Path, Disclosure] = {}
        self._used: set[bytes] = set()

    def value(self, value: JSON, path: Path) -> JSON:
        if isinstance(value, dict):
            return self._object(value, path)
        return self._array(value, path) if isinstance(value, list) else value

    def _object(self, value: dict[str, JSON], path: Path) -> dict[str, JSON]:
        if reserved := RESERVED & set(value):
            raise CredentialRefused("structure", f"{min(reserved)!r} is reserved and no name for a member")
        found: dict[str, JSON] = {}
        digests = []
        for name, item in value.items():
            inner = self.value(item, (*path, name))
            if self._hidden((*path, name)):
                digests.append(self._disclose((*path, name), inner, name))
            else:
                found[name] = inner
        digests += self._decoys(path, len(digests))
        if digests:
            found[SD] = sorted(digests)
        return found

    def _array(self, value: list[JSON], path: Path) -> list[JSON]:
        found: list[JSON] = []
        count = 0
        for position, item in enumerate(value):
            inner = self.value(item, (*path, position))
            if self._hidden((*path, position)):
                count += 1
                inner = {DOTS: self._disclose((*path, position), inner, None)}
            found.append(inner)
        return found + [{DOTS: decoy} for decoy in self._decoys(path, count)]

    def _hidden(self, path: Path) -> bool:
        if path not in self.hide:
            return False
        self.hide.remove(path)
        return True

    def _disclose(self, path: Path, value: JSON, name: str | None) -> str:
        made = self.made[path] = disclose(b64url(self._fresh(SALT_BYTES)), value, name)
        return digest(made.encoded)

    def _decoys(self, path: Path, count: int) -> list[str]:
        missing = self.pad.pop(path, 0) - count
        return [digest(b64url(self._fresh(DECOY_BYTES))) for _ in range(missing)]

    def _fresh(self, size: int) -> bytes:
        salt = self._random(size)
        if len(salt) != size or salt in self._used:
            raise CredentialRefused("structure", "the random source repeats itself or gives too little")
        self._used.add(salt)
        return salt
