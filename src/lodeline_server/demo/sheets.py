"""A certificate of analysis that comes as a spreadsheet: a supplier's own, of a lot of its own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from lodeline import strictjson
from lodeline.events.sheet import read_grid, source_of
from lodeline.events.sheet_csv import grid_of_csv
from lodeline.events.sheet_grid import SheetLimits
from lodeline.events.sheet_templates import ASSAYS, MARK
from lodeline.events.sheet_write import csv_of
from lodeline_server.demo.documents import Document

if TYPE_CHECKING:
    from lodeline_server.demo.network import Network
    from lodeline_server.demo.stock import Lot

SENDER: Final = "kolomba"
TEMPLATE: Final = ASSAYS.name
NAME: Final = "certificates.csv"
BEFORE: Final = timedelta(days=12)


def assayed(network: Network) -> Lot:
    """The sender's last lot that is old enough for a certificate."""
    own = [
        lot
        for lot in network.lots.values()
        if lot.party == SENDER and lot.ppm and not lot.serial and lot.made < network.end - BEFORE
    ]
    return max(own, key=lambda lot: (lot.made, lot.code))


def document(network: Network) -> Document:
    """The sheet, and the document it becomes."""
    lot, party = assayed(network), network.world.parties[SENDER]
    day = lot.made.astimezone(UTC).date()
    when = datetime(day.year, day.month, day.day, 9, 40, tzinfo=UTC) + timedelta(days=4)
    rows = [
        (f"CA-{lot.code}", day + timedelta(days=3), day + timedelta(days=1), "Kolomba mine laboratory", "ICP-OES", "",
         lot.uri, substance, ppm, max(ppm // 400, 1), "ppm")
        for substance, ppm in sorted(lot.ppm.items())
    ]  # fmt: skip
    data = csv_of([(MARK, ASSAYS.label), [column.title for column in ASSAYS.columns], *rows], ";")
    sheet = read_grid(grid_of_csv(data, SheetLimits()), ASSAYS, party=party.uri, now=when)
    made = strictjson.canonical(sheet.document(when, source_of(sheet, data, name=NAME)))
    return Document(
        party=SENDER,
        kind="sheet",
        captured_at=when,
        data=made,
        count=len(sheet.made),
        signs=False,
        sheet=data,
    )
