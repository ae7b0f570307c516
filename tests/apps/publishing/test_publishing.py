"""Published bytes: replaced as a whole, a tombstone instead of absence."""

from __future__ import annotations

import gzip
import hashlib
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from lodeline_server.publishing.actions import publish, withdraw
from lodeline_server.publishing.models import Published
from lodeline_server.publishing.queries import forms, published

pytestmark = pytest.mark.django_db
KEY = "/01/09521000000011/21/A1"


def give(now, *, at=1, **bodies):
    types = {"html": "text/html", "json": "application/json"}
    publish(
        key=KEY,
        forms={types[name]: body for name, body in bodies.items()},
        kind="passport",
        position=at,
        now=now,
    )


def test_what_is_published_is_read_back(now):
    give(now, html=b"<p>" * 500, json=b"{}")
    form = published(KEY, "text/html")
    assert bytes(form.body) == b"<p>" * 500
    assert form.etag == hashlib.sha256(b"<p>" * 500).hexdigest()
    assert gzip.decompress(bytes(form.gzip)) == b"<p>" * 500
    assert len(bytes(form.gzip)) < 100
    assert (form.kind, form.status, form.position, form.published_at) == ("passport", 200, 1, now)
    assert [one.media_type for one in forms(KEY)] == ["application/json", "text/html"]


def test_the_same_bytes_have_the_same_compressed_form(now):
    give(now, json=b'{"a": 1}' * 40)
    first = bytes(published(KEY, "application/json").gzip)
    give(now + timedelta(days=1), json=b'{"a": 1}' * 40)
    assert bytes(published(KEY, "application/json").gzip) == first


def test_publishing_again_replaces_all_forms(now):
    give(now, html=b"one", json=b"1")
    give(now, at=2, html=b"two")
    assert [(one.media_type, bytes(one.body), one.position) for one in forms(KEY)] == [
        ("text/html", b"two", 2)
    ]


def test_audiences_do_not_meet(now):
    give(now, html=b"public")
    publish(
        key=KEY, audience="authority", forms={"text/html": b"secret"}, kind="passport", position=1, now=now
    )
    assert bytes(published(KEY, "text/html").body) == b"public"
    assert bytes(published(KEY, "text/html", "authority").body) == b"secret"
    assert published(KEY, "text/html", "nobody") is None
    give(now, html=b"public again")
    assert bytes(published(KEY, "text/html", "authority").body) == b"secret"


def test_withdrawing_leaves_a_tombstone(now):
    give(now, html=b"one", json=b"1")
    withdraw(key=KEY, forms={"text/html": b"withdrawn"}, kind="passport", position=5, now=now)
    (form,) = forms(KEY)
    assert (form.status, bytes(form.body), form.position) == (410, b"withdrawn", 5)
    give(now, at=6, html=b"back")
    assert published(KEY, "text/html").status == 200


def test_nothing_is_published_by_a_failed_decision(now):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        give(now, html=b"one")
        raise ZeroDivisionError
    assert list(forms(KEY)) == []


def test_publishing_nothing_is_a_mistake(now):
    give(now, html=b"one")
    with pytest.raises(ValueError, match="at least one form"):
        publish(key=KEY, forms={}, kind="passport", position=2, now=now)
    assert bytes(published(KEY, "text/html").body) == b"one"


def test_a_form_stands_once(now):
    give(now, html=b"one")
    row = published(KEY, "text/html")
    row.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)
    assert Published.objects.count() == 1
