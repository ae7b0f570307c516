"""A site as lots see it: what is there now, what came, left, was made and used, per month."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from attrs import Factory, define, frozen
from django.core.exceptions import EmptyResultSet
from django.db.models import CharField, Count, Func, IntegerField, Q, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce

from lodeline.lots.values import SUBSTANCES, milligrams
from lodeline_server.evidence.models import Site
from lodeline_server.evidence.queries import sites
from lodeline_server.lots import queries, rows
from lodeline_server.lots.models import Effect, Happening, Touch

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.models import QuerySet

    from lodeline.access import Actor
    from lodeline_server.lots.models import Lot

COLUMNS = {Touch.RECEIVED: "came", Touch.SHIPPED: "left", Touch.MADE: "made", Touch.USED: "used"}
MONTHS = 24
EARLIEST, LATEST = 1900, 2999
THERE = ("in stock", "in use")


def visible(actor: Actor) -> QuerySet[Site]:
    """The sites an actor may open: all of the workspace; for a supplier its own."""
    found = sites(actor.workspace or 0)
    if not actor.only_own:
        return found
    return found.filter(party=actor.party) if actor.party else found.none()


def here(actor: Actor, site: str) -> QuerySet[Lot]:
    """The lots an actor may open that are at a site now."""
    found = queries.visible(actor).filter(at(actor.workspace or 0, site), current_site=site)
    return found.filter(holder=actor.party) if actor.only_own else found


def at(workspace: int, site: str) -> Q:
    """Which lots may be at a site now: not gone, and among those that something happened to there.

    That a lot is there, its row says. Of a site with a long history, that is asked of every lot.
    """
    there = Q(status__in=THERE)
    happened = Happening.objects.filter(workspace_id=workspace, site=site).order_by()
    if happened[LONG : LONG + 1].exists():
        return there
    return there & Q(key__in=RawSQL(_SEEN, (workspace, site, workspace)))  # noqa: S611 - constants


LONG = 5_000
"""Events of a site from which on it costs less to look at every lot of the workspace, one row each."""

_HAPPENINGS, _EFFECTS, _SITES = (model._meta.db_table for model in (Happening, Effect, Site))  # noqa: SLF001
# The second half: what was ever packed in those, and in that; it moves with its package and is named by no event.
_SEEN = f"""
WITH RECURSIVE seen(key) AS (
    SELECT e."key" FROM "{_HAPPENINGS}" h JOIN "{_EFFECTS}" e ON e."position" = h."position"
    WHERE h."workspace_id" = %s AND h."site" = %s
    UNION
    SELECT e."key" FROM seen JOIN "{_EFFECTS}" e
    ON e."workspace_id" = %s AND e."other" = seen.key AND NOT (e."other" = '')
) SELECT key FROM seen
"""  # noqa: S608 - constants


def counted(actor: Actor) -> QuerySet[Site]:
    """The sites an actor may open, `there`: how many lots that it may open are there now."""
    lots = queries.visible(actor).filter(status__in=THERE)
    if actor.only_own:
        lots = lots.filter(holder=actor.party)
    counts = lots.order_by().values("current_site").annotate(n=Count("pk")).values_list("current_site", "n")
    found = visible(actor)
    try:
        sql, values = counts.query.sql_with_params()
    except EmptyResultSet:
        return found.annotate(there=Value(0))
    once = (  # lots are counted once, not once for each site
        f'WITH held(site, n) AS MATERIALIZED ({sql}) SELECT n FROM held WHERE held.site = "{_SITES}"."uri"'  # noqa: S608
    )
    number = RawSQL(once, values, output_field=IntegerField())  # noqa: S611 - Django wrote it
    return found.annotate(there=Coalesce(number, 0))


@define
class Held:
    """What is there of one substance, mg. `low`: what is surely left; `high`: if of what was drawn nothing was."""

    low: int = 0
    high: int = 0
    lots: int = 0


@frozen(kw_only=True)
class Stock:
    """`unweighed`: lots whose mass is not stated; `silent`: lots whose content of no substance is stated."""

    lots: int
    low: int
    high: int
    unweighed: int
    silent: int
    substances: dict[str, Held]


def stock(lots: QuerySet[Lot]) -> Stock:
    """What lots that are somewhere add up to; what is not stated is counted, never guessed."""
    held: dict[str, Held] = defaultdict(Held)
    count = low = high = unweighed = silent = 0
    for mass, used, status, composition in lots.values_list("mass", "used", "status", "composition").iterator(
        2_000
    ):
        count += 1
        silent += not composition
        if mass is None:
            unweighed += 1
            continue
        most = max(mass - (used or 0), 0)
        least = most if used is not None or status == "in stock" else 0
        low, high = low + least, high + most
        for name, text in composition.items():
            one, share = held[name], Fraction(text)
            one.low += round(least * share)
            one.high += round(most * share)
            one.lots += 1
    ranked = {name: held[name] for name in SUBSTANCES if name in held}
    return Stock(lots=count, low=low, high=high, unweighed=unweighed, silent=silent, substances=ranked)


def _touches(site: Site) -> QuerySet[Touch]:
    return Touch.objects.filter(happened_in=site.workspace_id, site=site.uri, void=False, act__in=COLUMNS)


class YearMonth(Func):
    """2026-01, in UTC. On SQLite, Django's own truncation calls Python for each row, which takes twice as long."""

    function = "substr"
    template = "%(function)s(%(expressions)s, 1, 7)"
    output_field = CharField()

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """There, an instant is no text."""
        words = "to_char(%(expressions)s AT TIME ZONE 'UTC', 'YYYY-MM')"
        return self.as_sql(compiler, connection, template=words, **context)


def months(site: Site) -> list[dict[str, Any]]:
    """How often something came, left, was made or used, by month, the newest first."""
    counts = {name: Count("position", filter=Q(act=act)) for act, name in COLUMNS.items()}
    found = _touches(site).annotate(said=YearMonth("time")).values("said").annotate(**counts)
    return [
        {"month": datetime.strptime(one.pop("said"), "%Y-%m").replace(tzinfo=UTC), **one}
        for one in found.order_by("-said")[:MONTHS]
    ]


def chosen(said: str, known: list[datetime]) -> datetime | None:
    """The month asked for, else the newest with anything in it."""
    if len(said) == 7 and said.isascii():
        try:
            found = datetime.strptime(said, "%Y-%m").replace(tzinfo=UTC)
        except ValueError:
            found = None
        if found is not None and EARLIEST <= found.year <= LATEST:
            return found
    return known[0].astimezone(UTC) if known else None


@define
class Flow:
    """`mass`: mg of what can be weighed; `unweighed`: how many could not."""

    count: int = 0
    mass: int = 0
    unweighed: int = 0


@frozen(kw_only=True)
class Period:
    """`taken` and `given` are of transformations whose sides can all be weighed, mg: the base of the yield."""

    flows: dict[str, Flow] = Factory(lambda: {name: Flow() for name in COLUMNS.values()})
    taken: int = 0
    given: int = 0
    left_out: int = 0

    @property
    def yielded(self) -> Fraction | None:
        """What was given for what was taken; None where nothing can be weighed."""
        return Fraction(self.given, self.taken) if self.taken else None


def period(site: Site, start: datetime) -> Period:
    """Masses of one month, and the yield of what was made in it."""
    until = datetime(start.year + start.month // 12, start.month % 12 + 1, 1, tzinfo=UTC)
    touched = list(
        _touches(site)
        .filter(time__gte=start, time__lt=until)
        .values_list("key", "act", "amount", "uom", "group")
    )
    known = _masses(site.workspace_id, {key for key, *_ in touched})
    flows = {name: Flow() for name in COLUMNS.values()}
    groups: dict[str, dict[str, list[int | None]]] = defaultdict(lambda: defaultdict(list))
    for key, act, amount, uom, group in touched:
        mass = milligrams(Decimal(amount), uom or None, None) if amount else known.get(key)
        if amount and mass is None:
            mass = known.get(key) if act != Touch.USED else None
        flow = flows[COLUMNS[act]]
        flow.count += 1
        flow.mass += mass or 0
        flow.unweighed += mass is None
        if group and act in {Touch.MADE, Touch.USED}:
            groups[group][act].append(mass)
    taken = given = left_out = 0
    for sides in groups.values():
        ins, outs = sides.get(Touch.USED, []), sides.get(Touch.MADE, [])
        if not ins or not outs or None in ins or None in outs:
            left_out += 1
            continue
        taken += sum(one or 0 for one in ins)
        given += sum(one or 0 for one in outs)
    return Period(flows=flows, taken=taken, given=given, left_out=left_out)


def _masses(workspace: int, keys: Iterable[str]) -> dict[str, int | None]:
    return {key: one.mass for key, one in rows.lots(workspace, keys).items()}
