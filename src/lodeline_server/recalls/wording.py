"""What a comparison of failed and sound items says, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from lodeline_server.kit.templatetags.lode import groups

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lodeline.recalls.cause import Causes, Finding

KINDS = {
    "lot": gettext_lazy("lot"),
    "machine": gettext_lazy("machine"),
    "site": gettext_lazy("site"),
    "party": gettext_lazy("party"),
    "day": gettext_lazy("day"),
    "shift": gettext_lazy("shift"),
}
NAMED = 3
RARE = 1e-6


def named(factors: Sequence[tuple[str, str]]) -> str:
    """`lot CAM-17, machine Coater 2 and 4 more`: what touches the same items and cannot be told apart."""
    order = list(KINDS)
    ranked = sorted(factors, key=lambda one: (order.index(one[0]) if one[0] in order else len(order), one[1]))
    said = ", ".join(f"{KINDS.get(kind, kind)} {name}" for kind, name in ranked[:NAMED])
    more = len(ranked) - NAMED
    return said + " " + ngettext("and %(n)s more", "and %(n)s more", more) % {"n": more} if more > 0 else said


def finding(one: Finding, found: Causes, name: str) -> str:
    """One candidate: its table of four, odds, and how likely that is by chance."""
    return _(
        "%(name)s: behind %(a)s of the %(failed)s failed items and %(c)s of the %(sound)s sound ones. With it the odds "
        "of failing are %(odds)s times those without (likely %(low)s to %(high)s). By chance alone, after correction "
        "for %(tested)s candidates: %(p)s."
    ) % {
        "name": name,
        "a": groups(one.failed),
        "failed": groups(found.failed),
        "c": groups(one.sound),
        "sound": groups(found.sound),
        "odds": figure(one.odds),
        "low": figure(one.low),
        "high": figure(one.high),
        "tested": groups(found.tested),
        "p": chance(one.adjusted),
    }


def conclusion(found: Causes, name: Callable[[Finding], str]) -> str:
    """The answer in one sentence."""
    if not found.findings:
        return _("Nothing that is on record flowed into the failed items.")
    best = found.findings[0]
    if not best.significant:
        return _("Nothing stands out: what fits best, %(name)s, is as good by chance with %(p)s.") % {
            "name": name(best),
            "p": chance(best.adjusted),
        }
    return _(
        "%(name)s explains it best: behind %(a)s of %(failed)s failed items and %(c)s of %(sound)s sound ones."
    ) % {
        "name": name(best)[:1].upper() + name(best)[1:],
        "a": groups(best.failed),
        "failed": groups(found.failed),
        "c": groups(best.sound),
        "sound": groups(found.sound),
    }


def figure(value: Any) -> str:
    """An odds ratio: 0.42, 3.1, 1,250."""
    number = float(value)
    if number >= 100:
        return groups(round(number))
    return f"{number:.1f}" if number >= 1 else f"{number:.2g}"


def chance(p: Any) -> str:
    """A probability as people read it: 3.2 %, or 1 in 250,000."""
    value = float(p)
    if value < RARE:
        return _("less than 1 in a million")
    if value < 0.01:
        return _("1 in %(n)s") % {"n": groups(round(1 / value))}
    return f"{value * 100:.2g}\u202f%"
