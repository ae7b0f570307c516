"""Many questions at one moment: the budget holds, a nonce is used once, a question has one answer."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import OperationalError, connection
from tests.apps.credentials.thresholds.test_http import CLAIM

from lodeline.access import platform
from lodeline_server.credentials.thresholds import (
    actions_answer,
    actions_ask,
    actions_seal,
    actions_verify,
    queries,
)
from lodeline_server.credentials.thresholds.models import ThresholdQuestion
from lodeline_server.kit.problems import Problem

pytestmark = pytest.mark.django_db(transaction=True)
AT_ONCE, MOST = 6, 2
LONGEST = 30  # seconds


def together(work, count=AT_ONCE):
    """What `work(number)` returns, all started at the same moment."""
    start = threading.Barrier(count)

    def one(number):
        start.wait()
        until = time.monotonic() + LONGEST
        while True:
            try:
                return work(number)
            except Problem as problem:
                return problem.status
            except OperationalError:  # SQLite in memory, as tests have it, does not wait for a lock
                if connection.vendor != "sqlite" or time.monotonic() > until:
                    raise
                time.sleep(0.01)
            finally:
                connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


@pytest.fixture
def ask(parties, now):
    def asked(share, **more):
        return actions_ask.ask(
            actor=platform(parties.oem.workspace_id),
            organisation=parties.oem,
            asked=actions_ask.Asked(claim=CLAIM, credentials=(share,), **more),
            now=now,
        )

    return asked


def test_the_budget_holds_when_all_ask_at_once(share, ask, settings):
    settings.THRESHOLD_QUESTIONS = MOST
    found = sorted(together(lambda _: str(ask(share).state)))
    assert found == ["proven"] * MOST + ["refused"] * (AT_ONCE - MOST)


def test_a_nonce_asks_once_and_is_used_once(share, ask, parties, now):
    rows = together(lambda _: ask(share, nonce="bm9uY2Utb2Ytb2VtLTAx"))
    assert sorted(isinstance(row, ThresholdQuestion) for row in rows) == [False] * (AT_ONCE - 1) + [True]
    row = ThresholdQuestion.objects.get()
    judged = together(
        lambda _: actions_verify.judge(
            actor=platform(parties.oem.workspace_id),
            organisation=parties.oem,
            message=bytes(row.message),
            now=now,
        )
    )
    assert sorted(one.step for one in judged) == [""] + ["nonce"] * (AT_ONCE - 1)


def test_a_question_has_one_answer(share, ask, parties, now):
    actions_seal.set_at_once(
        actor=platform(), organisation=parties.mine, identifier=share, at_once=False, now=now
    )
    row = ask(share)
    told = together(
        lambda number: actions_answer.answer(
            actor=platform(), organisation=parties.mine, question=row.pk, now=now, decline=number % 2 == 0
        )
    )
    assert sum(isinstance(one, ThresholdQuestion) for one in told) == 1
    assert queries.put_to(parties.mine.pk).get().state in {"proven", "refused"}
