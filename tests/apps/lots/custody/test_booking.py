"""What is booked, what is refused, and that nothing half-written stays: through the server's actions."""

from __future__ import annotations

from datetime import timedelta

import pytest
from attrs import evolve
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.apps.lots.chain import PACKS, PLANT, STORE
from tests.apps.lots.custody.keeping import (
    ARRIVED,
    NOW,
    at,
    book,
    claim,
    conversion,
    correction,
    entry,
    hashed,
    ready,
    receipt,
    rules,
)

from lodeline.access import Denied, Permission, platform
from lodeline_server.kit.problems import Problem
from lodeline_server.log import projections
from lodeline_server.log import queries as log
from lodeline_server.lots.custody import actions, queries
from lodeline_server.lots.custody.models import CustodyBook, CustodyEntry, CustodyRemark

pytestmark = pytest.mark.django_db


def refused(actor, *entries, status=409, now=NOW):
    """The rules that say no; nothing was written."""
    before = log.size()
    with pytest.raises(Problem) as found:
        book(actor, *entries, now=now)
    assert (found.value.status, log.size()) == (status, before)
    return [(one.rule, one.pointer) for one in found.value.findings]


def left(actor, group="cathode", site=PLANT, moment=NOW):
    row = CustodyBook.objects.get(workspace_id=actor.workspace, group=group, site=site)
    return queries.ledger(actor.workspace).balance(queries.account(row), moment).left


def test_a_book_from_receipt_to_claim(actor):
    maker = ready(actor)
    rows = book(
        maker,
        receipt("in", 2, "10"),
        conversion("turn", 3, "10"),
        claim("out", 9, "9.5", evidence={"event": "e"}),
    )
    assert [(row.ref, row.kind, row.mass, row.given) for row in rows] == [
        ("in", "receipt", 10_000_000, None),
        ("turn", "conversion", 10_000_000, 9_500_000),
        ("out", "claim", 9_500_000, None),
    ]
    assert (left(maker, "cobalt hydroxide"), left(maker)) == (0, 0)
    assert refused(maker, claim("more", 10, "0.000001")) == [("MB-01", "")]
    assert rows[2].content["evidence"] == {"event": "e"}
    assert (rows[0].book.credited, rows[0].book.debited, rows[0].book.entries) == (10_000_000, 10_000_000, 2)


def test_all_entries_of_a_request_are_booked_or_none(actor):
    maker = ready(actor)
    assert refused(maker, receipt("in", 2, "1"), conversion("turn", 3, "2"), claim("out", 4, "3")) == [
        ("MB-01", "/1"),
        ("MB-01", "/2"),
    ]
    assert not CustodyEntry.objects.exists()


@pytest.mark.parametrize(
    ("sent", "rule"),
    [
        (receipt("x", 2, "1", source=hashed("in")), "MB-06"),
        (receipt("x", 2, "1", received=at(3)), "MB-07"),
        (receipt("x", 2, "1", weighed=False), "MB-07"),
        (receipt("x", 2, "1", evidence={}), "MB-11"),
        (receipt("in", 2, "1", source=hashed("y")), "MB-11"),
        (receipt("x", 2, "1", group="gold"), "MB-08"),
        (receipt("x", 2, "1", scheme="Other"), "MB-02"),
        (receipt("x", 2, "1", custody="book-and-claim"), "CM-01"),
        (receipt("x", -9, "1"), "MB-02"),
        (receipt("x", 320, "1"), "MB-02"),
        (conversion("x", 3, "1") | {"process": "dissolving"}, "MB-04"),
        (claim("x", 3, "1"), "MB-01"),
        (correction("x", 4, "nothing"), "MB-11"),
        (correction("x", 4, "in", approver=""), "MB-11"),
        (entry("transfer", "x", 3, "1", into={"group": "cathode"}), "MB-05"),
        (entry("transfer", "x", 3, "1", into={"site": PACKS}, fromWaste=True), "MB-05"),
        (entry("carry-over", "x", 3, "1", source=hashed("old")), "MB-09"),
        (entry("expiry", "x", 3, "11"), "MB-01"),
        (receipt("x", 2, "1", model="segregated"), "MB-08"),
    ],
)
def test_what_breaks_a_rule_is_not_booked(actor, sent, rule):
    maker = ready(actor)
    book(maker, receipt("in", 2, "10"))
    assert [found for found, _ in refused(maker, sent)] == [rule]
    assert left(maker, "cobalt hydroxide") == 10_000_000


def test_a_correction_needs_no_name_in_the_books(actor):
    maker = ready(actor)
    book(maker, receipt("in", 2, "10"), correction("undo", 5, "in", note="Anna Lind saw the scale"))
    assert left(maker, "cobalt hydroxide") == 0
    row = CustodyEntry.objects.get(ref="undo")
    assert "Anna" not in str(row.content)
    assert queries.remark(row).approver == "Anna Lind"
    assert CustodyEntry.objects.get(ref="in").reversed_by == row.position
    book(maker, receipt("again", 6, "10", source=hashed("in")))


def test_an_erased_approver_leaves_the_books_exact(actor):
    from lodeline_server.log import erasing

    maker = ready(actor)
    book(maker, receipt("in", 2, "10"), correction("undo", 5, "in", note="Anna Lind saw the scale"))
    before = left(maker, "cobalt hydroxide")
    erasing.erase(
        actor=platform(maker.workspace),
        workspace=maker.workspace,
        subject="Anna Lind",
        reason="request",
        now=NOW,
    )
    assert not CustodyRemark.objects.filter(approver="Anna Lind").exists()
    assert left(maker, "cobalt hydroxide") == before
    assert CustodyEntry.objects.count() == 2


def test_credits_move_between_sites_of_one_organisation(actor):
    maker = ready(actor)
    book(maker, receipt("in", 2, "10"), entry("transfer", "go", 3, "4", into={"site": PACKS}))
    assert (left(maker, "cobalt hydroxide"), left(maker, "cobalt hydroxide", PACKS)) == (6_000_000, 4_000_000)
    for site in (STORE, "https://id.gs1.org/414/9521000000998"):
        assert refused(maker, entry("transfer", "x", 3, "1", into={"site": site}), status=404) == []
        assert refused(maker, receipt("x", 3, "1", site=site), status=404) == []


def test_who_may(actor):
    ready(actor)
    for role in ("buyer", "auditor", "quality", "regulator", "financier"):
        with pytest.raises(Denied):
            book(actor(role), receipt("x", 2, "1"))
        with pytest.raises(Denied):
            actions.close(actor=actor(role), ref="0" * 16, day=NOW, now=NOW)
    with pytest.raises(Denied):
        actions.set_scheme(actor=actor("supplier"), raw=rules(version="2"), now=NOW)
    assert book(actor("supplier"), receipt("in", 2, "1"))  # of the same organisation


def test_a_period_is_closed_for_good(actor):
    maker = ready(actor)
    book(maker, receipt("in", 2, "10", evidence={"event": ARRIVED}))
    ref = CustodyBook.objects.get().ref
    day = NOW.replace(month=1, day=5)
    early = {"actor": maker, "ref": ref, "day": day, "now": NOW.replace(month=1, day=20)}
    with pytest.raises(Problem) as found:
        actions.close(**early)
    assert [one.rule for one in found.value.findings] == ["MB-02"]
    with pytest.raises(Problem) as found:
        actions.close(actor=maker, ref=ref, day=NOW.replace(month=2), now=NOW)
    assert found.value.findings[0].message == "the period before 2026-02-01 is not closed"
    with pytest.raises(Problem) as found:  # the hydroxide was used, the credits were not converted
        actions.close(actor=maker, ref=ref, day=day, now=NOW)
    assert [one.rule for one in found.value.findings] == ["MB-03"]
    row = actions.close(actor=maker, ref=ref, day=day, now=NOW, accept=True)
    assert (row.opening, row.closing, [one["rule"] for one in row.content["findings"]]) == (
        0,
        10_000_000,
        ["MB-03"],
    )
    assert refused(maker, receipt("late", 3, "1")) == [("MB-02", "")]
    book(maker, correction("undo", 40, "in"))
    shown = queries.paged(row.book, queries.periods(row.book, NOW)[0], NOW)
    assert (shown.closing, shown.balanced) == (10_000_000, True)
    assert left(maker, "cobalt hydroxide") == 0


def test_rules_change_at_the_start_of_a_period_and_never_backwards(actor):
    maker = ready(actor)
    book(maker, receipt("in", 2, "10"), conversion("turn", 3, "10"))
    for wrong, rule in (
        (rules(), "MB-02"),
        (rules(version="2"), "MB-02"),
        (rules(version="2", periods={"start": "2026-03-15", "months": 1, "count": 2}), "MB-02"),
        (rules(scheme="Loop 2", longestDays=30), "MB-02"),
    ):
        with pytest.raises(Problem) as found:
            actions.set_scheme(actor=maker, raw=wrong, now=NOW)
        assert [one.rule for one in found.value.findings] == [rule]
    later = rules(version="2", periods={"start": "2026-03-01", "months": 1, "count": 12}, factors=[])
    actions.set_scheme(actor=maker, raw=later, now=NOW)
    assert refused(maker, receipt("b", 70, "1"), conversion("c", 71, "1")) == [("MB-04", "/1")]
    assert [one.version for one in queries.courses(maker.workspace)["Loop"].versions] == ["1", "2"]


def test_rules_that_what_is_booked_would_break_are_not_set(actor):
    maker = ready(actor)
    book(maker, receipt("in", 2, "10"), receipt("in2", 70, "10"), conversion("turn", 71, "10"))
    later = rules(version="2", periods={"start": "2026-03-01", "months": 1, "count": 12}, factors=[])
    with pytest.raises(Problem) as found:
        actions.set_scheme(
            actor=maker,
            raw=later | {"factors": rules()["factors"], "carry": 0, "groups": later["groups"][:1]},
            now=NOW,
        )
    assert found.value.status == 409


def test_rebuilt_books_are_the_same(actor):
    maker = ready(actor)
    book(maker, receipt("in", 2, "10"), conversion("turn", 3, "10"), claim("out", 4, "9"))
    book(
        maker,
        correction("undo", 5, "out"),
        entry("transfer", "go", 6, "0.000001", into={"site": PACKS}, group="cathode"),
    )
    actions.close(actor=maker, ref=CustodyBook.objects.filter(group="cathode").first().ref, day=NOW.replace(month=1),
                  now=NOW, accept=True)  # fmt: skip
    before = list(projections.dump_all({"custody"}))
    assert len(before) == 1 + 3 + 5 + 1 + 1
    projections.rebuild({"custody"})
    assert list(projections.dump_all({"custody"})) == before


def test_what_the_projection_has_not_seen_counts(actor, monkeypatch):
    """Between the log and the books another process may stand still."""
    maker = ready(actor)
    book(maker, receipt("in", 2, "10"))
    monkeypatch.setattr(actions.projections, "follow_all", list)
    actions.book(actor=maker, raw=[conversion("turn", 3, "10")], now=NOW)
    assert refused(maker, conversion("again", 4, "1")) == [("MB-01", "")]
    assert refused(maker, receipt("in", 4, "1", source=hashed("z"))) == [("MB-11", "")]
    actions.book(actor=maker, raw=[correction("undo", 5, "turn"), conversion("again", 5, "10")], now=NOW)
    assert refused(maker, correction("undo2", 6, "turn")) == [("MB-11", "")]
    monkeypatch.undo()
    projections.follow_all()
    assert left(maker) == 9_500_000


KINDS = st.sampled_from(["receipt", "conversion", "claim", "correction", "transfer"])
SENT = st.lists(
    st.tuples(KINDS, st.integers(0, 300), st.integers(1, 40), st.integers(0, 9)), min_size=1, max_size=10
)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(SENT)
def test_no_order_of_entries_gives_a_negative_balance(actor, sent):
    from django.db import transaction

    with transaction.atomic():
        maker = ready(actor)
        names = []
        for number, (kind, day, kilograms, other) in enumerate(sent):
            name = f"e{number}"
            made = {
                "receipt": lambda n=name, d=day, k=kilograms: receipt(n, d, str(k)),
                "conversion": lambda n=name, d=day, k=kilograms: conversion(n, d, str(k)),
                "claim": lambda n=name, d=day, k=kilograms: claim(n, d, str(k)),
                "transfer": lambda n=name, d=day, k=kilograms: entry(
                    "transfer", n, d, str(k), into={"site": PACKS}
                ),
                "correction": lambda n=name, d=day, o=other: correction(n, d, f"e{o}"),
            }[kind]()
            try:
                book(maker, made)
                names.append(name)
            except Problem:
                continue
        ledger = queries.ledger(maker.workspace)
        assert sorted(one.id for one in ledger.entries) == sorted(names)
        for row in CustodyBook.objects.all():
            account = queries.account(row)
            steps = ledger.steps(account, NOW + timedelta(days=999))
            assert all(step.left >= 0 for step in steps)
            spans = queries.periods(row, NOW)
            assert all(queries.paged(row, span, NOW).balanced for span in spans)
        before = list(projections.dump_all({"custody"}))
        projections.rebuild({"custody"})
        assert list(projections.dump_all({"custody"})) == before
        transaction.set_rollback(True)


def test_reading_books_asks_little(actor, django_assert_num_queries):
    maker = ready(actor)
    book(maker, *[receipt(f"in{number}", 2, "1") for number in range(20)])
    queries.ledger(maker.workspace)
    with django_assert_num_queries(2):  # cursor and checkpoint: the ledger stays in memory
        queries.ledger(maker.workspace)
    assert connection.vendor in {"sqlite", "postgresql"}
    narrow = evolve(maker, scopes=frozenset({Permission.CUSTODY_READ}))
    with pytest.raises(Denied):
        book(narrow, receipt("x", 2, "1"))
