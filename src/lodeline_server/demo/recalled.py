"""A recall that is closed, and a drill in the history, put on record through the actions that people use."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from lodeline.access import Role
from lodeline.recalls.closure import Mark, Outcome
from lodeline_server.demo.people import email
from lodeline_server.demo.recall_stories import closed_lot, closing_day, flows, items, reached
from lodeline_server.parties.models import Membership
from lodeline_server.parties.queries import actor_of
from lodeline_server.recalls.actions import compute
from lodeline_server.recalls.closing import actions as closing
from lodeline_server.recalls.closing import queries as following
from lodeline_server.recalls.closing.models import Notice
from lodeline_server.recalls.deciding import Order
from lodeline_server.recalls.drilling import actions as drilling
from lodeline_server.recalls.drilling.models import Drill
from lodeline_server.recalls.models import Recall

if TYPE_CHECKING:
    from datetime import datetime

    from lodeline.access import Actor
    from lodeline_server.demo.network import Network
    from lodeline_server.parties.models import Workspace

TICKET = 9_520_000_000_000_000_007
SECONDS, MINUTES = "0.418", 47
REASON = "Tab weld resistance out of tolerance, found at the end of the line (invented)"


def tell(network: Network, workspace: Workspace, day: datetime) -> None:
    """The closed recall and the drill, on the day they belong to; what is there already is left alone."""
    if day != closing_day(network):
        return
    quality = actor_of(
        Membership.objects.select_related("organisation", "user").get(
            organisation__workspace=workspace, role=Role.QUALITY.value, user__email=email(Role.QUALITY)
        )
    )
    lot = closed_lot(network)
    recall = Recall.objects.filter(workspace=workspace, lot=lot).first()
    if recall is None:
        times = iter((0.0, float(SECONDS)))
        order = Order(lot=lot, threshold=Fraction(0), substance="mass", reason=REASON)
        recall = compute(actor=quality, order=order, now=day, timer=times.__next__)
    if following.closure(recall) is None:
        common: dict[str, Any] = {"actor": quality, "recall": recall}
        parties = [one.party for one in following.addressees(recall)]
        if not Notice.objects.filter(recall=recall).exists():
            for mark, minutes, note in ((Mark.SENT, 20, "by e-mail and telephone"), (Mark.ANSWERED, 190, "")):
                at = day + timedelta(minutes=minutes)
                closing.mark(
                    **common, marking=closing.Marking(mark=mark, parties=parties, on=at, note=note), now=at
                )
        _settle(recall, common, day)
        at = day + timedelta(hours=7)
        closing.close(**common, reasons={}, signed_off_by="Head of quality", now=at)
    _drill(network, workspace, quality, day)


def _settle(recall: Recall, common: dict[str, Any], day: datetime) -> None:
    """Items were looked at and found good; what is left of the lot is scrapped."""
    at = day + timedelta(hours=6)
    open_ = [case.thing for case in following.cases(recall) if case.thing.outcome is None]
    for outcome, keys in (
        (Outcome.CLEAN, [thing.key for thing in open_ if thing.item]),
        (Outcome.SCRAPPED, [thing.key for thing in open_ if not thing.item]),
    ):
        if keys:
            closing.settle(**common, settling=closing.Settling(outcome=outcome, keys=keys, on=at), now=at)


def _drill(network: Network, workspace: Workspace, quality: Actor, day: datetime) -> None:
    row = Drill.objects.filter(workspace=workspace).first()
    if row is None:
        at = day + timedelta(hours=1)
        row = drilling.draw(actor=quality, limit=4 * 3600, now=at, random=lambda _most: TICKET)
    if row.state == Drill.State.OPEN:
        truth = sorted(reached(row.lot, flows(network, day)) & items(network))
        times = iter((0.0, float(SECONDS)))
        drilling.answer(
            actor=quality, row=row, given=drilling.Answer(listed=None, truth=truth),
            now=row.drawn_at + timedelta(minutes=MINUTES), timer=times.__next__,
        )  # fmt: skip
