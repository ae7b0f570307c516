"""XML to a plain tree, safely: no document type with content, no entity, nothing fetched, bounded in size and depth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NoReturn
from xml.parsers import expat

from attrs import define, field

from lodeline.evidence import Finding, Severity

if TYPE_CHECKING:
    from lodeline.events.limits import Limits

XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
XSD: Final = "http://www.w3.org/2001/XMLSchema"
_BETWEEN: Final = "\n"  # cannot stand in a namespace: attribute values are normalised
_ENCODINGS: Final = ("utf-8", "utf8", "us-ascii")


class XMLRefused(ValueError):  # noqa: N818 - a finding about the input
    """The bytes are not XML that is read here; `finding` says why and where."""

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(message)
        self.finding = Finding(rule=rule, severity=Severity.ERROR, pointer="", message=message)


@define(slots=True)
class Element:
    """An element: namespace ("" for none) and name, attributes under (namespace, name), children, text."""

    space: str
    name: str
    attributes: dict[tuple[str, str], str]
    children: list[Element] = field(factory=list)
    parts: list[str] = field(factory=list)

    @property
    def text(self) -> str:
        """Its own text without blanks around."""
        return "".join(self.parts).strip()

    def find(self, name: str) -> Element | None:
        """The first child of this local name."""
        return next((child for child in self.children if child.name == name), None)


def looks_like_xml(data: bytes) -> bool:
    """JSON never begins with `<`."""
    return data[:64].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<"


def parse(data: bytes, limits: Limits) -> tuple[Element, dict[str, str]]:
    """The root element, and prefix by namespace as first declared. Raises `XMLRefused`."""
    if len(data) > limits.max_bytes:
        raise XMLRefused(
            "xml.too-large", f"{len(data)} bytes; the limit is {limits.max_bytes}. Split the document."
        )
    builder = _Builder(limits)
    parser = expat.ParserCreate(namespace_separator=_BETWEEN)
    parser.buffer_text = True
    parser.XmlDeclHandler = builder.declared
    parser.StartDoctypeDeclHandler = builder.doctype
    parser.EntityDeclHandler = builder.entity
    parser.StartNamespaceDeclHandler = builder.namespace
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.characters
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        reason = expat.errors.messages.get(error.code, "not well-formed")
        rule = "xml.entity" if "entity" in reason else "xml.syntax"
        raise XMLRefused(
            rule, f"Line {error.lineno}, column {error.offset + 1}: {reason}. Correct the XML."
        ) from None
    except (UnicodeError, ValueError, LookupError) as error:
        if isinstance(error, XMLRefused):
            raise
        raise XMLRefused("xml.encoding", "The encoding cannot be read. Send UTF-8.") from None
    return builder.top.children[0], builder.prefixes


class _Builder:
    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.top = Element("", "", {})
        self.open = [self.top]
        self.values = 0
        self.prefixes: dict[str, str] = {}

    def declared(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if encoding and encoding.lower() not in _ENCODINGS:
            raise XMLRefused("xml.encoding", f"Encoding {encoding[:20]!r}. Send UTF-8.")

    def doctype(self, _name: str, system: str | None, public: str | None, content: int) -> None:
        if system or public or content:
            raise XMLRefused(
                "xml.doctype", "A document type with content or an address is not read. Take it out."
            )

    def entity(self, *_args: object) -> NoReturn:
        raise XMLRefused("xml.entity", "Entities are not read. Take them out.")

    def namespace(self, prefix: str | None, uri: str | None) -> None:
        if prefix and uri:
            self.prefixes.setdefault(uri, prefix)

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.values += 1 + len(attributes)
        if self.values > self.limits.max_values:
            raise XMLRefused(
                "xml.too-many-values", f"More than {self.limits.max_values} values. Split the document."
            )
        if len(self.open) > self.limits.max_depth:
            raise XMLRefused(
                "xml.too-deep", f"Nested deeper than {self.limits.max_depth} levels. Flatten it."
            )
        space, _, name = tag.rpartition(_BETWEEN)
        named = {}
        for key, value in attributes.items():
            at, _, short = key.rpartition(_BETWEEN)
            named[at, short] = value
        made = Element(space, name, named)
        self.open[-1].children.append(made)
        self.open.append(made)

    def end(self, _tag: str) -> None:
        self.open.pop()

    def characters(self, text: str) -> None:
        self.open[-1].parts.append(text)
