"""Who is in the demonstration world, and what they make. Every name is invented.

The identifiers stand under the GS1 prefix 952, which GS1 keeps for demonstrations. They do not depend on
the anchor date, so a guide may print them.
"""

from __future__ import annotations

import tomllib
from datetime import date, datetime, timedelta, timezone
from functools import cache
from importlib.resources import files
from typing import Any

from attrs import field, frozen

from lodeline.identifiers import check_digit

ID = "https://id.gs1.org"
MONTHS, SMALL_MONTHS = 18, 3

# UTC offset of each country's clock (one per country; summer time is left out) and the region of its ports.
COUNTRIES: dict[str, tuple[str, str]] = {
    "AE": ("+04:00", "asia"),
    "AR": ("-03:00", "south america"),
    "AU": ("+08:00", "oceania"),
    "BE": ("+01:00", "europe"),
    "CA": ("-05:00", "north america"),
    "CD": ("+02:00", "africa"),
    "CH": ("+01:00", "europe"),
    "CL": ("-04:00", "south america"),
    "CN": ("+08:00", "asia"),
    "DE": ("+01:00", "europe"),
    "DK": ("+01:00", "europe"),
    "ES": ("+01:00", "europe"),
    "FI": ("+02:00", "europe"),
    "GA": ("+01:00", "africa"),
    "GB": ("+00:00", "europe"),
    "GN": ("+00:00", "africa"),
    "ID": ("+08:00", "asia"),
    "IN": ("+05:30", "asia"),
    "IS": ("+00:00", "europe"),
    "JP": ("+09:00", "asia"),
    "KR": ("+09:00", "asia"),
    "MG": ("+03:00", "africa"),
    "MY": ("+08:00", "asia"),
    "MZ": ("+02:00", "africa"),
    "NL": ("+01:00", "europe"),
    "NO": ("+01:00", "europe"),
    "PE": ("-05:00", "south america"),
    "PH": ("+08:00", "asia"),
    "PL": ("+01:00", "europe"),
    "PT": ("+00:00", "europe"),
    "SE": ("+01:00", "europe"),
    "US": ("-05:00", "north america"),
    "ZA": ("+02:00", "africa"),
    "ZM": ("+02:00", "africa"),
}


@frozen(kw_only=True)
class Site:
    """A place with a GLN."""

    uri: str
    name: str
    kind: str
    country: str
    latitude: str
    longitude: str


@frozen(kw_only=True)
class Party:
    """One organisation. `grade` says how good its papers are, from a to d."""

    slug: str
    number: int
    name: str
    country: str
    roles: tuple[str, ...]
    materials: tuple[str, ...]
    grade: str
    small: bool
    batch: str
    delay: tuple[int, int]
    signs: bool
    parent: str
    city: str
    sites: tuple[Site, ...]

    @property
    def prefix(self) -> str:
        return f"952{self.number}"

    @property
    def uri(self) -> str:
        return gln(self.prefix, 0, "417")

    @property
    def site(self) -> Site:
        return self.sites[0]

    @property
    def offset(self) -> str:
        return COUNTRIES[self.country][0]

    @property
    def region(self) -> str:
        return COUNTRIES[self.country][1]

    @property
    def clock(self) -> timezone:
        sign = -1 if self.offset[0] == "-" else 1
        return timezone(sign * timedelta(hours=int(self.offset[1:3]), minutes=int(self.offset[4:6])))

    @property
    def supplier(self) -> bool:
        """True for the parties that a buyer compares: everyone up to the pack, and the recycler."""
        return bool(
            {"mine", "trader", "refiner", "active_material", "cell", "pack", "recycler"} & set(self.roles)
        )

    def gtin(self, ref: int) -> str:
        body = f"{self.prefix}{ref:05d}"
        return f"0{body}{check_digit(body)}"

    def lot(self, ref: int, code: str) -> str:
        return f"{ID}/01/{self.gtin(ref)}/10/{code}"

    def item(self, ref: int, serial: str) -> str:
        return f"{ID}/01/{self.gtin(ref)}/21/{serial}"

    def asset(self, reference: str) -> str:
        return f"{ID}/8004/{self.prefix}{reference}"


def gln(prefix: str, location: int, ai: str) -> str:
    body = f"{prefix}{location:05d}"
    return f"{ID}/{ai}/{body}{check_digit(body)}"


@frozen(kw_only=True)
class Product:
    """What one lot or item is made of. `ppm`: substances, micrograms in a gram; `grams`: one counted piece."""

    slug: str
    name: str
    ref: int
    ppm: dict[str, int]
    feed: tuple[str, ...]
    parts: dict[str, float]
    grams: int | None
    serial: str
    first_serial: int


@frozen(kw_only=True)
class Line:
    """One product line of one party, in the world of the chosen size."""

    party: str
    product: str
    lots: int
    size: int
    to: tuple[str, ...]
    prefix: str = ""
    first: int = 1
    heel: float = 0.0
    limit: int = 0
    source: bool = False
    blend: bool = False
    passes: bool = False
    recycled: str = ""


@frozen(kw_only=True)
class World:
    """The cast, the products, the lines and the calendar."""

    anchor: date
    small: bool
    parties: dict[str, Party] = field(repr=False)
    products: dict[str, Product] = field(repr=False)
    lines: tuple[Line, ...] = field(repr=False)

    @property
    def months(self) -> int:
        return SMALL_MONTHS if self.small else MONTHS

    def month(self, index: int) -> date:
        """The first day of month `index` of the story; `months` is the anchor."""
        return shift(self.anchor, index - self.months)

    def is_source(self, line: Line) -> bool:
        return line.source or "mine" in self.parties[line.party].roles


def shift(day: date, months: int) -> date:
    """A first of a month, `months` later."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, 1)


def _site(prefix: str, number: int, country: str, row: dict[str, str]) -> Site:
    return Site(uri=gln(prefix, number, "414"), country=country, **row)


def _party(row: dict[str, Any]) -> Party:
    prefix = f"952{row['number']}"
    sites = [row[name] for name in ("site", "second_site") if name in row]
    # Better papers come sooner, too.
    usual = {"a": (1, 3), "b": (2, 6), "c": (6, 14), "d": (10, 20)}
    grade = row.get("grade", "b")
    return Party(
        slug=row["slug"],
        number=row["number"],
        name=row["name"],
        country=row["country"],
        roles=tuple(row["roles"]),
        materials=tuple(row.get("materials", ())),
        grade=grade,
        small=row.get("small", False),
        batch=row.get("batch", {"a": "fortnight"}.get(grade, "month")),
        delay=tuple(row.get("delay", usual[grade])),
        signs=row.get("signs", False),
        parent=row.get("parent", ""),
        city=row.get("city", ""),
        sites=tuple(_site(prefix, number, row["country"], site) for number, site in enumerate(sites, 1)),
    )


def _product(slug: str, row: dict[str, Any]) -> Product:
    return Product(
        slug=slug,
        name=row["name"],
        ref=row["ref"],
        ppm={substance: round(share * 1_000_000) for substance, share in row.get("comp", {}).items()},
        feed=tuple(row.get("feed", ())),
        parts=row.get("parts", {}),
        grams=row.get("grams"),
        serial=row.get("serial", ""),
        first_serial=row.get("first_serial", 0),
    )


def _line(row: dict[str, Any], *, small: bool, here: set[str]) -> Line | None:
    if row["party"] not in here or (small and "small" not in row):
        return None
    lots, size = row["small"] if small else (row.get("lots", 0), row.get("size", 0))
    limit = size if small and "limit" in row else row.get("limit", 0)
    customers = row.get("small_to", row["to"]) if small else row["to"]
    return Line(
        party=row["party"],
        product=row["product"],
        lots=lots,
        size=size,
        to=tuple(slug for slug in customers if slug in here),
        prefix=row.get("prefix", ""),
        first=row.get("small_first", row.get("first", 1)) if small else row.get("first", 1),
        heel=row.get("heel", 0.0),
        limit=limit,
        source=row.get("source", False),
        blend=row.get("blend", False),
        passes=row.get("pass", False),
        recycled=row.get("recycled", ""),
    )


@cache
def _table(name: str) -> dict[str, Any]:
    return tomllib.loads((files("lodeline_server.demo") / "data" / name).read_text())


def world(anchor: date, *, small: bool = False) -> World:
    """The world whose story ends at `anchor`, the first of a month. `small`: the cut-down one for trying out."""
    if anchor.day != 1:
        anchor = anchor.replace(day=1)
    cast = [_party(row) for row in _table("parties.toml")["party"]]
    parties = {party.slug: party for party in cast if party.small or not small}
    flows = _table("flows.toml")
    lines = [_line(row, small=small, here=set(parties)) for row in flows["line"]]
    return World(
        anchor=anchor,
        small=small,
        parties=parties,
        products={slug: _product(slug, row) for slug, row in flows["product"].items()},
        lines=tuple(line for line in lines if line),
    )


def at(day: date, party: Party, hour: int, minute: int) -> datetime:
    """A clock time at a party's place, as an instant."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=party.clock)
