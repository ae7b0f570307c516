"""`lodeline user`."""

from __future__ import annotations

import io
import json

import pytest

from lodeline.cli import main
from lodeline_server.kit.clock import now as clock
from lodeline_server.parties.authentication import actor_of_key
from lodeline_server.parties.models import Membership, Organisation, User

PASSWORD = "correct horse battery"


@pytest.fixture
def user(db, capsys, monkeypatch):
    def run(*words, stdin=""):
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        code = main(["user", *words])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def test_from_nothing_to_a_working_key(user):
    assert user("workspace", "Northern Cells", "--slug", "cells", "--json")[:2] == (
        0,
        '{"slug": "cells", "name": "Northern Cells"}\n',
    )
    code, out, _ = user(
        "organisation", "North Works", "--slug", "works", "--workspace", "cells",
        "--party", "urn:epc:id:pgln:9521000.00000", "--country", "SE", "--json",
    )  # fmt: skip
    assert (code, json.loads(out)["party"]) == (0, "https://id.gs1.org/417/9521000000001")
    code, out, _ = user("key", "works", "--role", "maker", "--name", "erp", "--scope", "capture.submit",
                        "--expires", "2999-12-31", "--json")  # fmt: skip
    assert code == 0
    actor = actor_of_key(json.loads(out)["key"], now=clock())
    assert (actor.role, actor.scopes) == ("maker", frozenset({"capture.submit"}))
    code, out, _ = user("key", "works", "--role", "maker", "--name", "plain")
    assert actor_of_key(out.strip(), now=clock()).name == "plain"


def test_a_person_with_a_password(user, organisation, client):
    code, out, _ = user("add", "Ann@Example.org", "--organisation", "north-works", "--role", "operator",
                        "--password-stdin", stdin=PASSWORD + "\n")  # fmt: skip
    assert (code, out) == (0, "ann@example.org is operator of North Works.\n")
    assert User.objects.get().check_password(PASSWORD)
    code, out, _ = user("list", "--json")
    assert [(row["email"], row["parts"]) for row in json.loads(out)] == [
        ("ann@example.org", [{"workspace": "north", "organisation": "north-works", "role": "operator"}])
    ]
    # Again with another role: a second part, the password stays.
    code, out, _ = user(
        "add", "ann@example.org", "--organisation", "north-works", "--role", "buyer", "--json"
    )
    assert (code, json.loads(out)["created"], json.loads(out)["link"]) == (0, False, None)
    assert sorted(Membership.objects.values_list("role", flat=True)) == ["buyer", "operator"]
    assert User.objects.get().check_password(PASSWORD)


def test_a_weak_password_makes_no_account(user, organisation):
    code, out, err = user("add", "a@example.org", "--organisation", "north-works", "--role", "buyer",
                          "--password-stdin", stdin="short\n")  # fmt: skip
    assert (code, out) == (1, "")
    assert err.startswith("lodeline user: This password is too weak.")
    assert not User.objects.exists()


def test_without_a_password_there_is_a_link(user, organisation, settings):
    code, out, _ = user("add", "a@example.org", "--organisation", "north-works", "--role", "buyer", "--json")
    link = json.loads(out)["link"]
    assert (code, link.startswith(f"{settings.PUBLIC_URL}/accounts/password/reset/key/")) == (0, True)
    code, out, _ = user("link", "A@example.org")
    assert (code, out.strip().startswith(settings.PUBLIC_URL)) == (0, True)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["add", "a@b.example", "--organisation", "none", "--role", "buyer"], 1, "There is no such organisation"),
        (["add", "nonsense", "--organisation", "north-works", "--role", "buyer"], 1, "not an e-mail address"),
        (["key", "none", "--role", "buyer", "--name", "x"], 1, "There is no such organisation"),
        (["key", "north-works", "--role", "buyer", "--name", "x", "--scope", "operate"], 1, "does not hold operate"),
        (["key", "north-works", "--role", "buyer", "--name", "x", "--expires", "2001-01-01"], 1, "expired already"),
        (["workspace", "Other", "--slug", "north"], 1, "There is a workspace with this short name"),
        (["organisation", "X", "--slug", "x", "--workspace", "none", "--party", "urn:x:y"], 1, "no such workspace"),
        (["organisation", "X", "--slug", "x", "--workspace", "north", "--party", "a b"], 1, "not an identifier"),
        (["organisation", "X", "--slug", "x", "--workspace", "north", "--party", "word"], 1, "is not a URI"),
        (["link", "nobody@example.org"], 1, "There is no such account"),
    ],
)  # fmt: skip
def test_what_is_refused(user, organisation, words, code, said):
    before = Organisation.objects.count(), User.objects.count()
    got = user(*words)
    assert (got[0], got[1]) == (code, "")
    assert said in got[2]
    got = user(*words, "--json")
    assert (got[0], said in got[1], got[2]) == (code, True, "")
    assert (Organisation.objects.count(), User.objects.count()) == before


def test_one_short_name_in_two_workspaces(user, organisation, other_organisation):
    Organisation.objects.update(slug="works")
    assert user("key", "works", "--role", "buyer", "--name", "x")[0] == 1
    assert user("key", "works", "--role", "buyer", "--name", "x", "--workspace", "south")[0] == 0


@pytest.mark.parametrize("words", [[], ["fly"], ["add"], ["key", "x", "--role", "king", "--name", "n"]])
def test_wrong_usage_is_2(user, words):
    with pytest.raises(SystemExit) as left:
        user(*words)
    assert left.value.code == 2
