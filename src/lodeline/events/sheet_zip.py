"""What is looked at in an XLSX file (ECMA-376) before openpyxl opens it: the archive's bounds, and how its XML begins.

zipfile gives no more bytes of a part than the archive says it has; so what the archive says of itself bounds what is
unpacked. Types and entities stand before the root of XML: it is read up to there, by defusedxml's parser.
"""

from __future__ import annotations

import zipfile
import zlib
from io import BytesIO
from typing import Final
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException  # type: ignore[import-untyped]
from defusedxml.ElementTree import DefusedXMLParser  # type: ignore[import-untyped]

from lodeline.events.sheet_grid import SheetLimits, Unreadable

_CHUNK: Final = 4 * 1024
_SMALL: Final = 1024 * 1024
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MACROS: Final = ("vbaProject.bin", "vbaData.xml")
_STRICT: Final = "{http://purl.oclc.org/ooxml/"


def looked_at(data: bytes, limits: SheetLimits) -> frozenset[str]:
    """The names of the parts. Raises `Unreadable` for what is no archive, or one that is refused."""
    if data.startswith(_OLE):
        raise Unreadable(
            "sheet.format",
            "This is an old .xls file, or a locked one. Save it as .xlsx without a password.",
        )
    try:
        archive = zipfile.ZipFile(BytesIO(data))
        parts = archive.infolist()
    except (zipfile.BadZipFile, zlib.error, ValueError, NotImplementedError, OSError, EOFError):
        raise broken() from None
    if len(parts) > limits.max_parts:
        raise Unreadable(
            "sheet.bomb", f"{len(parts)} parts in the file; a workbook has at most {limits.max_parts}."
        )
    names = frozenset(part.filename for part in parts)
    if len(names) != len(parts):
        raise Unreadable("sheet.format", "Two parts of the file have one name. Save it again.")
    if any(part.flag_bits & 1 for part in parts):
        raise Unreadable("sheet.locked", "The file is encrypted. Save it without a password.")
    if "[Content_Types].xml" not in names:
        raise Unreadable(
            "sheet.format", "This archive is no XLSX workbook. Save the sheet as .xlsx or CSV UTF-8."
        )
    if any(name.endswith(_MACROS) for name in names):
        raise Unreadable("sheet.macros", "The workbook holds macros. Save it as .xlsx, without them.")
    for part in parts:
        ratio = part.file_size / max(part.compress_size, 1)
        if part.file_size > _SMALL and ratio > limits.max_ratio:
            raise Unreadable("sheet.bomb", f"A part unpacks to {ratio:.0f} times its size. It is not opened.")
    if sum(part.file_size for part in parts) > limits.max_inflated:
        megabytes = limits.max_inflated // (1024 * 1024)
        raise Unreadable("sheet.bomb", f"The workbook unpacks to more than {megabytes} MiB. Split it.")
    with archive:
        for part in parts:
            _begins_well(archive, part)
    return names


class _Root:
    """Keeps the name of the first element."""

    def __init__(self) -> None:
        self.tag = ""

    def start(self, tag: str, _: dict[str, str]) -> None:
        self.tag = self.tag or tag

    def close(self) -> None:
        """Nothing was built."""


def _begins_well(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """Refuse types, entities and the strict form. What is no XML is left to whoever reads it."""
    root = _Root()
    parser = DefusedXMLParser(target=root, forbid_dtd=True)
    try:
        with archive.open(part) as source:
            while not root.tag and (chunk := source.read(_CHUNK)):
                parser.feed(chunk)
    except DefusedXmlException:
        raise entities() from None
    except (ParseError, LookupError, ValueError):
        pass
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, OSError, EOFError):
        raise broken() from None
    if root.tag.startswith(_STRICT):
        raise Unreadable(
            "sheet.format", "This is a Strict Open XML workbook. Save it as an ordinary .xlsx workbook."
        )


def entities() -> Unreadable:
    return Unreadable(
        "sheet.entities", "The workbook's XML defines types or entities. No spreadsheet program does so."
    )


def broken() -> Unreadable:
    return Unreadable("sheet.format", "The archive is broken. Save the workbook again as .xlsx.")
