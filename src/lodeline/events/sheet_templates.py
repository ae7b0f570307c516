"""The four templates for suppliers without systems, as data: the pages, the help and the checks are made of it.

A change that reads a filled sheet differently gets a new version; sheets of the old one stay readable.
"""

from __future__ import annotations

from typing import Final

from attrs import frozen

from lodeline.events.ilmd import CUSTODY_MODELS, SUBSTANCES

MARK: Final = "Lodeline sheet"
"""Cell A1 of a template; beside it stand its name and version."""
ZONE, DECIMAL = "Time zone", "Decimal mark"
"""Headings of the two settings above the rows."""
DATA_SHEET, HELP_SHEET, EXAMPLE_SHEET = "Data", "Help", "Examples"
UNITS: Final[dict[str, str]] = {
    "kg": "KGM", "g": "GRM", "mg": "MGM", "t": "TNE", "kt": "KTN", "lb": "LBR", "pcs": "C62", "pc": "C62",
    "piece": "C62", "pieces": "C62", "l": "LTR", "m³": "MTQ", "m3": "MTQ",
}  # fmt: skip
"""Plain words that mean one unit only. "ton" is not among them: it may be any of three."""
SHARES: Final[dict[str, tuple[int, str]]] = {
    "%": (2, "percent by mass"), "ppm": (6, "parts per million by mass"), "g/t": (6, "grams per tonne"),
    "mg/kg": (6, "milligrams per kilogram"), "g/kg": (3, "grams per kilogram"),
    "fraction": (0, "a share from 0 to 1"),
}  # fmt: skip
"""Units of an assay: how many decimal places they are away from a share of the mass."""


@frozen(kw_only=True)
class Column:
    """One column. `kind` says how its cells are read: a key of `sheet_values.READERS`."""

    name: str
    title: str
    kind: str
    help: str
    example: str
    required: bool = True
    words: tuple[str, ...] = ()


@frozen(kw_only=True)
class Template:
    """A template. `key`: the columns that together name a row's fact; rows of one key are one event or statement."""

    name: str
    version: int
    title: str
    purpose: str
    columns: tuple[Column, ...]
    examples: tuple[tuple[str, ...], ...]
    makes: str
    key: tuple[str, ...]

    @property
    def label(self) -> str:
        return f"{self.name}/{self.version}"

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)


_TIME_HELP: Final = (
    "Date and time as 2026-03-01 08:30, or a date cell. A day without a time counts as 12:00 there."
)
_GTIN: Final = Column(
    name="gtin",
    title="GTIN",
    kind="gtin",
    required=False,
    help="Product number, 8 to 14 digits, as text. Leave it empty when the lot is a full identifier.",
    example="09521141123454",
)
_LOT: Final = Column(
    name="lot",
    title="Lot",
    kind="lot",
    help="Your lot code, at most 20 characters; or a full identifier (a GS1 Digital Link or a URN).",
    example="L-2031",
)
_AMOUNT: Final = Column(
    name="quantity",
    title="Quantity",
    kind="amount",
    help="Above zero, without thousands marks.",
    example="980.5",
)
_UNIT: Final = Column(
    name="unit",
    title="Unit",
    kind="unit",
    help="kg, g, t, lb or pcs, or a UN/CEFACT Rec 20 code like KGM.",
    example="kg",
)


def _place(
    name: str, title: str, words: str, *, required: bool = True, example: str = "9521141000014"
) -> Column:
    return Column(
        name=name,
        title=title,
        kind="place",
        required=required,
        help=f"{words} Its GLN of 13 digits, or a full identifier.",
        example=example,
    )


def _party(name: str, title: str, words: str) -> Column:
    return Column(
        name=name,
        title=title,
        kind="party",
        help=f"{words} Its GLN of 13 digits, or a full identifier.",
        example="9521141000021",
    )


_DELIVERY: Final = Column(
    name="delivery",
    title="Delivery",
    kind="code",
    help="The number on the sender's delivery note.",
    example="D-1001",
)
_ORDER: Final = Column(
    name="order",
    title="Purchase order",
    kind="code",
    required=False,
    help="The receiver's order number.",
    example="PO-77",
)

SHIPMENTS: Final = Template(
    name="shipments",
    version=1,
    title="Shipments",
    purpose="What left a site of yours, to whom: one row for each lot on a delivery.",
    makes="an ObjectEvent (shipping) for each row",
    key=("delivery", "lot"),
    columns=(
        _DELIVERY,
        Column(name="time", title="Shipped at", kind="time", help=_TIME_HELP, example="2026-03-01 08:30"),
        _place("site", "From site", "The site it left."),
        _party("partner", "To party", "Who is to receive it."),
        _place("to_site", "To site", "Where it goes.", required=False, example="9521141000038"),
        _GTIN,
        _LOT,
        _AMOUNT,
        _UNIT,
        _ORDER,
    ),
    examples=(
        ("D-1001", "2026-03-01 08:30", "9521141000014", "9521141000021", "9521141000038", "09521141123454", "L-2031",
         "980.5", "kg", "PO-77"),
        ("D-1001", "2026-03-01 08:30", "9521141000014", "9521141000021", "9521141000038", "09521141123454", "L-2032",
         "1020", "kg", "PO-77"),
    ),
)  # fmt: skip

RECEIPTS: Final = Template(
    name="receipts",
    version=1,
    title="Receipts",
    purpose="What arrived at a site of yours, from whom: one row for each lot received.",
    makes="an ObjectEvent (receiving) for each row",
    key=("partner", "delivery", "lot"),
    columns=(
        _DELIVERY,
        Column(name="time", title="Received at", kind="time", help=_TIME_HELP, example="2026-03-04 14:00"),
        _place("site", "At site", "The site it came to."),
        _party("partner", "From party", "Who sent it."),
        _GTIN,
        _LOT,
        _AMOUNT,
        _UNIT,
        _ORDER,
    ),
    examples=(
        ("D-1001", "2026-03-04 14:00", "9521141000038", "9521141000021", "09521141123454", "L-2031", "979.8", "kg",
         "PO-77"),
    ),
)  # fmt: skip

PRODUCTION: Final = Template(
    name="production",
    version=1,
    title="Production",
    purpose="What went into a run and what came out: one row for each lot, all rows of a run with its number.",
    makes="a TransformationEvent for each run; an ObjectEvent (commissioning) for a run without inputs, as in a mine",
    key=("run",),
    columns=(
        Column(name="run", title="Run", kind="code", help="Your number of the run or process order.", example="R-88"),
        Column(name="time", title="Finished at", kind="time", help=_TIME_HELP, example="2026-02-27 17:45"),
        _place("site", "At site", "The site it was made at."),
        Column(
            name="direction",
            title="In or out",
            kind="word",
            words=("in", "out"),
            help="in: this lot was used up; out: it was made.",
            example="out",
        ),
        _GTIN,
        _LOT,
        _AMOUNT,
        _UNIT,
        Column(
            name="product",
            title="Product",
            kind="text",
            required=False,
            help="What came out, in words; for rows that say out.",
            example="nickel sulphate",
        ),
        Column(
            name="custody",
            title="Custody model",
            kind="word",
            required=False,
            words=CUSTODY_MODELS,
            help="ISO 22095 model under which it was made; for rows that say out.",
            example="segregated",
        ),
        *(
            Column(
                name=symbol,
                title=f"{symbol} (mass %)",
                kind="percent",
                required=False,
                help=f"Percent by mass of {'natural graphite' if symbol == 'C' else symbol}, for rows that say out.",
                example="22.3" if symbol == "Ni" else "",
            )
            for symbol in SUBSTANCES
        ),
    ),
    examples=(
        ("R-88", "2026-02-27 17:45", "9521141000014", "in", "09521141123461", "ORE-5", "4200", "kg"),
        ("R-88", "2026-02-27 17:45", "9521141000014", "out", "09521141123454", "L-2031", "980.5", "kg",
         "nickel sulphate", "segregated", "22.3", "0.1"),
    ),
)  # fmt: skip

ASSAYS: Final = Template(
    name="assays",
    version=1,
    title="Assays",
    purpose="What a laboratory found in a lot: one row for each substance on a certificate of analysis.",
    makes="a statement of kind lot.assay for each certificate and lot",
    key=("certificate", "lot"),
    columns=(
        Column(
            name="certificate",
            title="Certificate",
            kind="code",
            help="The number of the certificate of analysis.",
            example="COA-4711",
        ),
        Column(name="issued", title="Issued on", kind="day", help="Day of the certificate.", example="2026-03-02"),
        Column(
            name="sampled", title="Sampled on", kind="day", help="Day the sample was taken.", example="2026-02-28"
        ),
        Column(name="laboratory", title="Laboratory", kind="text", help="Who measured.", example="Vester Assay Lab"),
        Column(
            name="method", title="Method", kind="text", required=False, help="How it was measured.", example="ICP-OES"
        ),
        _GTIN,
        _LOT,
        Column(
            name="substance",
            title="Substance",
            kind="word",
            words=SUBSTANCES,
            help="Chemical symbol; C is natural graphite.",
            example="Ni",
        ),
        Column(name="value", title="Value", kind="share", help="The mass fraction found.", example="22.31"),
        Column(
            name="uncertainty",
            title="Uncertainty",
            kind="share",
            required=False,
            help="Standard uncertainty (k = 1), in the same unit.",
            example="0.15",
        ),
        Column(
            name="unit",
            title="Unit",
            kind="share_unit",
            words=tuple(SHARES),
            help="%, ppm, g/t, mg/kg, g/kg, or fraction.",
            example="%",
        ),
    ),
    examples=(
        ("COA-4711", "2026-03-02", "2026-02-28", "Vester Assay Lab", "ICP-OES", "09521141123454", "L-2031", "Ni",
         "22.31", "0.15", "%"),
        ("COA-4711", "2026-03-02", "2026-02-28", "Vester Assay Lab", "ICP-OES", "09521141123454", "L-2031", "Co",
         "1040", "30", "ppm"),
    ),
)  # fmt: skip

TEMPLATES: Final[dict[str, Template]] = {
    template.name: template for template in (SHIPMENTS, RECEIPTS, PRODUCTION, ASSAYS)
}
