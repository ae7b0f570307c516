"""What asks for somebody in the evidence: certificates, gates, incidents, balances that contradict themselves."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Final

from django.urls import reverse
from django.utils.translation import gettext as _

from lodeline.trust import method
from lodeline_server.evidence import queries as evidence
from lodeline_server.kit.templatetags.lode import days_left
from lodeline_server.web import balances
from lodeline_server.web.task import Task

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lodeline_server.evidence.models import Fact
    from lodeline_server.trust.models import Score
    from lodeline_server.web.scene import Scene

SOON: Final = 60  # days before a certificate's end
MANY: Final = 3  # suppliers at one closed gate; more are one line
KEY_GATE: Final = "G3"


def certificates(scene: Scene) -> Iterator[Task]:
    """Certificates that ended, were suspended, or end within 60 days and have no successor on record."""
    today = scene.now.date()
    capped = {row.party: _capped(row) for row in scene.scores}
    for fact in newest_certificates(scene):
        standing = fact.content.get("status", "valid")
        days = (fact.valid_until - today).days if fact.valid_until else 9_999
        if standing == "valid" and days > SOON:
            continue
        about = {"number": fact.content.get("number", ""), "party": scene.name(fact.party)}
        scheme = str(fact.content.get("scheme", ""))
        if standing != "valid":
            title = _("Certificate %(number)s (%(party)s) is %(standing)s") % {**about, "standing": standing}
        elif days < 0:
            title = _("Certificate %(number)s (%(party)s) ended on %(day)s") % {
                **about,
                "day": fact.valid_until,
            }
        else:
            title = _("Certificate %(number)s (%(party)s) ends on %(day)s") % {
                **about,
                "day": fact.valid_until,
            }
        yield Task(
            kind="bad" if standing != "valid" else "warn",
            title=title,
            detail=" · ".join(filter(None, [scheme, capped.get(fact.party, "")])),
            short=_("a certificate that is %(standing)s") % {"standing": standing}
            if standing != "valid"
            else _("a certificate about to end")
            if days >= 0
            else _("a certificate that ended"),
            when=days_left(fact.valid_until, today),
            days=days,
            href=scene.supplier(fact.party),
            action=_("Open supplier"),
        )


def newest_certificates(scene: Scene) -> list[Fact]:
    """The certificate in force, or the last one, of each party, scheme and set of sites."""
    rows = evidence.statements(scene.workspace, kinds=["certificate"], party=scene.own)
    newest: dict[tuple[str, str, tuple[str, ...]], Fact] = {}
    for fact in rows:
        place = (
            fact.party,
            str(fact.content.get("scheme")),
            tuple(sorted(map(str, fact.content.get("sites", [])))),
        )
        held = newest.get(place)
        if held is None or (fact.valid_until or date.min) >= (held.valid_until or date.min):
            newest[place] = fact
    return list(newest.values())


def _capped(score: Score) -> str:
    """What the gate on key certificates does, or would do, to this score."""
    state = next((gate["state"] for gate in score.gates if gate["id"] == KEY_GATE), "")
    cap = next((gate.cap for gate in method.load().gates if gate.id == KEY_GATE), None)
    if cap is None or state not in {"warning", "closed"}:
        return ""
    if state == "closed":
        return _("gate %(gate)s caps the score at %(cap)s") % {"gate": KEY_GATE, "cap": f"{float(cap):g}"}
    return _("gate %(gate)s would cap the score at %(cap)s") % {"gate": KEY_GATE, "cap": f"{float(cap):g}"}


def gates(scene: Scene) -> Iterator[Task]:
    """Gates that hold a supplier's score down; several of one gate are one line."""
    closed: dict[str, list[tuple[Score, dict[str, Any]]]] = {}
    for score in scene.scores:
        for gate in score.gates:
            if gate["state"] == "closed" and gate["id"] != KEY_GATE:  # that one is the certificate's line
                closed.setdefault(gate["id"], []).append((score, gate))
    effects = {gate.id: gate.effect for gate in method.load().gates}
    for name, rows in sorted(closed.items()):
        withheld = effects.get(name) == "withhold"
        kind = "bad" if withheld else "warn"
        label = rows[0][1]["name"]
        if len(rows) > MANY:
            yield Task(
                kind=kind,
                title=_("Gate %(gate)s is closed for %(n)s suppliers") % {"gate": name, "n": len(rows)},
                detail=label,
                short=_("closed gates"),
                href=reverse("suppliers") + "?gates=closed",
                action=_("Compare"),
            )
            continue
        for score, gate in rows:
            yield Task(
                kind=kind,
                title=_("Gate %(gate)s is closed at %(party)s") % {"gate": name, "party": score.name},
                detail=_("%(label)s. No score is shown.") % {"label": label} if withheld else label,
                short=_("a supplier whose score is withheld") if withheld else _("a closed gate"),
                when=days_left(date.fromisoformat(gate["due"]), scene.now) if gate.get("due") else "",
                href=scene.supplier(score.party),
                action=_("See gate"),
            )


def incidents(scene: Scene) -> Iterator[Task]:
    """Incidents that are open."""
    for fact in evidence.statements(scene.workspace, kinds=["incident"], party=scene.own):
        if fact.content.get("closed"):
            continue
        severity = str(fact.content.get("severity", ""))
        yield Task(
            kind="bad" if severity == "critical" else "warn",
            title=_("Incident at %(party)s: %(what)s")
            % {"party": scene.name(fact.party), "what": fact.content.get("description", "")},
            detail=_("%(severity)s, opened %(day)s")
            % {"severity": severity, "day": fact.content.get("opened", "")},
            short=_("an open incident"),
            when=days_left(fact.issued, scene.now),
            days=0,
            href=reverse("statement", args=[fact.position]),
            action=_("Read"),
        )


def contradictions(scene: Scene) -> Iterator[Task]:
    """Sites that gave out more of a substance than all identified inputs hold."""
    for gap in balances.gaps(scene.actor):
        said = {"site": gap.site, "gap": gap.percent, "substance": gap.substance}
        yield Task(
            kind="bad" if gap.large else "warn",
            title=_("Mass balance at %(site)s: %(gap)s more %(substance)s out than in") % said,
            detail=_("%(quarter)s · tolerance %(tolerance)s")
            % {"quarter": gap.quarter, "tolerance": balances.TOLERANCE_WORDS},
            short=_("a mass balance that contradicts itself"),
            href=scene.supplier(gap.party),
            action=_("Open supplier"),
        )
