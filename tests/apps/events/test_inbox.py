"""The inbox: how far a document came, what became of each event, and what failed tried again."""

from __future__ import annotations

import re

import pytest

from lodeline.access import Denied, Role
from lodeline_server.events import actions, actions_retry, inbox, processing
from lodeline_server.events.models import CaptureJob
from lodeline_server.events.outcomes import letters
from lodeline_server.kit.problems import Problem
from lodeline_server.log import projections

pytestmark = pytest.mark.django_db


def text(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_letters():
    assert letters([False, True, False, False], [0, 2], [0, 2]) == "adar"
    assert letters([False, True, False, False], [0, 2], []) == "wdwr"
    assert letters([], [], []) == ""


@pytest.fixture
def waiting(organisation, acting, events, now):
    document = actions.Document(data=events.document(events.make("A")), name="a.json")
    return actions.submit(actor=acting(organisation), document=document, now=now)


def test_how_far_a_document_came(waiting, organisation, acting, events, now, client_as):
    later = actions.submit(
        actor=acting(organisation), document=actions.Document(data=events.document(events.make("B"))), now=now
    )
    assert inbox.progress(later) == inbox.Progress(step="waiting", before=1)
    page = client_as("maker")
    assert "One document is ahead of it." in text(page.get(f"/app/captures/{later.uuid}/"))
    assert b'data-live="running"' in page.get("/app/captures/").content
    job = processing.process(waiting, now, follow=False)
    how = inbox.progress(job)
    assert (how.step, how.open, how.last) == ("filed", True, 1)
    assert dict(how.behind)["lots"] == 2
    shown = page.get(f"/app/captures/{job.uuid}/")
    assert "in the log, being read" in text(shown)
    assert b"captures.js" in shown.content
    projections.follow_all()
    assert inbox.progress(job).step == "projected"
    shown = page.get(f"/app/captures/{job.uuid}/")
    assert b"captures.js" not in shown.content
    assert "in the log and in every view" in text(shown)
    assert "in the log and in every view" in text(page.get("/app/captures/?state=taken"))


def test_each_event_has_its_outcome(capture, events, second, client_as, api_client):
    mine = capture(events.make("A"))
    assert mine.outcomes == "a"
    good, bad = events.make("B"), events.turn(["A"], ["C"])
    job = capture(good, bad, by=second)
    assert (job.state, job.outcomes) == ("refused", "wr")
    job = capture(good, bad, by=second, behaviour="proceed")
    assert (job.state, job.outcomes) == ("taken", "ar")
    again = capture(good, events.make("D"), by=second)
    assert again.outcomes == "da"
    page = client_as("maker")
    shown = text(page.get(f"/app/captures/{job.uuid}/"))
    assert "accepted 1" in shown
    assert "refused 1" in shown
    only = page.get(f"/app/captures/{job.uuid}/?outcome=rejected").content.decode()
    assert bad["eventID"] in only
    assert good["eventID"] not in only
    client = api_client("maker", of=second)
    answer = client.get(f"/api/captures/{job.uuid}/events").json()
    assert answer["counts"] == {"accepted": 1, "duplicate": 0, "rejected": 1, "withheld": 0}
    assert [(one["index"], one["outcome"]) for one in answer["items"]] == [(0, "accepted"), (1, "rejected")]
    assert answer["items"][0]["position"] == job.records.get().position
    assert answer["items"][1]["findings"][0]["rule"] == "lot.not-yours"
    narrowed = client.get(f"/api/captures/{job.uuid}/events?outcome=rejected&limit=1").json()
    assert [one["index"] for one in narrowed["items"]] == [1]
    assert client.get(f"/epcis/capture/{job.uuid}").json()["outcomes"] == ["accepted", "rejected"]


def test_results_are_paged(capture, events, client_as, django_assert_max_num_queries):
    job = capture(*[events.make(f"L{n}") for n in range(60)])
    page = client_as("maker")
    first = page.get(f"/app/captures/{job.uuid}/")
    with django_assert_max_num_queries(20):
        second = page.get(f"/app/captures/{job.uuid}/?page=2")
    assert first.content.count(b"/app/log/") >= 50
    assert "Page 2 of 2" in text(second)
    assert page.get(f"/app/captures/{job.uuid}/?page=x&outcome=y").status_code == 200


def test_what_failed_is_tried_again(waiting, organisation, second, acting, now, client_as):
    actor = acting(organisation)
    with pytest.raises(Problem) as refused:
        actions_retry.retry(actor=actor, job=waiting, now=now)
    assert refused.value.status == 409
    CaptureJob.objects.update(attempts=processing.MOST_ATTEMPTS)
    processing.process_pending(now)
    waiting.refresh_from_db()
    assert waiting.state == "failed"
    with pytest.raises(Problem) as refused:
        actions_retry.retry(actor=acting(second), job=waiting, now=now)
    assert refused.value.status == 404
    with pytest.raises(Denied):
        actions_retry.retry(actor=acting(organisation, Role.OPERATOR), job=waiting, now=now)
    page = client_as("maker")
    assert "Try this document again" in text(page.get(f"/app/captures/{waiting.uuid}/"))
    assert page.post(f"/app/captures/{waiting.uuid}/again").status_code == 302
    waiting.refresh_from_db()
    assert (waiting.state, waiting.findings) == ("waiting", [])
    processing.process_pending(now)
    waiting.refresh_from_db()
    assert (waiting.state, waiting.outcomes) == ("taken", "a")


def test_the_list_is_narrowed_by_party(capture, events, second, client_as):
    capture(events.make("A"), name="mine.json")
    capture(events.make("B"), by=second, name="theirs.json")
    shown = text(client_as("maker").get(f"/app/captures/?party={second.slug}"))
    assert "theirs.json" in shown
    assert "mine.json" not in shown
