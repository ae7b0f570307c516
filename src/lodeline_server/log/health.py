"""How the log stands in words of one line each: checkpoints, what waits, witnesses, anchors."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from attrs import frozen
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lodeline.log.policy import PolicyRefused
from lodeline_server.kit.templatetags.lode import ago, groups
from lodeline_server.log import notebook, witness_status
from lodeline_server.log.anchoring import queries as anchoring
from lodeline_server.log.auditing import sequencer
from lodeline_server.log.books import BOOKS, MAIN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from lodeline_server.log.books import Book

LATE: Final = timedelta(minutes=5)
"""How long a line of the audit trail, or a newest checkpoint without its witnesses, may wait."""


@frozen(kw_only=True)
class Line:
    """A status kind (ok, waiting, warn, bad, none), the question, the answer."""

    kind: str
    name: str
    words: str


def lines(now: datetime) -> list[Line]:
    """All of it, for the operator."""
    found = [*(checkpoint(book, now) for book in BOOKS.values()), outbox(now)]
    found += [witnesses(book, now) for book in BOOKS.values()]
    found += witnessed(now)
    anchored, said = anchoring.standings()
    if said:
        found.append(Line(kind="bad", name=_("Outside anchors"), words=said))
    found += [_anchor(one, now) for one in anchored] or [anchor(now)]
    return found


def checkpoint(book: Book, now: datetime) -> Line:
    """The newest signed one."""
    name = _("Last checkpoint") if book is MAIN else _("Last checkpoint of the audit trail")
    newest = notebook.newest(book)
    if newest is None:
        return Line(kind="none", name=name, words=_("the log is empty"))
    words = _("%(size)s entries, %(ago)s") % {"size": groups(newest.size), "ago": ago(newest.created_at, now)}
    return Line(kind="ok", name=name, words=words)


def outbox(now: datetime) -> Line:
    """Lines of the audit trail that wait."""
    lag = sequencer.lag()
    words = ngettext("%(n)s line", "%(n)s lines", lag.lines) % {"n": groups(lag.lines)}
    late = lag.since is not None and now - lag.since > LATE
    kind = "warn" if late else "waiting" if lag.lines else "ok"
    return Line(kind=kind, name=_("Audit lines that wait for their place"), words=words)


def witnesses(book: Book, now: datetime) -> Line:
    """Who cosigned the newest checkpoint."""
    name = _("Witnesses") if book is MAIN else _("Witnesses of the audit trail")
    try:
        stands = witness_status.of_book(book)
    except PolicyRefused as refused:
        return Line(kind="bad", name=name, words=str(refused))
    if stands is None:
        return Line(kind="none", name=name, words=_("not set up"))
    there = sum(one.size == stands.size for one in stands.witnesses)
    words = _("%(there)s of %(all)s cosigned the newest, enough of them %(size)s entries") % {
        "there": there,
        "all": len(stands.witnesses),
        "size": groups(stands.reached),
    }
    wrong = [f"{one.name}: {one.error}" for one in stands.witnesses if one.error]
    if wrong:
        words = f"{words}. {'; '.join(wrong)}"
    if stands.reached == stands.size:
        return Line(kind="ok", name=name, words=words)
    newest = notebook.newest(book)
    late = newest is not None and now - newest.created_at > LATE
    return Line(kind="warn" if late or wrong else "waiting", name=name, words=words)


def witnessed(now: datetime) -> Iterator[Line]:
    """The logs that this installation cosigns, and what it refused of them."""
    grave = witness_status.evidence().count()
    if grave:
        words = ngettext(
            "%(n)s checkpoint that an honest log does not sign: 'lodeline witness evidence'",
            "%(n)s checkpoints that an honest log does not sign: 'lodeline witness evidence'",
            grave,
        ) % {"n": groups(grave)}
        yield Line(kind="bad", name=_("Logs we witness"), words=words)
    try:
        known = witness_status.known()
    except PolicyRefused as refused:
        yield Line(kind="bad", name=_("Logs we witness"), words=str(refused))
        return
    for one in known:
        words = _("nothing cosigned yet")
        if one.cosigned_at is not None:
            words = _("%(size)s entries, %(ago)s") % {
                "size": groups(one.size),
                "ago": ago(one.cosigned_at, now),
            }
        kind = "ok" if one.cosigned_at else "waiting"
        yield Line(kind=kind, name=_("We witness %(log)s") % {"log": one.origin}, words=words)


def anchor(now: datetime) -> Line:
    """The newest time that something outside vouches for."""
    name = _("Outside anchor")
    newest = anchoring.newest()
    failing = anchoring.failing().first()
    if failing is not None:
        return Line(kind="warn", name=name, words=f"{failing.target}: {failing.error}")
    if newest is None:
        standing, said = anchoring.standings()
        if said:
            return Line(kind="bad", name=name, words=said)
        words = _("nothing confirmed yet") if standing else _("not set up")
        return Line(kind="waiting" if standing else "none", name=name, words=words)
    words = _("%(size)s entries at %(target)s, %(ago)s") % {
        "size": groups(newest.size),
        "target": newest.target,
        "ago": ago(anchoring.until(newest), now),
    }
    return Line(kind="ok", name=name, words=words)


def _anchor(one: anchoring.Standing, now: datetime) -> Line:
    name = _("Anchor %(target)s of the %(book)s book") % {"target": one.target, "book": one.book}
    if one.error:
        return Line(kind="warn", name=name, words=one.error)
    if not one.configured:
        return Line(kind="none", name=name, words=_("not used any more"))
    if one.at is None:
        return Line(kind="waiting", name=name, words=_("nothing confirmed yet"))
    words = _("%(size)s entries, %(ago)s") % {"size": groups(one.size), "ago": ago(one.at, now)}
    return Line(kind="ok", name=name, words=words)
