"""`lodeline credential trust`: own trust lists, those of others, and whose are believed."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from lodeline.cli import GOOD, UNUSABLE
from lodeline_server.credentials.command_step import add, fail, organisation, read_bytes, say

if TYPE_CHECKING:
    import argparse

    from lodeline_server.credentials.models import TrustEdition

ROLES = (
    "authority", "accreditation-body", "certification-body", "laboratory", "scheme", "buyer", "party",
)  # fmt: skip


def add_steps(steps: Any) -> None:
    trust = steps.add_parser(
        "trust", help="who may issue what: own lists, those of others, whose are believed"
    )
    inner = trust.add_subparsers(dest="what", required=True, metavar="WHAT")
    add(inner, "list", "the trust lists that the workspace has", _list, changes=lambda _: False)
    show = add(inner, "show", "one list with its listings", _show, changes=lambda _: False)
    _names(show)
    one = add(inner, "add", "list an issuer in the organisation's own list; signs a new edition", _add)
    one.add_argument("issuer", help="its DID")
    one.add_argument("--role", choices=ROLES, required=True)
    one.add_argument("--kind", action="append", required=True, help="what it may issue; again for more")
    one.add_argument("--source", required=True, metavar="URL", help="where its standing can be read")
    one.add_argument("--since", type=_day, required=True, metavar="DAY")
    one.add_argument("--until", type=_day, metavar="DAY")
    one.add_argument("--name", default="", help="name of the list, with its first listing")
    one.add_argument("--accredited-by", metavar="DID", help="the accreditation body")
    one.add_argument("--accreditation", metavar="NUMBER", help="number of the accreditation")
    one.add_argument("--scheme", action="append", default=[], help="only for this scheme; again for more")
    one.add_argument("--sector", action="append", default=[], help="only for this sector; again for more")
    end = add(inner, "withdraw", "list an issuer no more from a day on; signs a new edition", _withdraw)
    end.add_argument("issuer", help="its DID")
    end.add_argument("--role", choices=ROLES)
    end.add_argument("--from", dest="day", type=_day, metavar="DAY", help="default: today")
    add(inner, "renew", "sign the same list as a new edition", _renew)
    take = add(inner, "import", "take a list that its owner signed; that is not to believe it", _import)
    take.add_argument("file", help="a file, - for standard input, or an https address that may be asked")
    _names(add(inner, "believe", "from now on what the list says counts in this workspace", _believe))
    _names(add(inner, "stop", "from now on it does not count any more", _stop))


def _names(step: argparse.ArgumentParser) -> None:
    step.add_argument("owner", help="DID of the owner")
    step.add_argument("--list", dest="name", default="", help="its name, when the owner has several")


def _day(text: str) -> date:
    return date.fromisoformat(text)


def _list(args: argparse.Namespace) -> int:
    from lodeline.access import platform
    from lodeline_server.credentials import trust_queries
    from lodeline_server.kit.clock import now

    home = organisation(args.organisation)
    rows = trust_queries.all_newest(platform(home.workspace_id))
    told = trust_queries.as_dicts(rows, home.workspace_id, now())
    lines = [
        f"{one['name']}  edition {one['number']} of {one['issued'][:10]}  by {one['owner']}  "
        + (f"believed since {one['believedSince'][:10]}" if one["believedSince"] else "not believed")
        for one in told
    ]
    say(args, told, "\n".join(lines) or "no trust lists yet: 'lodeline credential trust add' or 'import'")
    return GOOD


def _show(args: argparse.Namespace) -> int:
    from lodeline.credentials import editions, trustlists
    from lodeline_server.credentials import trust_queries
    from lodeline_server.kit.clock import now

    home = organisation(args.organisation)
    row = _named(args, home.workspace_id)
    if row is None:
        return _none(args)
    found = editions.glance(bytes(row.token).decode())
    head = trust_queries.as_dicts([row], home.workspace_id, now())[0]
    lines = [f"{found.name}, edition {found.number}, by {found.owner}"]
    lines += [
        f"{name}: {value}"
        for name, value in head.items()
        if value and name in {"issued", "nextUpdate", "address"}
    ]
    for one in found.listings:
        ends = f" until {one.span.until}" if one.span.until else ""
        gone = f", withdrawn {one.span.withdrawn}" if one.span.withdrawn else ""
        by = f", accredited by {one.accreditation.body}" if one.accreditation else ""
        kinds = ", ".join(sorted(one.kinds))
        lines.append(
            f"  {one.issuer}  {one.role.value}  {kinds}  since {one.span.since}{ends}{gone}{by}  {one.source}"
        )
    say(args, {**head, "list": trustlists.to_dict(found)}, "\n".join(lines))
    return GOOD


def _add(args: argparse.Namespace) -> int:
    from lodeline.access import platform
    from lodeline.credentials.trustlists import Accreditation, Listing, Role, Span
    from lodeline_server.credentials import trust_actions
    from lodeline_server.kit.clock import now

    if bool(args.accredited_by) != bool(args.accreditation):
        said = "--accredited-by and --accreditation belong together"
        return fail(args, {"error": said}, said, UNUSABLE)
    span = Span(since=args.since, until=args.until)
    behind = Accreditation(
        body=args.accredited_by or "",
        number=args.accreditation or "",
        span=span,
        schemes=frozenset(args.scheme),
        sectors=frozenset(args.sector),
    )
    listing = Listing(
        issuer=args.issuer,
        role=Role(args.role),
        kinds=frozenset(args.kind),
        span=span,
        source=args.source,
        accreditation=behind if args.accredited_by else None,
    )
    home = organisation(args.organisation)
    actor = platform(home.workspace_id)
    row = trust_actions.add_listing(
        actor=actor, organisation=home, listing=listing, now=now(), name=args.name
    )
    return _done(args, row)


def _withdraw(args: argparse.Namespace) -> int:
    from lodeline.access import platform
    from lodeline.credentials.trustlists import Role
    from lodeline_server.credentials import trust_actions
    from lodeline_server.kit.clock import now

    home = organisation(args.organisation)
    row = trust_actions.withdraw_listing(
        actor=platform(home.workspace_id),
        organisation=home,
        issuer=args.issuer,
        role=Role(args.role) if args.role else None,
        day=args.day or now().date(),
        now=now(),
    )
    return _done(args, row)


def _renew(args: argparse.Namespace) -> int:
    from lodeline.access import platform
    from lodeline_server.credentials import trust_actions
    from lodeline_server.kit.clock import now

    home = organisation(args.organisation)
    return _done(args, trust_actions.renew(actor=platform(home.workspace_id), organisation=home, now=now()))


def _import(args: argparse.Namespace) -> int:
    from lodeline.access import platform
    from lodeline_server.credentials import material, trust_actions
    from lodeline_server.kit.clock import now

    home = organisation(args.organisation)
    outside = args.file.startswith("https://")
    data = material.fetch(args.file, trust_actions.MAX_TOKEN) if outside else read_bytes(args.file)
    row = trust_actions.import_list(
        actor=platform(home.workspace_id),
        workspace=home.workspace_id,
        token=data.decode("ascii", errors="replace").strip(),
        source=args.file if outside else "",
        now=now(),
    )
    return _done(args, row)


def _believe(args: argparse.Namespace) -> int:
    return _stance(args, "believe")


def _stop(args: argparse.Namespace) -> int:
    return _stance(args, "stop_believing")


def _stance(args: argparse.Namespace, action: str) -> int:
    from lodeline.access import platform
    from lodeline_server.credentials import trust_actions
    from lodeline_server.kit.clock import now

    home = organisation(args.organisation)
    row = _named(args, home.workspace_id)
    if row is None:
        return _none(args)
    getattr(trust_actions, action)(
        actor=platform(home.workspace_id),
        workspace=home.workspace_id,
        owner=row.owner,
        name=row.name,
        now=now(),
    )
    return _done(args, row)


def _named(args: argparse.Namespace, workspace: int) -> TrustEdition | None:
    """The list of the owner; None unless there is just one that fits."""
    from lodeline_server.credentials.models import TrustEdition

    rows = TrustEdition.objects.select_related("issuer").filter(workspace_id=workspace, owner=args.owner)
    if args.name:
        rows = rows.filter(name=args.name)
    last = {row.name: row for row in rows.order_by("number")}
    return next(iter(last.values())) if len(last) == 1 else None


def _none(args: argparse.Namespace) -> int:
    said = f"the workspace has not just one list of {args.owner}: see 'lodeline credential trust list'"
    return fail(args, {"error": said}, said, UNUSABLE)


def _done(args: argparse.Namespace, row: TrustEdition) -> int:
    from lodeline_server.credentials import trust_queries
    from lodeline_server.kit.clock import now

    told = trust_queries.as_dicts([row], row.workspace_id, now())[0]
    stance = f"believed since {told['believedSince'][:10]}" if told["believedSince"] else "not believed here"
    say(args, told, f"{row.name}, edition {row.number}, by {row.owner}: {stance}")
    return GOOD
