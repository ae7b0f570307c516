"""The log in one line each: for the home page, for the operator, for doctor."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.apps.log.saying import put
from tests.conftest import NOW

from lodeline.evidence import Severity
from lodeline_server.config import doctor
from lodeline_server.kit import audit
from lodeline_server.kit.clock import now as clock
from lodeline_server.log import health, notebook, witnessing
from lodeline_server.log.anchoring.models import Anchor
from lodeline_server.log.books import AUDIT, MAIN
from lodeline_server.log.models import AuditOutbox, Suspect

pytestmark = pytest.mark.django_db(transaction=True)


def kinds(now):
    return {line.name: line.kind for line in health.lines(now)}


def test_nothing_is_there_and_nothing_is_set_up():
    AuditOutbox.objects.all().delete()
    assert kinds(NOW) == {
        "Last checkpoint": "none",
        "Last checkpoint of the audit trail": "none",
        "Audit lines that wait for their place": "ok",
        "Witnesses": "none",
        "Witnesses of the audit trail": "none",
        "Outside anchor": "none",
    }
    assert list(doctor.seen(NOW)) == []


def test_audit_lines_that_wait_too_long_need_somebody():
    AuditOutbox.objects.all().delete()
    audit.record(audit.Kind.CHANGE, "some.thing", actor=None, workspace=1, objects={}, now=NOW)
    assert kinds(NOW)["Audit lines that wait for their place"] == "waiting"
    assert list(doctor.seen(NOW + health.LATE)) == []
    (found,) = doctor.seen(NOW + health.LATE + timedelta(seconds=1))
    assert (found.rule, found.severity, found.message) == ("D-AUDIT-LAG", Severity.WARNING, "1 line")


def test_witnesses_cosign_the_newest_and_fall_behind(own):
    put(*range(3))
    moment = notebook.newest().created_at
    waiting = health.witnesses(MAIN, moment)
    assert (waiting.kind, waiting.words) == (
        "waiting",
        "0 of 2 cosigned the newest, enough of them 0 entries",
    )
    witnessing.ask(MAIN, clock())
    done = health.witnesses(MAIN, clock())
    assert (done.kind, done.words) == ("ok", "2 of 2 cosigned the newest, enough of them 3 entries")
    put(3)
    later = notebook.newest().created_at + health.LATE + timedelta(seconds=1)
    behind = health.witnesses(MAIN, later)
    assert (behind.kind, behind.words) == ("warn", "0 of 2 cosigned the newest, enough of them 3 entries")
    assert [found.rule for found in doctor.seen(later) if found.rule == "D-WITNESS"] == ["D-WITNESS"]
    assert kinds(later)[f"We witness {MAIN.origin}"] == "ok"
    assert kinds(later)[f"We witness {AUDIT.origin}"] == "waiting"


def test_a_policy_that_cannot_be_read(write):
    write("log", "witness x\n")
    assert health.witnesses(MAIN, NOW).kind == "bad"
    assert {found.severity for found in doctor.seen(NOW)} == {Severity.ERROR}


def test_a_log_that_signed_two_trees():
    Suspect.objects.create(
        origin_hash="0" * 64,
        origin="other.example/log",
        kind=Suspect.Kind.SPLIT,
        size=7,
        root=b"\1" * 32,
        request="",
        ours="",
        received_at=NOW,
    )
    (found,) = doctor.seen(NOW)
    assert (found.rule, found.severity) == ("D-WITNESSED", Severity.ERROR)
    assert found.message.startswith("1 checkpoint that an honest log does not sign")


def test_the_anchor_that_stands_and_the_one_that_fails():
    common = {
        "book": "main", "root": b"\1" * 32, "kind": "rfc3161", "note": "n", "queued_at": NOW, "changed_at": NOW,
    }  # fmt: skip
    Anchor.objects.create(size=5, target="one", state="final", attested_at=NOW, **common)
    assert (health.anchor(NOW).kind, health.anchor(NOW).words) == ("ok", "5 entries at one, 0\u202fs ago")
    assert kinds(NOW)["Anchor one of the main book"] == "none"  # it stands in no file any more
    Anchor.objects.create(
        size=9, target="two", state="submitted", error="no answer", next_at=NOW, failures=1, **common
    )
    assert (health.anchor(NOW).kind, health.anchor(NOW).words) == ("warn", "two: no answer")
    assert kinds(NOW)["Anchor two of the main book"] == "warn"


def test_the_operator_reads_all_of_it(client_as):
    shown = client_as("operator").get("/app/operator/").content.decode()
    assert "Audit lines that wait for their place" in shown
    assert "Witnesses of the audit trail" in shown
