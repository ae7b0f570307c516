"""The method: a data file with a hash. Points, goalposts, caps, profiles and gates are read, never coded."""

from __future__ import annotations

import hashlib
import tomllib
from fractions import Fraction
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from attrs import frozen

from lodeline.evidence import CAPS, EvidenceLevel

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

VERSIONS = ("v1",)


@frozen(kw_only=True)
class Sub:
    """One sub-indicator. `low` and `high` are the goalposts for 0 and 1, in `unit`.

    `cap` is the highest level of evidence that is reachable, `declared` the level self-declared data get ("" where
    nothing can be declared).
    """

    id: str
    name: str
    points: Fraction
    unit: str
    low: Fraction
    high: Fraction
    cap: EvidenceLevel
    declared: str
    pillar: str
    definition: str
    evidence: str
    reference: str
    rationale: str

    @property
    def indicator(self) -> str:
        return self.id[:2]

    @property
    def ceiling(self) -> Fraction:
        """The largest share of the points that any evidence can earn here."""
        return CAPS[self.cap]


@frozen(kw_only=True)
class Indicator:
    code: str
    name: str
    points: int
    question: str


@frozen(kw_only=True)
class Profile:
    """What differs for a segment: sub-indicators that do not apply (with the reason), other goalposts."""

    segment: str
    name: str
    not_applicable: Mapping[str, str]
    goalposts: Mapping[str, tuple[Fraction, Fraction]]
    key_schemes: tuple[str, ...]


@frozen(kw_only=True)
class Gate:
    """A veto on facts. `effect` is "cap" (with `cap` points) or "withhold" (no score is published)."""

    id: str
    name: str
    trigger: str
    effect: str
    cap: Fraction | None
    lift: str
    segments: tuple[str, ...]


@frozen(kw_only=True)
class Method:
    id: str
    title: str
    effective: str
    hash: str
    rules: Mapping[str, Any]
    bands: tuple[tuple[str, Fraction], ...]
    pillars: Mapping[str, str]
    indicators: tuple[Indicator, ...]
    subs: tuple[Sub, ...]
    profiles: Mapping[str, Profile]
    gates: tuple[Gate, ...]
    words: Mapping[str, tuple[str, ...]]
    custody: Mapping[str, Fraction]
    high_risk_version: str
    high_risk: frozenset[str]
    regions: Mapping[str, frozenset[str]]

    def rule(self, name: str) -> Fraction:
        """A rule's number, exact."""
        return Fraction(self.rules[name])

    def sub(self, sub_id: str) -> Sub:
        """Raises KeyError for an id that the method does not know."""
        return self._by_id()[sub_id]

    def of(self, code: str) -> tuple[Sub, ...]:
        """The sub-indicators of one indicator, in the method's order."""
        return tuple(sub for sub in self.subs if sub.indicator == code)

    def goalposts(self, sub: Sub, segment: str) -> tuple[Fraction, Fraction]:
        return self.profiles[segment].goalposts.get(sub.id, (sub.low, sub.high))

    def region(self, country: str) -> str:
        """Region of an ISO 3166 alpha-2 code; "" for one that is not known."""
        return next((name for name, codes in self.regions.items() if country in codes), "")

    def segment(self, roles: Collection[str]) -> str:
        """The segment a party is compared in: its role furthest down the chain; "" for none that is scored."""
        return next((name for name in [*self.profiles][::-1] if name in roles), "")

    def weights(self, segment: str) -> dict[str, Fraction]:
        """Points per applicable sub-indicator; what does not apply is spread inside its own indicator."""
        out = self.profiles[segment].not_applicable
        found: dict[str, Fraction] = {}
        for indicator in self.indicators:
            kept = [sub for sub in self.of(indicator.code) if sub.id not in out]
            scale = indicator.points / sum((sub.points for sub in kept), Fraction(0))
            found.update({sub.id: sub.points * scale for sub in kept})
        return found

    def _by_id(self) -> dict[str, Sub]:
        return {sub.id: sub for sub in self.subs}


class MethodError(ValueError):
    """The data file does not hold together; says where."""


@lru_cache(maxsize=8)
def load(version: str = "v1") -> Method:
    """The published method `version`. Raises MethodError for a version that does not exist."""
    if version not in VERSIONS:
        raise MethodError(f"no method {version!r}; there are: {', '.join(VERSIONS)}")
    return read(source(version))


def source(version: str = "v1") -> bytes:
    """The bytes of the data file, as hashed."""
    return files(__package__).joinpath(f"method-{version}.toml").read_bytes()


def read(data: bytes) -> Method:
    """A method from its bytes. The hash is SHA-256 over exactly these bytes. Raises MethodError."""
    try:
        raw = tomllib.loads(data.decode("utf-8"))
        method = _build(raw, hashlib.sha256(data).hexdigest())
    except (KeyError, TypeError, ValueError, ZeroDivisionError) as error:
        raise MethodError(f"unusable method: {error!r}") from error
    _hold_together(method)
    return method


def _build(raw: dict[str, Any], digest: str) -> Method:
    numbers = ("points", "low", "high")
    return Method(
        id=raw["id"],
        title=raw["title"],
        effective=raw["effective"],
        hash=digest,
        rules=raw["rules"],
        bands=tuple((name, Fraction(least)) for name, least in raw["bands"].items()),
        pillars=raw["pillars"],
        indicators=tuple(Indicator(**row) for row in raw["indicator"]),
        subs=tuple(
            Sub(**{**row, **{key: Fraction(row[key]) for key in numbers}, "cap": EvidenceLevel(row["cap"])})
            for row in raw["sub"]
        ),
        profiles={
            segment: Profile(
                segment=segment,
                name=row["name"],
                not_applicable=row["not_applicable"],
                goalposts={
                    key: (Fraction(low), Fraction(high)) for key, (low, high) in row["goalposts"].items()
                },
                key_schemes=tuple(row["key_schemes"]),
            )
            for segment, row in raw["profile"].items()
        },
        gates=tuple(
            Gate(
                **{
                    **row,
                    "cap": Fraction(row["cap"]) if row["cap"] else None,
                    "segments": tuple(row["segments"]),
                }
            )
            for row in raw["gate"]
        ),
        words={key: tuple(values) for key, values in raw["words"].items()},
        custody={key: Fraction(value) for key, value in raw["custody"].items()},
        high_risk_version=raw["areas"]["version"],
        high_risk=frozenset(raw["areas"]["high_risk"]),
        regions={name: frozenset(codes.split()) for name, codes in raw["regions"].items()},
    )


def _hold_together(method: Method) -> None:
    if sum(indicator.points for indicator in method.indicators) != 100:
        raise MethodError("the indicators' points do not add up to 100")
    for indicator in method.indicators:
        if sum((sub.points for sub in method.of(indicator.code)), Fraction(0)) != indicator.points:
            raise MethodError(f"the points below {indicator.code} do not add up to {indicator.points}")
    known = {sub.id for sub in method.subs}
    for sub in method.subs:
        if sub.pillar not in method.pillars or sub.low == sub.high:
            raise MethodError(f"{sub.id} has no pillar or no goalposts")
    for profile in method.profiles.values():
        if not known >= {*profile.not_applicable, *profile.goalposts}:
            raise MethodError(f"the profile {profile.segment} names sub-indicators that do not exist")
        for indicator in method.indicators:
            if all(sub.id in profile.not_applicable for sub in method.of(indicator.code)):
                raise MethodError(f"the profile {profile.segment} leaves nothing of {indicator.code}")
