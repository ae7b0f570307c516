"""Records to test with."""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction

from attrs import evolve

from lodeline.passports.record import ITEM, MODEL, Making, Profile, Record, Share, Source, Stated, Traced

KEY = "https://id.gs1.org/01/09521001000017/21/HV77-001"
MAKER = "https://id.gs1.org/417/9521000000004"
BASE = "https://passports.example"


def source(position=1, **more):
    return Source(
        **{
            "position": position,
            "id": f"urn:uuid:00000000-0000-0000-0000-{position:012d}",
            "kind": "battery.model",
            "issuer": MAKER,
            "level": "E2",
            "day": "2026-05-04",
            **more,
        }
    )


def stated(points, part=MODEL, position=1, status="", *, by_maker=True):
    return Stated(part=part, source=source(position), points=points, status=status, by_maker=by_maker)


def cobalt(**more):
    shares = (
        Share(country="AU", recycled=False, share=Fraction(46, 100)),
        Share(country="PL", recycled=True, share=Fraction(86, 1000)),
    )
    return Traced(
        **{
            "substance": "Co",
            "mass": 15_300_000,
            "shares": shares,
            "unknown": Fraction(454, 1000),
            "positions": (3, 4),
            **more,
        }
    )


def making(**more):
    return Making(
        **{
            "time": datetime(2026, 5, 3, 8, tzinfo=UTC),
            "source": source(7, kind="epcis.event", id="ni:///sha-256;ab", level="S", day="2026-05-03"),
            "product": "Halvard HV77",
            "mass": 462_000_000,
            "composition": {"Ni": Fraction(1, 10), "Co": Fraction(3, 100), "Mn": Fraction(3, 100)},
            "traced": {"Co": cobalt()},
            **more,
        }
    )


def record(*statements, **more):
    made = Record(
        key=KEY,
        gtin="09521001000017",
        serial="HV77-001",
        category="EV",
        base=BASE,
        position=99,
        maker=Profile(
            uri=MAKER, name="Norrsund Pack Works", country="SE", contact="a@b.example", source=source(0)
        ),
        statements=statements,
        model=source(1),
        making=making(),
        facility=Profile(
            uri="https://id.gs1.org/414/9521000000011", name="Norrsund plant", country="SE", source=source(5)
        ),
    )
    return evolve(made, **more)


ALL = {
    "3": "Norrsund Pack Works AB",
    "4": "Packvägen 1, 440 00 Norrsund",
    "10": {"value": "462", "unit": "kg"},
    "11": {"value": "77.0", "unit": "kWh"},
    "12": "Lithium-ion, NMC 622",
    "13": ["LiPF6"],
    "26": {"value": "268", "unit": "V"},
    "27": "352",
    "28": "403",
    "31": "1500",
    "42": "https://norrsund.example/doc.pdf",
    "45": "Cathode NMC",
    "50": "Report 9",
}
__all__ = ["ALL", "BASE", "ITEM", "KEY", "MAKER", "MODEL", "cobalt", "making", "record", "source", "stated"]
