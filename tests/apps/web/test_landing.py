"""The landing page: the same bytes for everybody, and nothing asked of session or database."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from lodeline.access import Role

pytestmark = pytest.mark.django_db


def test_is_the_same_signed_in_or_not(client_as, django_assert_num_queries):
    signed_in = client_as(Role.QUALITY)
    with django_assert_num_queries(0):
        out, inside = Client().get("/"), signed_in.get("/")
    assert out.status_code == 200
    assert out.content == inside.content
    for answer in (out, inside):
        assert not answer.cookies
        assert "Cookie" not in answer.get("Vary", "")
        assert answer["Cache-Control"] == "public, max-age=300"


def test_says_what_this_is_and_where_to_sign_in():
    page = Client().get("/").content.decode()
    assert "Know, and prove, where a battery’s materials came from." in page
    assert 'href="/app/"' in page
    assert "<script" not in page
    assert len(re.findall("<h1", page)) == 1


def test_answers_only_reading():
    assert Client().post("/").status_code == 405
    assert Client().head("/").status_code == 200
