"""Who wrote a person's name into a note: it goes with the person, and the rest stands."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from tests.apps.lots.chain import CARS, NOW, OWN, world
from tests.apps.recalls.test_closing import closed, marked, settled
from tests.apps.recalls.test_drills import abandon, drawn
from tests.apps.recalls.test_recall import run

from lodeline.access import platform
from lodeline_server.log import erasing
from lodeline_server.log.actions import NewStatement, append
from lodeline_server.log.projections import dump_all, rebuild
from lodeline_server.recalls.closing import queries, report
from lodeline_server.recalls.closing.models import Notice, Settled
from lodeline_server.recalls.drilling.models import Drill

pytestmark = pytest.mark.django_db(transaction=True)
LATER = NOW + timedelta(days=3)


@pytest.fixture(autouse=True)
def _no_list():
    erasing.listed().unlink(missing_ok=True)
    yield
    erasing.listed().unlink(missing_ok=True)


def test_notes_about_an_erased_person_go_and_the_closing_stands(workspace, actor):
    world(workspace.pk)
    with transaction.atomic():
        said = NewStatement(type="test.said", payload={"body": {"name": "Anna Berg"}}, data_subject="anna")
        append(actor=platform(), workspace=workspace.pk, statements=[said], now=NOW)
    quality = actor("quality")
    recall = run(quality)
    marked(quality, recall, "sent", [CARS], note="told Anna Berg")
    marked(quality, recall, "sent", [OWN], note="told the office")
    settled(quality, recall, "scrapped", keys=["P1"], note="by Anna Berg")
    settled(quality, recall, "clean")
    closed(quality, recall)
    abandon(actor=quality, row=drawn(quality), reason="Anna Berg was ill", now=NOW)

    done = erasing.erase(
        actor=platform(workspace.pk), workspace=workspace.pk, subject="anna", reason="request", now=LATER
    )
    assert done.count == 4
    assert list(Notice.objects.values_list("party", "note")) == [(OWN, "told the office")]
    assert not Settled.objects.filter(note__contains="Anna").exists()
    row = Drill.objects.get()
    assert (row.state, row.reason) == ("open", "")
    told = report.as_dict(queries.closure(type(recall).objects.get()))
    assert told["matches"]  # leaf hashes stay
    assert "Anna" not in "".join(dump_all(["recalls"]))
    before = list(dump_all(["recalls"]))
    rebuild(["recalls"])
    assert list(dump_all(["recalls"])) == before
