"""What a score says, in sentences: one template per reason code, translatable."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lodeline.trust.method import Method

NARROW = "\N{NARROW NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"

REASONS: Mapping[str, str] = {
    "traced": noop("Traced to a named mine or recycler: %(materials)s"),
    "no-lots": noop("No lots of the last 12 months are on record"),
    "no-tracked-material": noop("The lots hold none of the tracked materials"),
    "attested": noop("%(with)s of %(of)s source lots carry an origin attestation in force"),
    "no-source-lots": noop("The trace reaches no source lot"),
    "no-attestation-in-force": noop("None of %(of)s source lots carries an origin attestation in force"),
    "conformant": noop("Mass from assessed or certified sites, of %(sites)s sites that sent material"),
    "no-inflow": noop("No hand-over to this party is on record"),
    "no-assessment-of-senders": noop("No assessment of the sending sites is on record"),
    "screened": noop(
        "%(clear)s of %(of)s upstream parties screened without a hit in 90 days; %(exposed)s %% of the mass from "
        "high-risk areas without due diligence on record"
    ),
    "not-screened": noop("No screening of the last 90 days is on record"),
    "stages": noop("Stages covered by the trace, of %(of)s up to this one, over %(lots)s lots"),
    "linked": noop("%(share)s %% of the input mass is linked to identified lots"),
    "no-transformations": noop("No transformation of the last 12 months is on record"),
    "balance": noop("Worst: %(worst)s %% for %(substance)s in %(quarter)s"),
    "no-balance": noop("No balance of input and output can be drawn"),
    "custody-model": noop("Mostly %(main)s"),
    "no-custody-model": noop("No lot states its custody model"),
    "handovers": noop("%(confirmed)s of %(of)s hand-overs are recorded by both sides"),
    "no-hand-overs": noop("No hand-over is on record"),
    "performance": noop("Stated for %(sites)s of %(of)s sites, latest period %(period)s"),
    "performance-expired": noop("The last statement is out of date"),
    "no-performance": noop("Nothing is on record"),
    "breaches": noop("Stated for %(sites)s of %(of)s sites"),
    "fatality": noop("Statements of fatalities in the last 12 months: %(count)s"),
    "audit": noop("Open findings: %(major)s major, %(minor)s minor"),
    "audit-expired": noop("The last assessment is out of date"),
    "no-audit": noop("No assessment is on record"),
    "certified": noop("%(sites)s of %(of)s sites are covered by a certificate in force"),
    "certificates-expired": noop("The certificates on record are no longer in force"),
    "no-certificate": noop("No certificate is on record"),
    "no-certificate-in-scope": noop("No certificate covers the sites of this party"),
    "no-sites": noop("No site of this party is on record"),
    "no-registry-entry": noop("No registry of schemes is on record yet"),
    "live": noop("%(held)s of %(of)s certificates are valid and signed by their issuer"),
    "findings": noop("Major findings open: %(open)s, overdue: %(overdue)s"),
    "tested": noop("Tests in force: %(schemes)s"),
    "no-battery-test": noop("No battery test is on record"),
    "witnessed": noop("In a checkpoint with signatures of witnesses: %(witnesses)s"),
    "checkpointed": noop(
        "All %(facts)s facts are in a signed checkpoint, which no independent witness has signed yet"
    ),
    "no-facts": noop("This party has put no fact on record in the last 12 months"),
    "signed": noop("%(own)s of %(of)s facts carry the party's own signature"),
    "quality": noop("%(share)s %% of the data checks at capture passed"),
    "no-rules-run": noop("No document of this party was checked in the last 12 months"),
    "delay": noop("Median over %(events)s events"),
    "no-events": noop("No event of this party is on record"),
    "governance": noop("%(found)s of %(of)s rules signed; not on record: %(absent)s"),
    "no-governance": noop("No rule for handling data is signed"),
    "corrected": noop("Corrections on record: %(corrections)s"),
    "no-corrections": noop("No correction is on record, so nothing can be said"),
    "duties": noop("%(met)s of %(of)s duties in force are met; not met: %(unmet)s"),
    "no-duties": noop("No statement about duties in force is on record"),
    "diligence": noop("%(met)s of %(of)s due-diligence duties are met; not met: %(unmet)s"),
    "no-diligence": noop("No statement about due diligence is on record"),
    "duties-ahead": noop("%(met)s of %(of)s duties of the next 24 months are ready; not ready: %(unmet)s"),
    "no-duties-ahead": noop("No statement about duties ahead is on record"),
    "duties-expired": noop("The last statement is out of date"),
    "enforcement": noop("Open cases: %(open)s of %(of)s"),
    "no-enforcement-record": noop("No enforcement record, so nothing can be said"),
    "traceable": noop("%(linked)s of %(of)s shipped lots and items trace to what they were made of"),
    "nothing-shipped": noop("No shipment of the last 12 months is on record"),
    "drill-time": noop("Drill of %(date)s, announced: %(announced)s"),
    "drill-found": noop("Drill of %(date)s, announced: %(announced)s"),
    "drill-recency": noop("Last drill on %(date)s"),
    "drill-expired": noop("The last drill, of %(date)s, is out of date"),
    "no-drill": noop("No drill is on record"),
    "recall-plan": noop("%(found)s of %(of)s parts signed; not on record: %(absent)s"),
    "no-recall-plan": noop("No part of a recall plan is on record"),
}

GATES: Mapping[str, str] = {
    "no-hit": noop("Clear"),
    "not-screened": noop("Not screened"),
    "hit-confirmed": noop("Confirmed hit"),
    "hit-upstream": noop("Hit upstream"),
    "hit-before": noop("Earlier hit upstream"),
    "hit-possible": noop("Possible hit"),
    "critical-open": noop("%(count)s open"),
    "none-open": noop("None open"),
    "not-assessed": noop("Not assessed"),
    "certificate-valid": noop("Valid"),
    "certificate-ends": noop("%(days)s days left"),
    "certificate-expired": noop("%(number)s expired"),
    "certificate-suspended": noop("%(number)s suspended"),
    "certificate-withdrawn": noop("%(number)s withdrawn"),
    "no-key-certificate": noop("None on record"),
    "signed": noop("Signed"),
    "not-signed": noop("Not signed"),
    "proven": noop("Proven"),
    "none-proven": noop("None"),
    "pillar-abandoned": noop("%(pillar)s at %(lowest)s"),
    "pillars-held": noop("Lowest %(lowest)s"),
    "executable": noop("Executable"),
    "not-executable": noop("Not executable"),
    "drill-failed-twice": noop("Failed twice"),
    "not-traced": noop("Nothing shipped"),
    "major-overdue": noop("%(count)s overdue"),
    "none-overdue": noop("None"),
    "not-for-segment": noop("Does not apply"),
}

# Icon of kit's status tag for each state of a gate.
GATE_STATUS: Mapping[str, str] = {
    "clear": "ok",
    "warning": "warn",
    "closed": "bad",
    "unknown": "none",
    "not applicable": "none",
}

LOWERED: Mapping[str, str] = {
    "self-declared": noop("declared by the party itself"),
    "second-party": noop("looked at by a business partner, not by a third party"),
    "not-accredited": noop("the third party is not accredited for this"),
    "no-own-signature": noop("one level lower: no signature of the issuer's own could be checked"),
    "no-reference": noop("one level lower: no document and no number to ask for"),
    "accreditation-not-named": noop("one level lower: no accreditation is named"),
    "group-not-site": noop("one level lower: it names the group, not the site"),
    "announced": noop("an announced drill counts as second-party evidence"),
    "no-witness": noop("no independent witness has signed the log yet"),
}

STEPS: Mapping[str, str] = {
    "supply": noop("Put on record, checked by a third party: %(name)s"),
    "supply-S": noop("Put the events on record that show: %(name)s"),
    "evidence": noop("Have it checked by a third party: %(name)s"),
    "evidence-E5": noop("Have it checked by an accredited body: %(name)s"),
    "renew": noop("Renew: %(name)s"),
    "improve": noop("Improve: %(name)s"),
}

# What improving means, where more can be said than the name.
IMPROVE: Mapping[str, str] = {
    "OV1": noop("Link the untraced mass to named mines and recyclers"),
    "OV2": noop("Get origin attestations for the remaining source lots"),
    "OV3": noop("Take material from assessed or certified sites"),
    "OV4": noop("Have all upstream parties screened, and diligence for high-risk areas on record"),
    "CC1": noop("Have the missing stages of the chain record their lots"),
    "CC2": noop("Link every transformation to its input lots"),
    "CC3": noop("Close the gap between mass in and mass out"),
    "CC4": noop("Move to a stricter custody model"),
    "CC5": noop("Have both sides record every hand-over"),
    "ES1": noop("Lower the carbon intensity"),
    "ES2": noop("Use more renewable energy"),
    "ES3": noop("Use less fresh water per unit"),
    "ES4": noop("Recover more of the process waste"),
    "ES5": noop("Resolve the open permit breaches"),
    "ES6": noop("Bring the injury rate down"),
    "ES7": noop("Close the open labour findings"),
    "ES8": noop("Answer grievances in time"),
    "ES9": noop("Get back on track to the target"),
    "TP1": noop("Have the remaining sites and materials certified"),
    "TP3": noop("Ask the certifying bodies to sign their certificates with a key of their own"),
    "TP4": noop("Close the open findings"),
    "TP5": noop("Have the remaining battery sites tested"),
    "DI2": noop("Sign documents with a key of your own"),
    "DI3": noop("Send documents that pass the checks without warnings"),
    "DI4": noop("Record events within a day"),
    "DI5": noop("Sign the missing rules for handling data"),
    "DI6": noop("Give a reason with every correction"),
    "RA1": noop("Meet the duties in force that are open"),
    "RA2": noop("Meet the due-diligence duties that are open"),
    "RA3": noop("Get ready for the duties ahead"),
    "RA4": noop("Resolve the open enforcement cases"),
    "RR1": noop("Link shipped lots and items to what they were made of"),
    "RR2": noop("Run a faster recall drill"),
    "RR3": noop("Find more of the target in the next drill"),
    "RR4": noop("Run a recall drill"),
    "RR5": noop("Sign the missing parts of the recall plan"),
}


def filled(template: str, detail: Mapping[str, str]) -> str:
    """The template with its figures; a bundle of another method may lack some, which reads as unknown."""
    try:
        return _(template) % detail
    except (KeyError, ValueError, TypeError):
        return _("Unknown")


def reason(sub: Mapping[str, Any]) -> str:
    """Why a sub-indicator has its value, or has none."""
    detail = {**sub["detail"]}
    for key in ("absent", "unmet"):
        if detail.get(key) == "":
            detail[key] = _("none")
    if "main" in detail:
        detail["main"] = detail["main"].replace("_", " ")
    return filled(REASONS.get(sub["reason"], sub["reason"].replace("%", "%%")), detail)


def gate_more(verdict: Mapping[str, Any], method: Method, names: Mapping[str, str]) -> str:
    """A second line for a gate that is not clear: what it is about, and what opens it."""
    if verdict["state"] not in {"closed", "warning"}:
        return ""
    found = verdict["detail"]
    about = [found.get("scheme"), found.get("list"), method.pillars.get(found.get("pillar", ""))]
    if found.get("party") and verdict["reason"] != "hit-confirmed":
        about.append(names.get(found["party"], found["party"]))
    lift = next((known.lift for known in method.gates if known.id == verdict["id"]), "")
    parts = [", ".join(filter(None, about)), lift if verdict["state"] == "closed" else ""]
    return ". ".join(filter(None, parts))


def gate(verdict: Mapping[str, Any]) -> str:
    """The state of a gate in a word or two."""
    return filled(GATES.get(verdict["reason"], verdict["reason"].replace("%", "%%")), verdict["detail"])


def lowered(codes: list[str]) -> str:
    """Why a level is not higher, as one sentence part; "" for the highest."""
    return "; ".join(_(LOWERED[code]) for code in codes if code in LOWERED)


def number(value: Decimal, places: int = 1) -> str:
    """Figures for people: fixed places, a real minus."""
    return f"{value:.{places}f}".replace("-", MINUS)


def value(sub: Mapping[str, Any]) -> str:
    """The measured value with its unit; "no value" when there is none."""
    if sub["value"] is None:
        return _("no value")
    detail, exact, unit = sub["detail"], Decimal(sub["value"]), sub["unit"]
    if sub["reason"] == "attested":
        return _("%(with)s of %(of)s lots") % detail
    if sub["reason"] == "certified":
        return _("%(sites)s of %(of)s sites") % detail
    if unit == "share":
        return number(exact * 100) + f"{NARROW}%"
    if unit == "hours":
        minutes = round(exact * 60)
        return _("%(hours)s h %(minutes)s min") % {"hours": minutes // 60, "minutes": minutes % 60}
    if unit == "stages":
        return _("%(count)s of %(of)s stages") % {"count": number(exact), "of": detail.get("of", "5")}
    if unit in {"count", "days", "months"}:
        shown = number(exact, 0)
        return shown if unit == "count" else f"{shown}{NARROW}{_(unit)}"
    if unit == "per million hours":
        return f"{number(exact)} {_('per million hours')}"
    return number(exact, 2)


def step(row: Mapping[str, Any], result: Mapping[str, Any], method: Method) -> tuple[str, str]:
    """Title and second line of one step that would raise the score."""
    if row["kind"] == "lift":
        found = next(gate_ for gate_ in result["gates"] if gate_["id"] == row["about"])
        lift = next((known.lift for known in method.gates if known.id == row["about"]), "")
        return lift, _("%(id)s %(name)s: %(state)s") % {
            "id": row["about"],
            "name": found["name"],
            "state": gate(found),
        }
    kind = row["kind"]
    if kind == "supply" and row["level"] == "S":
        kind = "supply-S"
    if kind == "evidence" and row["level"] == "E5":
        kind = "evidence-E5"
    sub = next(sub for group in result["indicators"] for sub in group["subs"] if sub["id"] == row["about"])
    if kind == "improve" and sub["id"] in IMPROVE:
        return _(IMPROVE[sub["id"]]), f"{sub['id']}: {reason(sub)}"
    name = sub["name"][:1].lower() + sub["name"][1:]
    return filled(STEPS[kind], {"name": name}), f"{sub['id']}: {reason(sub)}"
