"""The process behind `lodeline.credentials.rdf`: JSON-LD expansion that refuses losses, then RDFC-1.0.

Sources: JSON-LD 1.1 API (expansion, to RDF), RDF Dataset Canonicalization 1.0. What does not reach the graph is not
signed, so a document is refused when anything in it would be dropped:

- names and types that no context maps, and relative addresses: expansion puts a mark of ours before them;
- values that vanish (null, empty lists, things that look like keywords): every value of the input is counted again
  in the expansion;
- directions of text, numbers that lose digits, languages that are none, predicates without a name.

Messages on both pipes: four bytes of length, then JSON. First come the contexts, then lists of documents.
"""

from __future__ import annotations

import re
import resource
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from lodeline import strictjson
from lodeline.credentials.contexts import is_iri

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lodeline.strictjson import JSON

MARK: Final = "https://lost.invalid/"
MAX_QUADS: Final = 50_000
MEMORY: Final = 2 * 1024**3
_LANGUAGE: Final = re.compile("[a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8})*")
_ASIDE: Final = ("@language", "@direction", "@index")


class Lost(ValueError):  # noqa: N818 - a verdict
    """Something of the document would not reach the graph."""


def canonical(document: Mapping[str, JSON], contexts: Mapping[str, JSON]) -> str:
    """Canonical N-Quads. Raises `Lost`, or whatever the JSON-LD library raises."""
    import pyoxigraph as ox
    from pyld import jsonld  # type: ignore[import-untyped]

    def held(address: str, _options: object) -> dict[str, Any]:
        if address not in contexts:
            raise Lost(f"the context {address[:200]!r} is not among those held here, and none is fetched")
        return {"contextUrl": None, "documentUrl": address, "document": contexts[address], "contentType": ""}

    _plain_contexts(document)
    options = {
        "base": MARK,
        "expandContext": {"@vocab": MARK},
        "documentLoader": held,
        "processingMode": "json-ld-1.1",
    }
    expanded = jsonld.expand(document, options)
    _whole(expanded)
    if Counter(_values(document)) != Counter(_expanded_values(expanded)):
        raise Lost(
            "a value in it has no place in the graph (null, an empty list, or what looks like a keyword)"
        )
    graphs = jsonld.to_rdf(expanded, {"skipExpansion": True, "documentLoader": held})
    quads = list(_quads(graphs, ox))
    if len(quads) > MAX_QUADS:
        raise Lost(f"its graph has {len(quads)} statements; at most {MAX_QUADS}")
    dataset = ox.Dataset(quads)
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return "".join(sorted(f"{quad} .\n" for quad in dataset))


def _plain_contexts(value: JSON) -> None:
    """No context in the document may clear what came before or take a meaning away."""
    if isinstance(value, list):
        for item in value:
            _plain_contexts(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            if name == "@context":
                for part in item if isinstance(item, list) else [item]:
                    if part is None or (isinstance(part, dict) and _clears(part)):
                        raise Lost("a context in it clears what another one says")
            else:
                _plain_contexts(item)


def _clears(part: Mapping[str, JSON]) -> bool:
    for said in part.values():
        inner = said if isinstance(said, dict) else {}
        if (
            said is None
            or inner.get("@id", "") is None
            or ("@context" in inner and inner["@context"] is None)
        ):
            return True
        nested = inner.get("@context", [])
        if any(
            item is None or (isinstance(item, dict) and _clears(item))
            for item in (nested if isinstance(nested, list) else [nested])
        ):
            return True
    return False


def _whole(value: JSON) -> None:
    """Every name, address, type and literal of the expansion is one that the graph can hold."""
    if isinstance(value, list):
        for item in value:
            _whole(item)
        return
    if not isinstance(value, dict):
        return
    if "@value" in value:
        _literal(value)
        return
    for name, item in value.items():
        if name == "@index":
            continue
        if name in ("@id", "@type"):
            for address in item if isinstance(item, list) else [item]:
                _address(address)
        else:
            if not name.startswith("@"):
                _address(name, blank=False)
            _whole(item)


def _address(address: JSON, *, blank: bool = True) -> None:
    if isinstance(address, str) and address.startswith(MARK):
        raise Lost(
            f"no context says what {address.removeprefix(MARK)[:80]!r} means, or it is a relative address"
        )
    if isinstance(address, str) and address.startswith("_:") and blank:
        return
    if address != "@json" and not is_iri(address):
        raise Lost(f"{str(address)[:80]!r} is no absolute address")


def _literal(value: Mapping[str, JSON]) -> None:
    if "@direction" in value:
        raise Lost("the direction of a text has no place in the graph")
    language, number = value.get("@language"), value["@value"]
    if language is not None and not (isinstance(language, str) and _LANGUAGE.fullmatch(language)):
        raise Lost(f"{str(language)[:40]!r} is no language")
    if value.get("@type") is not None:
        _address(value["@type"], blank=False)
    if isinstance(number, float) and value.get("@type") != "@json" and float(f"{number:.15E}") != number:
        raise Lost(f"the number {number!r} has more digits than the graph can hold")


def _values(value: JSON) -> Iterator[str]:
    """The values of the input, beside contexts and what only qualifies a text: of which sort each is."""
    if isinstance(value, dict):
        skipped = {"@context", *_ASIDE, *(["@type"] if "@value" in value else [])}
        if not set(value) - {"@context"}:
            yield "empty node"
        for name, item in value.items():
            if name not in skipped:
                yield from _values(item)
    elif isinstance(value, list):
        if not value:
            yield "empty list"
        for item in value:
            yield from _values(item)
    else:
        yield "value"


def _expanded_values(value: JSON) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _expanded_values(item)
    elif not isinstance(value, dict):
        yield "value"
    elif "@value" in value:
        yield from _values(value["@value"]) if value.get("@type") == "@json" else ["value"]
    elif not value:
        yield "empty node"
    else:
        for name, item in value.items():
            if name == "@list" and item == []:
                yield "empty list"
            elif name != "@index":
                yield from _expanded_values(item)


def _quads(graphs: Mapping[str, Any], ox: Any) -> Iterator[Any]:
    def node(term: Mapping[str, str]) -> Any:
        if term["type"] == "IRI":
            return ox.NamedNode(term["value"])
        if term["type"] == "blank node":
            return ox.BlankNode(term["value"].removeprefix("_:"))
        if "language" in term:
            return ox.Literal(term["value"], language=term["language"])
        return ox.Literal(term["value"], datatype=ox.NamedNode(term["datatype"]))

    for name, triples in graphs.items():
        if name == "@default":
            graph = ox.DefaultGraph()
        else:
            kind = "blank node" if name.startswith("_:") else "IRI"
            graph = node({"type": kind, "value": name})
        for triple in triples:
            parts = (node(triple[part]) for part in ("subject", "predicate", "object"))
            yield ox.Quad(*parts, graph)


def _read(pipe: BinaryIO) -> bytes | None:
    head = pipe.read(4)
    return pipe.read(int.from_bytes(head, "big")) if len(head) == 4 else None


def _write(pipe: BinaryIO, answer: Mapping[str, JSON]) -> None:
    data = strictjson.canonical(dict(answer))
    pipe.write(len(data).to_bytes(4, "big") + data)
    pipe.flush()


def _reason(error: BaseException) -> str:
    """What went wrong, from the innermost error that says so."""
    chain: list[BaseException] = [error]
    while (inner := chain[-1].__cause__ or chain[-1].__context__) is not None:
        chain.append(inner)
    lost = [str(item) for item in chain if isinstance(item, Lost)]
    codes = [code for item in chain if (code := getattr(item, "code", None))]
    return lost[0] if lost else f"it is no JSON-LD: {codes[-1] if codes else type(error).__name__}"


def main() -> None:
    """Serve until the other end closes."""
    import pyoxigraph
    from pyld import jsonld

    del pyoxigraph, jsonld  # imported now, so that the first call does not pay for it

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    source, target = sys.stdin.buffer, sys.stdout.buffer
    contexts = strictjson.loads(_read(source) or b"{}")
    _write(target, {"ready": True})
    while (data := _read(source)) is not None:
        try:
            answer: dict[str, JSON] = {
                "quads": [canonical(document, contexts) for document in strictjson.loads(data)]
            }
        except Exception as error:  # noqa: BLE001 - whatever it is, this document is refused
            answer = {"refused": _reason(error)}
        _write(target, answer)


if __name__ == "__main__":
    main()
