"""JSON-LD contexts: a fixed table, checked by SHA-256 when read. What is not in the table is refused, never fetched.

The files come from their npm packages at set-up (`frontend/vendored.json`). `terms` reads what a document's contexts
say about names without expanding the document: enough to refuse unmapped types and changed meanings.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Final

from attrs import frozen

from lodeline import strictjson
from lodeline.credentials.verdict import CredentialRefused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from lodeline.strictjson import JSON

V1: Final = "https://www.w3.org/2018/credentials/v1"
V2: Final = "https://www.w3.org/ns/credentials/v2"
DATA_INTEGRITY: Final = "https://w3id.org/security/data-integrity/v2"
EXAMPLES: Final = "https://www.w3.org/ns/credentials/examples/v2"
_OF = "@digitalbazaar/"
PINNED: Final[Mapping[str, tuple[str, str]]] = {
    V1: (
        f"{_OF}credentials-context/v1.jsonld",
        "00d7dd6d3ad8b920e3e550dd3a3d9090bffcac84cdbf943da6924b3e0a5c8bb8",
    ),
    V2: (
        f"{_OF}credentials-context/v2.jsonld",
        "8a9f494a89ecc51db093e90e84713e07e84d6d9204364a9b3c7868b21751236f",
    ),
    DATA_INTEGRITY: (
        f"{_OF}data-integrity-context/data-integrity-v2.jsonld",
        "0f77743daf5b4e8fc067fc5ba5b21044283053aa717fc6b0219843bed3b00363",
    ),
    "https://w3id.org/security/multikey/v1": (
        f"{_OF}multikey-context/multikey-v1.jsonld",
        "c5f3806f8286920573221938917988a18a4cc5a09e968d29649613c7a1c2b1f6",
    ),
    "https://www.w3.org/ns/credentials/status/v1": (
        f"{_OF}vc-bitstring-status-list-context/vc-bitstring-status-list-v1.jsonld",
        "fd08cbf28ddd829ab2f1978c48f43ab07a112c1c90245a0cfac7ba721c65170c",
    ),
    "https://www.w3.org/ns/did/v1": (
        "did-context/did-v1.jsonld",
        "62c1054bf404d6dd3a4b26b64f830fd72095f6a26edc4469908c94351352ce5f",
    ),
}
"""Context to (file below the folder of vendored files, SHA-256 of its bytes)."""

# No package publishes it; all it says is where words without a meaning of their own go.
_WRITTEN: Final[Mapping[str, JSON]] = {
    EXAMPLES: {"@context": {"@vocab": "https://www.w3.org/ns/credentials/examples#"}}
}

PUBLISHED: Final[Mapping[str, frozenset[str]]] = {
    # SHA-256 and SHA-384 of the Recommendation's bytes (the package holds the same JSON with other blanks), then of the
    # candidate that stood there from July 2024 to February 2025. That one is NOT the same JSON: terms of status lists
    # differ. It is accepted because the W3C suite of the data model names it; we process the Recommendation's.
    V2: frozenset(
        {
            "59955ced6697d61e03f2b2556febe5308ab16842846f5b586d7f1f7adec92734",
            "97f1eb8e5042356c805fdd61afa2c557663785e0794dcafa21e138fd38def18cb360133c221aa31d6896a6bf3e65b614",
            "24a18c90e9856d526111f29376e302d970b2bd10182e33959995b0207d7043b9",
            "35239c36999d2155312091af194a1edb61634d6ad789a5e5b19f2aebdd762dd9d1dcaada40eda7ef921c6b8c0ae107a0",
        }
    ),
    EXAMPLES: frozenset(
        {
            "57393fbc69d6efb9b9b5dc9cb6b9880b0944360abfe2eaf459c9e58cf2279d7c",
            "ccd35b4135824944a2d1b6f3edd6ee6be45c10dbfb0ba16f966609d58f88ef6ec7b0f387773c042cc60ef4ccfaf0cdba",
        }
    ),
}
"""Digests under which W3C published a context, for `relatedResource`."""
_KEYWORD: Final = re.compile(r"@[A-Za-z]+")
_IRI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+")


@frozen
class Terms:
    """What names mean: term to IRI (or keyword), and where other names go (`vocab`)."""

    mapping: Mapping[str, str]
    vocab: str | None

    def has(self, name: str) -> bool:
        """Whether `name` stands for an IRI here."""
        prefix, colon, rest = name.partition(":")
        if colon and prefix in self.mapping:
            return is_iri(self.mapping[prefix] + rest)
        return name in self.mapping or is_iri(name) or (self.vocab is not None and bool(name))


@frozen
class Contexts:
    """Context documents by their address."""

    documents: Mapping[str, JSON]

    def terms(self, context: JSON, types: Iterable[str] = ()) -> Terms:
        """The names of a document's `@context`, with those that its `types` bring along.

        `CredentialRefused("structure", ...)` for contexts that are not in the table, fetch others, clear what came
        before or change a protected name.
        """
        mapping: dict[str, str] = {}
        inner: dict[str, JSON] = {}
        vocab = self._read(context, mapping, inner, {}, None)
        for name in sorted(set(types) & set(inner)):  # in the order of JSON-LD 1.1 API, section 5.1.2
            vocab = self._read(inner[name], mapping, {}, {}, vocab)
        return Terms(mapping, vocab)

    def inside(self, document: JSON) -> None:
        """Every context within, of an object or of a term, is one that is held. Refused with step `structure`.

        Who reads names only would pass them by; whoever processes JSON-LD would ask the address in them.
        """
        waiting = [document]
        while waiting:
            item = waiting.pop()
            if isinstance(item, list):
                waiting += [one for one in item if isinstance(one, dict | list)]
            elif isinstance(item, dict):
                if "@context" in item:
                    for part in self._parts(item["@context"]):
                        if "@import" in part:
                            raise _refused("a context that imports another is not accepted")
                waiting += [
                    one
                    for name, one in item.items()
                    if isinstance(one, dict | list) and (name != "@context" or _written(one))
                ]

    def _read(
        self,
        context: JSON,
        mapping: dict[str, str],
        inner: dict[str, JSON],
        kept: dict[str, JSON],
        vocab: str | None,
    ) -> str | None:
        for part in self._parts(context):
            if "@import" in part:
                raise _refused("a context that imports another is not accepted")
            vocab = part.get("@vocab", vocab)
            for name, said in part.items():
                if name.startswith("@"):
                    continue
                definition = _definition(said, name)
                if name in kept and kept[name] != definition:
                    raise _refused(f"a context changes the meaning of {name[:80]!r}, which is protected")
                own = said.get("@protected") if isinstance(said, dict) else None
                if part.get("@protected") is True if own is None else own is True:
                    kept[name] = definition
                mapping[name] = _iri(definition.get("@id", name), name, mapping, part, vocab)
                if "@context" in definition:
                    inner[name] = definition["@context"]
        return vocab

    def _parts(self, context: JSON, depth: int = 0) -> Iterator[Mapping[str, JSON]]:
        for item in context if isinstance(context, list) else [context]:
            if isinstance(item, str) and depth < 4:
                if item not in self.documents:
                    raise _refused(
                        f"the context {item[:200]!r} is not among those held here, and none is fetched"
                    )
                yield from self._parts(self.documents[item]["@context"], depth + 1)
            elif isinstance(item, dict) and "@context" in item and depth < 4:
                yield from self._parts(item["@context"], depth + 1)
            elif isinstance(item, dict):
                yield item
            else:
                raise _refused("a context is an address or an object")


def load(read: Callable[[str], bytes], more: Mapping[str, JSON] | None = None) -> Contexts:
    """All pinned contexts. `read(file)` gives the bytes of a vendored file; `more` adds context documents of ours.

    `ValueError` when bytes are not those of the table.
    """
    found: dict[str, JSON] = {**_WRITTEN, **(more or {})}
    for address, (file, digest) in PINNED.items():
        data = read(file)
        if hashlib.sha256(data).hexdigest() != digest:
            raise ValueError(f"{file} is not the context {address} that is pinned here. Run set-up again")
        found[address] = strictjson.loads(data)
    return Contexts(found)


def is_iri(text: JSON) -> bool:
    """Whether it is an absolute IRI, or a URL in the words of the data model."""
    return isinstance(text, str) and len(text) <= 8192 and _IRI.fullmatch(text) is not None


def _written(context: JSON) -> bool:
    """Whether a context says something itself, in place of an address."""
    return isinstance(context, dict) or any(isinstance(item, dict | list) for item in context or ())


def _definition(said: JSON, name: str) -> Mapping[str, JSON]:
    if isinstance(said, str):
        return {"@id": said}
    if not isinstance(said, dict) or said.get("@id", "") is None:
        raise _refused(f"a context takes the meaning of {name[:80]!r} away")
    return {key: value for key, value in said.items() if key != "@protected"}


def _iri(
    said: JSON, name: str, mapping: Mapping[str, str], part: Mapping[str, JSON], vocab: str | None
) -> str:
    if not isinstance(said, str):
        raise _refused(f"a context maps {name[:80]!r} to what is no IRI")
    if _KEYWORD.fullmatch(said):
        return said  # an alias
    prefix, colon, rest = said.partition(":")
    if colon and not rest.startswith("//") and prefix != name:
        base = part.get(prefix, mapping.get(prefix, prefix + ":"))
        base = base.get("@id", "") if isinstance(base, dict) else base
        said = str(base) + rest
    elif not colon:
        said = f"{vocab or ''}{said}"
    if not is_iri(said):
        raise _refused(f"a context maps {name[:80]!r} to {said[:80]!r}, which is no IRI")
    return str(said)


def _refused(message: str) -> CredentialRefused:
    return CredentialRefused("structure", message)
