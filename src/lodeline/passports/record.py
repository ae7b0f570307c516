"""What a passport is made from: statements, the event that made the battery, and the trace of its materials."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import Factory, frozen

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from fractions import Fraction

MODEL, BATCH, ITEM = "model", "batch", "item"
PARTS = (MODEL, BATCH, ITEM)
"""The parts of a record, each overruling the ones before it."""


@frozen(kw_only=True)
class Source:
    """The statement a value came from. `level`: strength of evidence, S for what is computed. `day`: YYYY-MM-DD."""

    position: int
    id: str
    kind: str
    issuer: str = ""
    level: str = ""
    signed_by: str = ""
    day: str = ""


@frozen(kw_only=True)
class Stated:
    """A `battery.model` or `battery.item` statement. `points` as stated, by number; `status`: point 67."""

    part: str
    source: Source
    points: Mapping[str, Any]
    status: str = ""
    # False: not the maker. Only a change of the battery's status is taken from others who hold it.
    by_maker: bool = True


@frozen(kw_only=True)
class Profile:
    """A party or site as it describes itself. `kind` of a site; `contact` of a party."""

    uri: str
    name: str
    country: str = ""
    kind: str = ""
    contact: str = ""
    source: Source | None = None


@frozen(kw_only=True)
class Share:
    """A part of one substance from one country; `recycled` when it comes from a recycler."""

    country: str
    recycled: bool
    share: Fraction


@frozen(kw_only=True)
class Traced:
    """Where one substance comes from. `shares` and `unknown` sum to one; `mass` in mg, None when not stated."""

    substance: str
    mass: int | None
    shares: tuple[Share, ...]
    unknown: Fraction
    positions: tuple[int, ...] = ()


@frozen(kw_only=True)
class Making:
    """The event by which the battery came to be. `mass` in mg; `composition`: substance to mass fraction."""

    time: datetime
    source: Source
    product: str = ""
    mass: int | None = None
    composition: Mapping[str, Fraction] = Factory(dict)
    traced: Mapping[str, Traced] = Factory(dict)


@frozen(kw_only=True)
class Record:
    """Everything about one battery at a log position.

    `base`: the address below which passports are published, without a slash at its end. `status` of the
    passport (EN 18223): active, inactive, archived, invalid.
    """

    key: str
    gtin: str
    serial: str
    category: str
    base: str
    position: int
    maker: Profile
    statements: tuple[Stated, ...]
    model: Source
    making: Making | None = None
    facility: Profile | None = None
    status: str = "active"
    derived_from: tuple[str, ...] = ()
    succeeded_by: tuple[str, ...] = ()
