"""The method as tables for people, written from the same data that computes scores."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lodeline.evidence import CAPS, EvidenceLevel

if TYPE_CHECKING:
    from collections.abc import Iterable
    from fractions import Fraction

    from lodeline.trust.method import Method, Sub

LEVELS = {
    EvidenceLevel.E0: "nothing",
    EvidenceLevel.E1: "self-declaration, without the party's own signature or without a document",
    EvidenceLevel.E2: "self-declaration, signed by the party, with a document",
    EvidenceLevel.E3: "second party: a buyer's audit, a desk check, a membership scheme",
    EvidenceLevel.E4: "third party, not accredited for this scope",
    EvidenceLevel.E5: "accredited third party; scope, dates, signature and status hold",
    EvidenceLevel.S: "computed from the log itself",
}


def sections(method: Method) -> dict[str, str]:
    """Markdown tables by name: indicators, sub-indicators, levels, profiles, pillars, gates, bands, rules."""
    rules = method.rules
    return {
        "identity": f"Method `{method.id}`, in force from {method.effective}. "
        f"SHA-256 of its data file: `{method.hash}`",
        "indicators": _table(
            ("Code", "Indicator", "Points", "Question"),
            ((row.code, row.name, str(row.points), row.question) for row in method.indicators),
        ),
        "sub-indicators": "\n\n".join(
            f"### {row.code} {row.name} ({row.points})\n\n"
            + _table(
                ("Id", "What is measured", "Points", "Goalposts", "Highest evidence", "Source", "Reference"),
                (_sub(sub) for sub in method.of(row.code)),
            )
            for row in method.indicators
        ),
        "levels": _table(
            ("Level", "Meaning", "Earns at most"),
            ((level.value, words, f"{number(CAPS[level] * 100)} %") for level, words in LEVELS.items()),
        ),
        "profiles": _table(
            ("Segment", "Does not apply", "Other goalposts"),
            (
                (
                    profile.name,
                    ", ".join(
                        f"{name} ({why.replace('-', ' ')})" for name, why in profile.not_applicable.items()
                    )
                    or "none",
                    ", ".join(
                        f"{name}: {number(low)} to {number(high)}"
                        for name, (low, high) in profile.goalposts.items()
                    )
                    or "none",
                )
                for profile in method.profiles.values()
            ),
        ),
        "pillars": _table(
            ("Pillar", "Name", "Fed by"),
            (
                (key, name, ", ".join(sub.id for sub in method.subs if sub.pillar == key))
                for key, name in method.pillars.items()
            ),
        ),
        "gates": _table(
            ("Gate", "Name", "Closes on", "Effect", "Opens again"),
            (
                (
                    gate.id,
                    gate.name,
                    gate.trigger,
                    "score withheld" if gate.cap is None else f"at most {number(gate.cap)} points",
                    gate.lift,
                )
                for gate in method.gates
            ),
        ),
        "bands": _table(
            ("Band", "Lower end of the likely range from"),
            ((name, number(least)) for name, least in method.bands),
        ),
        "rules": _table(
            ("Rule", "Value"),
            (
                ("Coverage needed in all", percent(method.rule("coverage_floor"))),
                (
                    f"Coverage needed in every indicator of {rules['indicator_floor_from']} points or more",
                    percent(method.rule("indicator_floor")),
                ),
                (
                    "Estimate for a missing cell, without enough peers",
                    percent(method.rule("missing_estimate")),
                ),
                ("Peers needed for a better estimate", str(rules["peers_least"])),
                ("Months of full value where no end is stated", str(rules["age_full_months"])),
                ("Months in which a measurement then fades to nothing", str(rules["age_fade_months"])),
                ("Months of lots and records that are looked at", str(rules["period_months"])),
                ("Points below its threshold at which a band is lost", str(rules["hysteresis"])),
                ("Draws for the likely range", str(rules["draws"])),
                (
                    "Watch list of areas",
                    f"version {method.high_risk_version}: {', '.join(sorted(method.high_risk))}",
                ),
            ),
        ),
    }


def number(value: Fraction) -> str:
    """Exact decimal text, no trailing zeros; the method's numbers are all finite decimals."""
    text = f"{float(value):.6f}".rstrip("0").rstrip(".")
    return text.replace("-", "\N{MINUS SIGN}")


def percent(value: Fraction) -> str:
    return f"{number(value * 100)} %"


def goalposts(sub: Sub) -> str:
    """From 0 to 1, in the unit of the sub-indicator."""
    if sub.unit == "share":
        return f"{percent(sub.low)} to {percent(sub.high)}"
    return f"{number(sub.low)} to {number(sub.high)} {sub.unit}"


def _sub(sub: Sub) -> tuple[str, ...]:
    highest = sub.cap.value + (f"; declared {sub.declared}" if sub.declared else "")
    said = f"**{sub.name}.** {sub.definition} {sub.rationale}"
    return (sub.id, said, number(sub.points), goalposts(sub), highest, sub.evidence, sub.reference)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
