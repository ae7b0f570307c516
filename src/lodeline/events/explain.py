"""Findings: of one object, and from schema errors: a stable rule, the place, and what to do."""

from __future__ import annotations

import json
from itertools import islice
from typing import TYPE_CHECKING, Any

from lodeline.evidence import Finding, Severity
from lodeline.strictjson import pointer

if TYPE_CHECKING:
    from collections.abc import Iterator

    import jsonschema_rs

Path = tuple[str | int, ...]

MOST = 50
"""Findings listed for one object; the rest repeats itself."""
_JSON_TYPES = {
    "string": "text",
    "number": "a number",
    "array": "a list",
    "object": "an object",
    "boolean": "true or false",
}


class Say:
    """Collects findings of one event."""

    def __init__(self, found: list[Finding], at: Path, event_id: Any) -> None:
        self.found, self.at, self.event_id = found, at, event_id if isinstance(event_id, str) else None

    def error(self, rule: str, path: Path, message: str, got: Any = None) -> None:
        self._add(Severity.ERROR, rule, path, message, got)

    def warning(self, rule: str, path: Path, message: str, got: Any = None) -> None:
        self._add(Severity.WARNING, rule, path, message, got)

    def _add(self, severity: Severity, rule: str, path: Path, message: str, got: Any) -> None:
        self.found.append(
            Finding(
                rule=rule,
                severity=severity,
                pointer=pointer((*self.at, *path)),
                message=message,
                event_id=self.event_id,
                got=None if got is None else str(got)[:80],
            )
        )


def schema_findings(
    checker: jsonschema_rs.Draft202012Validator,
    schema: dict[str, Any],
    value: Any,
    at: tuple[str | int, ...] = (),
    event_id: str | None = None,
) -> Iterator[Finding]:
    """Findings of `value`, which stands at path `at` of its document."""
    for error in islice(checker.iter_errors(value), MOST):
        rule, message = _annotation(schema, error.schema_path) or _plain(error)
        place = pointer((*at, *error.instance_path, *_member(error)))
        yield Finding(
            rule=rule,
            severity=Severity.ERROR,
            pointer=place,
            message=message,
            event_id=event_id,
            got=_got(error),
        )


def _annotation(schema: dict[str, Any], path: list[str | int]) -> tuple[str, str] | None:
    """The nearest `x-rule` and `x-say` above the keyword that failed, unless a plain message says more."""
    found: tuple[str, str] | None = None
    node: Any = schema
    for step in path:
        if isinstance(node, dict) and "x-rule" in node:
            found = node["x-rule"], node["x-say"]
        elif step in ("properties", "items"):
            found = None  # annotations speak of their own value, not of what is inside it
        try:
            node = node[step]
        except (KeyError, IndexError, TypeError):
            return found
    return found


def _plain(error: jsonschema_rs.ValidationError) -> tuple[str, str]:
    kind: Any = error.kind
    name = type(kind).__name__.rpartition("_")[2]
    value: Any = error.instance
    if name == "Required":
        return "schema.required", f"'{kind.property}' is missing. Add it."
    if name == "AdditionalProperties":
        return (
            "schema.unknown-field",
            f"{', '.join(map(repr, kind.unexpected))[:80]} may not stand here. Take it out.",
        )
    if name == "PropertyNames":
        return (
            "schema.unknown-field",
            f"{str(kind.error.instance)[:60]!r} is no field of this. Own fields need a prefix, like example:field.",
        )
    if name == "Type":
        wanted = " or ".join(_JSON_TYPES.get(kind, kind) for kind in kind.types)
        return "schema.type", f"This must be {wanted}."
    if name == "Format":
        return (
            "schema.identifier",
            "This is not a URI. Use an EPC URN, a GS1 Digital Link or another absolute URI.",
        )
    if name == "MinItems":
        return "schema.too-few", f"At least {kind.limit} must be listed."
    if name == "UniqueItems":
        return "schema.twice", "The list holds a value twice. List it once."
    if name in {"Enum", "Constant"}:
        return "schema.value", "This value is not one of those allowed here."
    return "schema.invalid", f"{error.message[:160]}." if not isinstance(
        value, dict | list
    ) else "This does not fit."


def _member(error: jsonschema_rs.ValidationError) -> tuple[str, ...]:
    """The name of the member that may not be there: the error itself points at the object around it."""
    kind: Any = error.kind
    name = type(kind).__name__.rpartition("_")[2]
    return (str(kind.error.instance),) if name == "PropertyNames" else ()


def _got(error: jsonschema_rs.ValidationError) -> str | None:
    value = error.instance
    if isinstance(value, dict | list):
        return None
    return json.dumps(value, ensure_ascii=False)[:80]
