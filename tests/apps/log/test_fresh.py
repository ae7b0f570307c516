"""What was just appended, handed to projections from memory: the same as reading it, or nothing."""

from __future__ import annotations

import pytest
from django.db import transaction

from lodeline import strictjson
from lodeline.access import platform
from lodeline_server.log import fresh, projections, queries
from lodeline_server.log.actions import NewStatement, append
from lodeline_server.log.models import Entry, SubjectKey

pytestmark = pytest.mark.django_db
TYPES = frozenset({"test.said", "test.other"})
ODD = {"whole": 1.0, "large": 1e21, "part": 12.5, "text": "1.0", "list": [True, None, -0.0]}


@pytest.fixture(autouse=True)
def _nothing_held():
    fresh.HELD.forget()
    yield
    fresh.HELD.forget()


@pytest.fixture
def put(django_capture_on_commit_callbacks, now):
    def put(*bodies, kind="test.said", subject=""):
        with django_capture_on_commit_callbacks(execute=True):
            said = [NewStatement(type=kind, payload={"body": body}, data_subject=subject) for body in bodies]
            with transaction.atomic():
                append(actor=platform(), workspace=1, statements=said, now=now)

    return put


def read(start, stop, types=TYPES, limit=1_000):
    return list(queries.read(start, types=types, stop=stop, limit=limit))


def test_it_is_what_reading_the_log_gives(put):
    put(*({"n": n, **ODD} for n in range(5)))
    put({"n": 5}, kind="test.other")
    put(*({"n": n} for n in range(6, 9)))
    for start, stop, types, limit in (
        (0, 9, TYPES, 1_000), (2, 7, TYPES, 1_000), (0, 9, {"test.other"}, 1_000), (1, 9, TYPES, 3), (3, 4, TYPES, 9),
    ):  # fmt: skip
        given, expected = fresh.read(start, stop, types, limit), read(start, stop, types, limit)
        assert given == expected
        # as texts: 1 and 1.0 are equal, but not the same
        assert repr([one.payload for one in given]) == repr([one.payload for one in expected])


def test_a_text_that_came_along_is_the_canonical_one(put, now):
    payload = {"id": "a", "body": {"index": 3, "event": {"b": 12.5, "a": "é"}}}
    event = strictjson.canonical(payload["body"]["event"])
    text = strictjson.canonical_with({"id": "a", "body": {"index": 3}}, ("body", "event"), event)
    assert text == strictjson.canonical(payload)


def test_what_was_rolled_back_is_not_held(django_capture_on_commit_callbacks, now):
    said = [NewStatement(type="test.said", payload={"body": {}})]
    with (
        django_capture_on_commit_callbacks(execute=True),
        pytest.raises(ZeroDivisionError),
        transaction.atomic(),
    ):
        append(actor=platform(), workspace=1, statements=said, now=now)
        raise ZeroDivisionError
    assert fresh.HELD.since(0) == []


def test_what_speaks_of_a_person_is_not_held(put):
    put({"n": 1}, subject="urn:person:1")
    assert fresh.read(0, 1, TYPES, 10) is None


def test_a_gap_is_read_from_the_log(put):
    put({"n": 1})
    fresh.HELD.forget()
    put({"n": 2})
    assert fresh.read(0, 2, TYPES, 10) is None
    assert [one.payload["body"]["n"] for one in fresh.read(1, 2, TYPES, 10)] == [2]


def test_what_was_put_under_a_key_since_is_read_from_the_log(put):
    put({"n": 1}, {"n": 2})
    key = SubjectKey.objects.create(workspace=1, pseudonym="p", wrapped=b"", key_version=1)
    Entry.objects.filter(position=0).update(subject_key=key)
    assert fresh.read(0, 2, TYPES, 10) is None


def test_another_log_at_the_same_place_is_not_mistaken_for_it(put):
    put({"n": 1})
    Entry.objects.filter(position=0).update(leaf_hash=b"\x01" * 32)
    assert fresh.read(0, 1, TYPES, 10) is None


def test_older_batches_make_room(put, monkeypatch):
    monkeypatch.setattr(fresh.HELD, "most", 100)
    for n in range(4):
        put({"n": n, "text": "x" * 40})
    assert fresh.HELD.since(0) == []
    assert [one.first for one in fresh.HELD.since(3)] == [3]


def test_a_long_way_in_short_steps_looks_at_each_batch_as_often_as_it_is_read(put, monkeypatch):
    for n in range(40):
        put({"n": n})
    looked, stands = [], fresh._stands
    monkeypatch.setattr(fresh, "_stands", lambda batch: looked.append(batch.first) or stands(batch))
    for start in range(0, 40, 4):
        found = fresh.read(start, 40, TYPES, 4)
        assert [one.payload["body"]["n"] for one in found] == list(range(start, start + 4))
    assert looked == list(range(40))


def test_followed_from_memory_and_rebuilt_from_the_log_are_alike(put, registered):
    class Seen:
        name, types, order = "seen", TYPES, 1
        lines: list[str] = []

        def reset(self):
            self.lines.clear()

        def apply(self, statements):
            self.lines.extend(map(repr, statements))

        def dump(self):
            yield from self.lines

    class Broken(Seen):
        name, order = "broken", 0

        def apply(self, statements):
            raise ZeroDivisionError

    seen = Seen()
    registered(seen, Broken())
    put(*({"n": n, **ODD} for n in range(3)))
    failures = projections.follow_all()
    assert [one.projection for one in failures] == ["broken"]
    assert projections.position("broken") == 0
    followed = list(seen.dump())
    assert len(followed) == projections.position("seen") == 3
    projections.rebuild(["seen"])
    assert list(seen.dump()) == followed
