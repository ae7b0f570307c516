"""Two people claim the last of one balance at one moment: exactly one of them gets it."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import OperationalError, connection
from tests.apps.lots.custody.keeping import NOW, book, claim, conversion, ready, receipt

from lodeline_server.kit.problems import Problem
from lodeline_server.log import projections
from lodeline_server.lots.custody import queries
from lodeline_server.lots.custody.models import CustodyBook, CustodyEntry

pytestmark = pytest.mark.django_db(transaction=True)
AT_ONCE, LONGEST = 4, 30


def together(work):
    """What `work(number)` comes to, all started at the same moment: the rule that refused it, or nothing."""
    start = threading.Barrier(AT_ONCE)

    def one(number):
        start.wait()
        until, again = time.monotonic() + LONGEST, False
        while True:
            try:
                work(number)
            except Problem as problem:
                rule = problem.findings[0].rule
                return (
                    "" if again and rule == "MB-11" else rule
                )  # taken before what came after it was locked out
            except OperationalError:  # SQLite in memory, as tests have it, does not wait for a lock
                if connection.vendor != "sqlite" or time.monotonic() > until:
                    raise
                again = True
                time.sleep(0.01)
            else:
                return ""
            finally:
                connection.close()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return sorted(pool.map(one, range(AT_ONCE)))


def test_a_balance_is_claimed_once(actor):
    maker = ready(actor)
    book(maker, receipt("in", 2, "10"), conversion("turn", 3, "10"))
    assert together(lambda number: book(maker, claim(f"out{number}", 4, "9.5"))) == [
        "",
        *["MB-01"] * (AT_ONCE - 1),
    ]
    projections.follow_all()  # who took it may have been locked out of following it
    assert CustodyEntry.objects.filter(kind="claim").count() == 1
    row = CustodyBook.objects.get(group="cathode")
    assert queries.ledger(maker.workspace).balance(queries.account(row), NOW).left == 0
    before = list(projections.dump_all({"custody"}))
    projections.rebuild({"custody"})
    assert list(projections.dump_all({"custody"})) == before
