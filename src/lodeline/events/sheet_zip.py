"""The parts of an XLSX file (ECMA-376), unpacked within bounds, and their XML without types and entities.

A part is never unpacked whole before its size is known to be bounded: what the archive says of itself is checked
first, what comes out is counted again.
"""

from __future__ import annotations

import zipfile
import zlib
from io import BytesIO
from typing import TYPE_CHECKING, Final, NoReturn
from xml.parsers import expat

from lodeline.events.sheet_grid import SheetLimits, Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable

_CHUNK: Final = 64 * 1024
_SMALL: Final = 1024 * 1024
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MACROS: Final = ("vbaProject.bin", "vbaData.xml")


class Parts:
    """An opened archive. Raises `Unreadable` for what is none, or one that is refused."""

    def __init__(self, data: bytes, limits: SheetLimits) -> None:
        if data.startswith(_OLE):
            raise Unreadable(
                "sheet.format",
                "This is an old .xls file, or a locked one. Save it as .xlsx without a password.",
            )
        self.limits, self.left = limits, limits.max_inflated
        try:
            self.archive = zipfile.ZipFile(BytesIO(data))
            parts = self.archive.infolist()
        except (zipfile.BadZipFile, zlib.error, ValueError, NotImplementedError, OSError, EOFError):
            raise _broken() from None
        if len(parts) > limits.max_parts:
            raise Unreadable(
                "sheet.bomb", f"{len(parts)} parts in the file; a workbook has at most {limits.max_parts}."
            )
        self.names = {part.filename for part in parts}
        if len(self.names) != len(parts):
            raise Unreadable("sheet.format", "Two parts of the file have one name. Save it again.")
        if any(part.flag_bits & 1 for part in parts):
            raise Unreadable("sheet.locked", "The file is encrypted. Save it without a password.")
        if "[Content_Types].xml" not in self.names:
            raise Unreadable(
                "sheet.format", "This archive is no XLSX workbook. Save the sheet as .xlsx or CSV UTF-8."
            )
        if any(name.endswith(_MACROS) for name in self.names):
            raise Unreadable("sheet.macros", "The workbook holds macros. Save it as .xlsx, without them.")
        for part in parts:
            ratio = part.file_size / max(part.compress_size, 1)
            if part.file_size > _SMALL and ratio > limits.max_ratio:
                raise Unreadable(
                    "sheet.bomb", f"A part unpacks to {ratio:.0f} times its size. It is not opened."
                )
        if sum(part.file_size for part in parts) > limits.max_inflated:
            raise _too_large(limits)

    def parse(
        self, name: str, start: Callable[..., None], end: Callable[..., None], text: Callable[..., None]
    ) -> None:
        """Feed a part's XML to the handlers; names of elements without their prefix."""
        if name not in self.names:
            raise Unreadable("sheet.format", f"The workbook lacks its part {name[:80]}. Save it again.")
        parser = expat.ParserCreate(namespace_separator="|")
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = _no_types
        parser.EntityDeclHandler = _no_types
        parser.StartElementHandler = start
        parser.EndElementHandler = end
        parser.CharacterDataHandler = text
        try:
            with self.archive.open(name) as part:
                while chunk := part.read(_CHUNK):
                    self.left -= len(chunk)
                    if self.left < 0:
                        raise _too_large(self.limits)
                    parser.Parse(chunk, False)
                parser.Parse(b"", True)
        except expat.ExpatError as error:
            raise Unreadable(
                "sheet.xml", f"{name[:80]}, line {error.lineno}: the XML is broken. Save the workbook again."
            ) from None
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, OSError, EOFError):
            raise _broken() from None
        except (UnicodeError, LookupError):
            raise Unreadable(
                "sheet.xml", f"{name[:80]}: the encoding cannot be read. Save it again."
            ) from None


def _no_types(*_: object) -> NoReturn:
    raise Unreadable(
        "sheet.entities", "The workbook's XML defines types or entities. No spreadsheet program does so."
    )


def _broken() -> Unreadable:
    return Unreadable("sheet.format", "The archive is broken. Save the workbook again as .xlsx.")


def _too_large(limits: SheetLimits) -> Unreadable:
    megabytes = limits.max_inflated // (1024 * 1024)
    return Unreadable("sheet.bomb", f"The workbook unpacks to more than {megabytes} MiB. Split it.")
