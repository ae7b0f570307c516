"""Values of fields of the sender's own, by their full names: in the event, its ILMD, places, sensors, declarations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lodeline.events.query_words import absolute, spellings

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

DEEPEST: Final = 40
_TEXT: Final = ("#text", "@value", "@id")


def own_values(
    scope: str, name: str, raw: Mapping[str, Any], prefixes: Mapping[str, str], *, inner: bool
) -> Iterator[Any]:
    """The values of the field `name` in a scope; `inner`: wherever it lies below another field of the scope.

    Scopes: the event itself (empty), `ILMD`, `SENSORELEMENT`, `SENSORMETADATA`, `SENSORREPORT`, `readPoint`,
    `bizLocation`, `ERROR_DECLARATION`.
    """
    wanted = spellings(name)
    for part in _parts(scope, raw):
        for key, value in part.items():
            if inner:
                if ":" in key:
                    yield from _below(value, wanted, prefixes, DEEPEST)
            elif _means(key, wanted, prefixes):
                yield from _leaves(value)


def _parts(scope: str, raw: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if not scope:
        yield {key: value for key, value in raw.items() if ":" in key}
    elif scope in {"ILMD", "ERROR_DECLARATION", "readPoint", "bizLocation"}:
        part = raw.get({"ILMD": "ilmd", "ERROR_DECLARATION": "errorDeclaration"}.get(scope, scope))
        if isinstance(part, dict):
            yield part
    else:
        for element in raw.get("sensorElementList") or ():
            if scope == "SENSORELEMENT":
                yield element
            elif scope == "SENSORMETADATA":
                if isinstance(about := element.get("sensorMetadata"), dict):
                    yield about
            else:
                yield from element.get("sensorReport") or ()


def _below(value: Any, wanted: Collection[str], prefixes: Mapping[str, str], depth: int) -> Iterator[Any]:
    if not depth:
        return
    if isinstance(value, dict):
        for key, item in value.items():
            if _means(key, wanted, prefixes):
                yield from _leaves(item)
            yield from _below(item, wanted, prefixes, depth - 1)
    elif isinstance(value, list):
        for item in value:
            yield from _below(item, wanted, prefixes, depth - 1)


def _means(key: str, wanted: Collection[str], prefixes: Mapping[str, str]) -> bool:
    return key in wanted or absolute(key, prefixes) in wanted


def _leaves(value: Any) -> Iterator[Any]:
    """The values of a field: those of a list, the text of an element with attributes; an object counts as there."""
    if isinstance(value, list):
        for one in value:
            yield from _leaves(one)
    elif isinstance(value, dict):
        yield next((value[name] for name in _TEXT if name in value), "")
    elif value is not None:
        yield value
