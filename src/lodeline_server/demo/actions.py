"""Loading the demonstration: every document through the same actions as a user's, at the time it is said to come.

Loading twice adds nothing, and a load that was killed goes on where it stopped: a document is in the log wholly or
not at all, and what is there is asked for first.
"""

from __future__ import annotations

import gc
from contextlib import contextmanager
from datetime import UTC, date, datetime
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from attrs import frozen
from django.conf import settings

from lodeline.access import platform
from lodeline_server.credentials.actions import usable
from lodeline_server.demo import accounts, credentials, custody, questions, recalled, results, sheets
from lodeline_server.demo.people import loaded, sign_ins
from lodeline_server.demo.signing import key, kid, signature
from lodeline_server.demo.story import tell
from lodeline_server.events import actions as capture
from lodeline_server.events import processing
from lodeline_server.events.models import CaptureJob
from lodeline_server.events.sheets import actions as spreadsheets
from lodeline_server.kit.problems import Problem
from lodeline_server.log import projections
from lodeline_server.log import queries as log
from lodeline_server.parties.models import Organisation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from lodeline.access import Actor
    from lodeline_server.demo.documents import Document
    from lodeline_server.demo.story import Story
    from lodeline_server.demo.world import World
    from lodeline_server.parties.models import Workspace

__all__ = ["Result", "load", "sign_ins"]
SCORES = "scores as of"
HERE = (".localhost", ".local", ".internal", ".test", ".example", ".invalid")


@frozen(kw_only=True)
class Result:
    """What the demonstration holds, and what this load added to it."""

    as_of: date
    small: bool
    suppliers: int
    lots: int
    batteries: int
    documents: int
    captured: int
    scores: int
    passports: int
    recalled: str
    positions: int

    def as_dict(self) -> dict[str, Any]:
        return {
            "as_of": self.as_of.isoformat(),
            "small": self.small,
            "suppliers": self.suppliers,
            "lots": self.lots,
            "batteries": self.batteries,
            "documents": self.documents,
            "captured": self.captured,
            "scores": self.scores,
            "passports": self.passports,
            "recalled_lot": self.recalled,
            "log_positions": self.positions,
        }

    def lines(self) -> list[str]:
        size = "small demonstration" if self.small else "demonstration"
        computed = (
            f"{self.scores} scores, {self.passports} passports; the log holds {self.positions} statements"
        )
        return [
            f"The {size} as of {self.as_of}: {self.suppliers} suppliers, {self.lots} lots, {self.batteries} batteries.",
            f"{self.captured} of {self.documents} documents captured now, {computed}.",
            *sign_ins(),
        ]


def load(
    *,
    now: datetime,
    say: Callable[[str], None] = lambda _: None,
    as_of: date | None = None,
    small: bool = False,
    force: bool = False,
    progress: Callable[[int, int, str], None] | None = None,
) -> Result:
    """Bring the demonstration into this installation, or finish bringing it.

    `now` decides only which month the story ends in, and only the first time. Raises `Problem` (409) on a public
    address without `force`, and when another demonstration is loaded than the one that is asked for.
    """
    if not force:
        _refuse_public(settings.PUBLIC_URL)
    anchor, size = _which(now, as_of, small=small)
    story = tell(anchor, small=size)
    world = story.world
    workspace = accounts.set_up(world)
    _finish_open(workspace)
    done = results.known_documents(workspace)
    waiting = [document for document in story.documents if document.sha256 not in done]
    if waiting:
        say(f"capturing {len(waiting)} documents of the demonstration, up to {anchor}")
    machines = accounts.machines(world, workspace) if waiting else {}
    for party in {document.party for document in waiting if document.signs}:
        _register(world, workspace, party)
    ends = results.missing_months(world, workspace)
    total = len(waiting) + len(ends)
    with _rare_collections():
        for number, step in enumerate(_steps(story, waiting, ends, workspace, machines)):
            if progress:
                progress(number, total, step)
            elif step.startswith(SCORES):
                say(step)
        projections.follow_all()
        results.finish(world, workspace, story.places["recalled_lot"], say)
        say("keeping a book of credits")
        custody.tell(world, workspace, results.midnight(anchor))
        if usable():
            say("signing credentials")
            credentials.tell(workspace, results.midnight(anchor))
    questions.name(workspace, results.midnight(anchor))
    accounts.put_away(world, workspace)
    if progress and total:
        progress(total, total, "done")
    return Result(
        as_of=anchor,
        small=size,
        suppliers=sum(party.supplier for party in world.parties.values()),
        lots=len(story.network.lots),
        batteries=len(story.network.packs),
        documents=len(story.documents),
        captured=len(waiting),
        recalled=story.places["recalled_lot"],
        positions=log.size(),
        **results.counts(workspace),
    )


@contextmanager
def _rare_collections() -> Iterator[None]:
    """The story stays in memory for the whole load; looking through it for garbage again and again costs a tenth."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(100_000, 20, 50)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def _which(now: datetime, as_of: date | None, *, small: bool) -> tuple[date, bool]:
    """The world that is loaded, else the one asked for."""
    there = loaded()
    asked = as_of.replace(day=1) if as_of else None
    if there is None:
        return asked or now.date().replace(day=1), small
    if (asked and asked != there.anchor) or (small and not there.small):
        raise Problem(
            409,
            "Another demonstration is loaded",
            detail=f"It is the {'small' if there.small else 'full'} one as of {there.anchor}. "
            "An append-only log cannot swap it: take an empty data folder (LODELINE_DATA).",
        )
    return there.anchor, there.small


def _refuse_public(address: str) -> None:
    host = urlsplit(address).hostname or ""
    try:
        near = not ip_address(host).is_global
    except ValueError:
        near = "." not in host or host.endswith(HERE)
    if not near:
        raise Problem(
            409,
            f"The demonstration is not loaded at the public address {address}",
            detail="Its sign-ins have a published password, and its invented facts would stand in a log that people "
            "may rely on. --force loads it all the same.",
        )


def _register(world: World, workspace: Workspace, slug: str) -> None:
    """The public key of a party that signs its own documents."""
    start = world.month(0)
    capture.register_key(
        actor=platform(workspace.pk),
        organisation=Organisation.objects.get(workspace=workspace, slug=slug),
        kid=kid(slug),
        public_key=key(slug).verify_key.raw,
        now=datetime(start.year, start.month, start.day, tzinfo=UTC),
    )


def _finish_open(workspace: Workspace) -> None:
    """Documents that were taken in, but not into the log, when an earlier load was killed."""
    for job in CaptureJob.objects.filter(workspace=workspace, state__in=CaptureJob.OPEN).order_by("id"):
        processing.process(job, job.created_at, follow=False)


def _steps(
    story: Story,
    waiting: Sequence[Document],
    ends: Sequence[date],
    workspace: Workspace,
    machines: dict[str, Actor],
) -> Iterator[str]:
    """Capture in time order; at each month's end the scores of that day. Says what it is about to do."""
    world = story.world
    due = list(ends)
    for document in waiting:
        while due and document.captured_at >= results.midnight(due[0]):
            yield f"{SCORES} {due[0]}"
            _month_end(story, workspace, due.pop(0))
        yield f"{document.captured_at:%Y-%m-%d}  {world.parties[document.party].name}"
        _capture(document, machines[document.party])
    for day in due:
        yield f"{SCORES} {day}"
        _month_end(story, workspace, day)


def _month_end(story: Story, workspace: Workspace, day: date) -> None:
    """The scores come last: they stand for "this month is done"."""
    recalled.tell(story.network, workspace, results.midnight(day))
    results.month_end(story.world, workspace, day)


def _submit_sheet(document: Document, actor: Actor) -> CaptureJob:
    upload = spreadsheets.Upload(data=document.sheet, template=sheets.TEMPLATE, name=sheets.NAME)
    preview = spreadsheets.preview(actor=actor, upload=upload, now=document.captured_at)
    return spreadsheets.confirm(actor=actor, preview=preview, now=document.captured_at, queue=False)


def _submit(document: Document, actor: Actor) -> CaptureJob:
    return capture.submit(
        actor=actor,
        document=capture.Document(
            data=document.data, name=document.name, jws=signature(document) if document.signs else ""
        ),
        now=document.captured_at,
        queue=False,
    )


def _capture(document: Document, actor: Actor) -> None:
    job = _submit_sheet(document, actor) if document.sheet else _submit(document, actor)
    job = processing.process(job, document.captured_at, follow=False)
    if job.state != CaptureJob.State.TAKEN or job.rejected:
        raise RuntimeError(f"{document.name} was not taken: {job.findings[:3]}")
