"""What asks for somebody: findings of all stations as one list, most urgent first."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lodeline.access import Permission
from lodeline.trust import method
from lodeline_server.events import queries as events
from lodeline_server.events.models import CaptureJob
from lodeline_server.evidence import queries as evidence
from lodeline_server.kit.charts.numbers import dose
from lodeline_server.kit.templatetags.lode import days_left, groups
from lodeline_server.passports import queries as issued
from lodeline_server.recalls import queries as recalled
from lodeline_server.trust import queries as trust
from lodeline_server.web import balances

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from lodeline.access import Actor
    from lodeline_server.evidence.models import Fact
    from lodeline_server.trust.models import Score

SOON: Final = 60  # days before a certificate's end
RECENT: Final = timedelta(days=30)
MANY: Final = 3  # from here on, one line for all
ORDER: Final = {"bad": 0, "warn": 1, "waiting": 2, "none": 3}
KEY_GATE: Final = "G3"


@frozen(kw_only=True)
class Task:
    """One line of the inbox. `short` is how the heading names it; `days`: how urgent, fewer first."""

    kind: str
    title: str
    detail: str
    short: str
    when: str = ""
    days: int = 9_999
    href: str = ""
    action: str = ""


def inbox(actor: Actor, now: datetime) -> list[Task]:
    """All tasks the actor may see, the most urgent first."""
    found = [task for permission, source in SOURCES if actor.may(permission) for task in source(actor, now)]
    return sorted(found, key=lambda task: (ORDER[task.kind], task.days, task.title))


def recalls(actor: Actor, now: datetime) -> Iterator[Task]:
    """Recalls of the last 30 days that reached batteries."""
    for row in recalled.visible(actor).filter(computed_at__gte=now - RECENT, affected__gt=0)[:MANY]:
        said = {
            "number": row.number,
            "n": groups(row.affected),
            "lot": row.label,
            "dose": dose(row.threshold),
        }
        template = ngettext(
            "Recall %(number)s: %(n)s battery holds %(dose)s or more of lot %(lot)s",
            "Recall %(number)s: %(n)s batteries hold %(dose)s or more of lot %(lot)s",
            row.affected,
        )
        yield Task(
            kind="bad",
            title=template % said,
            detail=row.reason or _("No reason is stated"),
            short=_("batteries to block"),
            when=days_left(row.computed_at.date(), now),
            days=-1,
            href=row.get_absolute_url(),
            action=_("Open recall"),
        )


def passports(actor: Actor, _now: datetime) -> Iterator[Task]:
    """Batteries of a stated model without a passport, for those who issue them."""
    waiting = issued.waiting(actor).filter(party=actor.party).count() if actor.party else 0
    if waiting:
        yield Task(
            kind="waiting",
            title=ngettext(
                "%(n)s battery of yours has no passport yet",
                "%(n)s batteries of yours have no passport yet",
                waiting,
            )
            % {"n": groups(waiting)},
            detail=_("A passport is asked for when a battery is placed on the market"),
            short=_("batteries without a passport"),
            href=reverse("passports_waiting"),
            action=_("Show batteries"),
        )


def captures(actor: Actor, now: datetime) -> Iterator[Task]:
    """Documents of the last 30 days that were refused or failed, and what was taken with warnings."""
    jobs = events.jobs(actor).filter(created_at__gte=now - RECENT)
    lost = jobs.filter(state__in=[CaptureJob.State.REFUSED, CaptureJob.State.FAILED])
    for job in lost[:MANY]:
        errors = sum(1 for finding in job.findings if finding.get("severity") == "error")
        name = job.name or job.kind or _("document")
        first = next(
            (finding["message"] for finding in job.findings if finding.get("severity") == "error"), ""
        )
        days = (now - job.created_at).days
        yield Task(
            kind="bad",
            title=_("“%(name)s” from %(who)s was refused") % {"name": name, "who": job.organisation.name},
            detail=first or ngettext("%(n)s error", "%(n)s errors", errors) % {"n": groups(errors)},
            short=_("a refused document"),
            when=days_left(job.created_at.date(), now),
            days=days,
            href=reverse("capture", args=[job.uuid]),
            action=_("Read findings"),
        )
    rest = lost.count() - MANY
    if rest > 0:
        yield Task(
            kind="bad",
            title=_("%(n)s more documents were refused") % {"n": groups(rest)},
            detail=_("In the last 30 days"),
            short=_("refused documents"),
            href=reverse("captures") + "?state=refused",
            action=_("Show all"),
        )
    warned = jobs.filter(state=CaptureJob.State.TAKEN).exclude(findings=[]).count()
    if warned:
        yield Task(
            kind="waiting",
            title=ngettext(
                "%(n)s document was taken with findings", "%(n)s documents were taken with findings", warned
            )
            % {"n": groups(warned)},
            detail=_("In the last 30 days; they are on record, and worth a look"),
            short=_("findings in captured documents"),
            href=reverse("captures") + "?state=taken",
            action=_("Show captures"),
        )


def certificates(actor: Actor, now: datetime) -> Iterator[Task]:
    """Certificates that ended, were suspended, or end within 60 days and have no successor on record."""
    today = now.date()
    names = dict(evidence.parties(actor.workspace or 0).values_list("uri", "name"))
    links = dict(evidence.parties(actor.workspace or 0).values_list("uri", "pk"))
    key = (
        {row.party: _capped(row) for row in trust.latest(actor)} if actor.may(Permission.SCORES_VIEW) else {}
    )
    for fact in newest_certificates(actor):
        standing = fact.content.get("status", "valid")
        days = (fact.valid_until - today).days if fact.valid_until else 9_999
        if standing == "valid" and days > SOON:
            continue
        about = {"number": fact.content.get("number", ""), "party": names.get(fact.party, fact.party)}
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
            detail=" · ".join(filter(None, [scheme, key.get(fact.party, "")])),
            short=_("a certificate that is %(standing)s") % {"standing": standing}
            if standing != "valid"
            else _("a certificate about to end")
            if days >= 0
            else _("a certificate that ended"),
            when=days_left(fact.valid_until, today),
            days=days,
            href=reverse("supplier", args=[links[fact.party]]) if fact.party in links and key else "",
            action=_("Open supplier"),
        )


def newest_certificates(actor: Actor) -> list[Fact]:
    """The certificate in force, or the last one, of each party, scheme and set of sites."""
    rows = evidence.statements(
        actor.workspace or 0, kinds=["certificate"], party=actor.party if actor.only_own else None
    )
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


def gates(actor: Actor, _now: datetime) -> Iterator[Task]:
    """Gates that hold a supplier's score down; several of one gate are one line."""
    links = dict(evidence.parties(actor.workspace or 0).values_list("uri", "pk"))
    closed: dict[str, list[tuple[Score, dict[str, Any]]]] = {}
    for score in trust.latest(actor):
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
                when=days_left(date.fromisoformat(gate["due"]), _now) if gate.get("due") else "",
                href=reverse("supplier", args=[links[score.party]]) if score.party in links else "",
                action=_("See gate"),
            )


def incidents(actor: Actor, now: datetime) -> Iterator[Task]:
    """Incidents that are open."""
    own = actor.party if actor.only_own else None
    names = dict(evidence.parties(actor.workspace or 0).values_list("uri", "name"))
    for fact in evidence.statements(actor.workspace or 0, kinds=["incident"], party=own):
        if fact.content.get("closed"):
            continue
        severity = str(fact.content.get("severity", ""))
        yield Task(
            kind="bad" if severity == "critical" else "warn",
            title=_("Incident at %(party)s: %(what)s")
            % {"party": names.get(fact.party, fact.party), "what": fact.content.get("description", "")},
            detail=_("%(severity)s, opened %(day)s")
            % {"severity": severity, "day": fact.content.get("opened", "")},
            short=_("an open incident"),
            when=days_left(fact.issued, now),
            days=0,
            href=reverse("statement", args=[fact.position]),
            action=_("Read"),
        )


def contradictions(actor: Actor, _now: datetime) -> Iterator[Task]:
    """Sites that gave out more of a substance than all identified inputs hold."""
    links = dict(evidence.parties(actor.workspace or 0).values_list("uri", "pk"))
    for gap in balances.gaps(actor):
        said = {"site": gap.site, "gap": gap.percent, "substance": gap.substance}
        yield Task(
            kind="bad" if gap.large else "warn",
            title=_("Mass balance at %(site)s: %(gap)s more %(substance)s out than in") % said,
            detail=_("%(quarter)s · tolerance %(tolerance)s")
            % {"quarter": gap.quarter, "tolerance": balances.TOLERANCE_WORDS},
            short=_("a mass balance that contradicts itself"),
            href=reverse("supplier", args=[links[gap.party]])
            if gap.party in links and actor.may(Permission.SCORES_VIEW)
            else "",
            action=_("Open supplier"),
        )


def jobs_failed(_actor: Actor, _now: datetime) -> Iterator[Task]:
    """Work of the platform itself that failed."""
    from django_tasks_db.models import DBTaskResult

    failed = DBTaskResult.objects.failed().count()
    if failed:
        yield Task(
            kind="warn",
            title=ngettext("%(n)s job failed", "%(n)s jobs failed", failed) % {"n": groups(failed)},
            detail=_("Each can be run again"),
            short=_("failed jobs"),
            href=reverse("operator"),
            action=_("Show jobs"),
        )


SOURCES: list[tuple[Permission, Any]] = [
    (Permission.RECALLS_VIEW, recalls),
    (Permission.CAPTURE_VIEW, captures),
    (Permission.EVIDENCE_VIEW, certificates),
    (Permission.SCORES_VIEW, gates),
    (Permission.EVIDENCE_VIEW, incidents),
    (Permission.EVIDENCE_VIEW, contradictions),
    (Permission.PASSPORTS_ISSUE, passports),
    (Permission.OPERATE, jobs_failed),
]
