"""Members, keys and switching, as people see them."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from lodeline.access import Role, platform
from lodeline_server.kit.clock import now as clock
from lodeline_server.parties.actions import add_membership, create_api_key, create_user
from lodeline_server.parties.authentication import actor_of_key
from lodeline_server.parties.models import ApiKey, Membership, User

PASSWORD = "correct horse battery"


@pytest.fixture
def operator(client_as):
    return client_as("operator")


def invite(client, home, **other):
    form = {"email": "new@example.org", "name": "Newt", "organisation": home.pk, "role": "buyer", **other}
    return client.post("/app/members/", form)


def test_an_invited_person_sets_a_password_once_and_signs_in(operator, organisation, client, settings):
    answer = invite(operator, organisation)
    assert answer.status_code == 200
    link = answer.context["link"]
    assert link in answer.content.decode()
    path = link.removeprefix(settings.PUBLIC_URL)
    form = client.get(path, follow=True)
    assert form.status_code == 200
    target = form.redirect_chain[-1][0]
    assert path not in target  # the key has left the address, so that it does not leak by Referer
    weak = client.post(target, {"password1": "short", "password2": "short"})
    assert weak.status_code == 200
    assert not User.objects.get(email="new@example.org").has_usable_password()
    done = client.post(target, {"password1": PASSWORD, "password2": PASSWORD})
    assert done.status_code == 302
    client.cookies.clear()
    assert "no longer works" in client.get(path, follow=True).content.decode()
    signed = client.post("/accounts/login/", {"login": "NEW@example.org", "password": PASSWORD})
    assert (signed.status_code, signed["Location"]) == (302, "/app/")
    assert client.get("/api/me").json()["role"] == "buyer"


def test_somebody_with_an_account_gets_no_link(operator, organisation, other_organisation, now):
    user = create_user(actor=platform(), email="known@example.org", password=PASSWORD)
    add_membership(actor=platform(), user=user, organisation=other_organisation, role=Role.MAKER, now=now)
    answer = invite(operator, organisation, email="Known@Example.org")
    assert (answer.status_code, answer.context["link"]) == (200, "")
    assert "had an account already" in answer.content.decode()
    mine = Membership.objects.get(user=user, organisation=organisation)
    refused = operator.post(f"/app/members/{mine.pk}/link")
    assert refused.status_code == 409


@pytest.mark.parametrize(
    "wrong",
    [{"email": "x"}, {"email": ""}, {"role": "king"}, {"organisation": "0"}, {"organisation": "x"},
     {"name": "x" * 201}, {"email": "a\x00@example.org"}],
)  # fmt: skip
def test_a_wrong_invitation_keeps_what_was_typed(operator, organisation, wrong):
    answer = invite(operator, organisation, **wrong)
    assert answer.status_code == 422
    assert answer.context["form"].errors
    assert Membership.objects.count() == 1


def test_another_workspaces_organisation_cannot_be_chosen(operator, organisation, other_organisation):
    assert invite(operator, other_organisation).status_code == 422
    assert not User.objects.filter(email="new@example.org").exists()


def test_roles_change_and_people_leave(operator, organisation):
    invite(operator, organisation)
    row = Membership.objects.get(user__email="new@example.org")
    assert operator.post(f"/app/members/{row.pk}/role", {"role": "quality"}).status_code == 302
    row.refresh_from_db()
    assert row.role == "quality"
    assert operator.post(f"/app/members/{row.pk}/role", {"role": "king"}).status_code == 422
    asked = operator.get(f"/app/members/{row.pk}/remove")
    assert "stays on record" in asked.content.decode()
    assert operator.post(f"/app/members/{row.pk}/remove").status_code == 302
    assert not Membership.objects.filter(pk=row.pk).exists()
    last = Membership.objects.get(role="operator")
    assert operator.post(f"/app/members/{last.pk}/remove").status_code == 409


def test_a_name_with_markup_is_text(operator, organisation):
    body = invite(operator, organisation, name="<script>alert(1)</script>").content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in body
    assert "<script>alert" not in body


def test_the_list_of_members_asks_the_same_whatever_its_length(
    operator, organisation, now, django_assert_max_num_queries
):
    with django_assert_max_num_queries(30) as few:
        operator.get("/app/members/")
    for number in range(25):
        user = create_user(actor=platform(), email=f"p{number}@example.org")
        add_membership(actor=platform(), user=user, organisation=organisation, role=Role.BUYER, now=now)
    with django_assert_max_num_queries(len(few)):
        operator.get("/app/members/")


def test_a_key_is_shown_once(client_as, organisation):
    maker = client_as("maker")
    made = maker.post("/app/keys/", {"name": "ERP", "organisation": organisation.pk, "role": "maker",
                                     "scopes": ["lots.view"], "expires": "2999-12-31"})  # fmt: skip
    secret = made.context["secret"]
    assert made.status_code == 200
    assert secret in made.content.decode()
    assert made["Cache-Control"] == "private, no-store"
    actor = actor_of_key(secret, now=clock())
    assert (actor.role, actor.scopes) == ("maker", frozenset({"lots.view"}))
    again = maker.get("/app/keys/").content.decode()
    assert secret not in again
    assert ApiKey.objects.get().prefix in again
    row = ApiKey.objects.get()
    assert maker.post(f"/app/keys/{row.pk}/revoke").status_code == 302
    assert actor_of_key(secret, now=clock()) is None


@pytest.mark.parametrize(
    "wrong",
    [{"role": "operator"}, {"name": ""}, {"scopes": ["operate"]}, {"expires": "2001-01-01"}, {"expires": "soon"},
     {"organisation": "999999"}],
)  # fmt: skip
def test_a_wrong_wish_makes_no_key(client_as, organisation, wrong):
    form = {"name": "ERP", "organisation": organisation.pk, "role": "maker", **wrong}
    answer = client_as("maker").post("/app/keys/", form)
    assert answer.status_code == 422
    assert not ApiKey.objects.exists()


def test_keys_of_others(client_as, organisation, other_organisation, now):
    theirs, _ = create_api_key(
        actor=platform(), organisation=other_organisation, name="theirs", role=Role.MAKER, now=now
    )
    client = client_as("operator")
    assert "theirs" not in client.get("/app/keys/").content.decode()
    assert client.get(f"/app/keys/{theirs.pk}/revoke").status_code == 404
    assert client.post(f"/app/keys/{theirs.pk}/revoke").status_code == 404


def test_switching_parts(client_as, organisation, other_organisation, now):
    client = client_as("maker")
    user = Membership.objects.get(role="maker").user
    second = add_membership(
        actor=platform(), user=user, organisation=other_organisation, role=Role.BUYER, now=now
    )
    assert client.get("/api/me").json()["role"] == "maker"
    page = client.get("/app/switch").content.decode()
    assert "South Works" in page
    moved = client.post("/app/switch", {"membership": second.pk, "next": "/app/keys/"})
    assert (moved.status_code, moved["Location"]) == (302, "/app/keys/")
    assert client.get("/api/me").json()["role"] == "buyer"
    for evil in ("https://evil.example/", "//evil.example", "javascript:alert(1)", "\\\\evil.example"):
        assert client.post("/app/switch", {"membership": second.pk, "next": evil})["Location"] == "/app/"


@pytest.mark.parametrize("chosen", ["", "x", "0", "999999", "-1", "9" * 40])
def test_a_part_of_somebody_else_cannot_be_chosen(client_as, chosen):
    client = client_as("maker")
    assert client.post("/app/switch", {"membership": chosen}).status_code == 404


def test_a_part_that_was_taken_away_falls_back_to_another(client_as, organisation, now):
    client = client_as("maker")
    user = Membership.objects.get().user
    buyer = add_membership(actor=platform(), user=user, organisation=organisation, role=Role.BUYER, now=now)
    client.post("/app/switch", {"membership": buyer.pk})
    buyer.delete()
    assert client.get("/api/me").json()["role"] == "maker"


def test_the_acting_person_costs_one_query(client_as, django_assert_num_queries, rf):
    from lodeline_server.parties.queries import actor_of_session

    client = client_as("maker")
    request = rf.get("/")
    request.session, request.user = client.session, Membership.objects.get().user
    request.session.get("anything")  # Django reads the session once, whoever asks first
    with django_assert_num_queries(1):
        assert actor_of_session(request).role is Role.MAKER


def test_without_any_part_pages_say_so(client_as):
    client = client_as("maker")
    Membership.objects.all().delete()
    answer = client.get("/app/keys/")
    assert answer.status_code == 403
    assert "belongs to no organisation" in answer.content.decode()


def test_expired_and_revoked_keys_are_told_apart(client_as, organisation):
    for name, when in (("old", clock() + timedelta(seconds=1)), ("open", None)):
        create_api_key(
            actor=platform(),
            organisation=organisation,
            name=name,
            role=Role.MAKER,
            now=clock(),
            expires_at=when,
        )
    ApiKey.objects.filter(name="old").update(expires_at=clock() - timedelta(days=1))
    ApiKey.objects.create(organisation=organisation, name="gone", prefix="zz", digest=b"", role="maker",
                          created_at=clock(), revoked_at=clock())  # fmt: skip
    body = client_as("maker").get("/app/keys/").content.decode()
    assert [len(re.findall(word, body)) for word in ("expired 2", "revoked 2", "<td[^>]*>valid</td>")] == [
        1,
        1,
        1,
    ]


def test_lists_are_found_sorted_and_saved(operator, organisation):
    for number, name in enumerate(("Zoe", "Adam", "=1+1")):
        invite(operator, organisation, email=f"p{number}@example.org", name=name)
    found = operator.get("/app/members/", {"q": "aDaM"}).content.decode()
    assert ("p1@example.org" in found, "p0@example.org" in found) == (True, False)
    assert "p0@example.org" not in operator.get("/app/members/", {"role": "operator"}).content.decode()
    rows = "".join(
        part.decode() for part in operator.get("/app/members/", {"sort": "person", "format": "csv"})
    )
    assert [line.split(",")[0] for line in rows.splitlines()] == [
        "Person",
        "p2@example.org",
        "p1@example.org",
        "p0@example.org",
        "operator@north.example",
    ]
    for odd in (
        {"q": "a\x00b"},
        {"q": "%"},
        {"q": "x" * 1000},
        {"role": "king"},
        {"sort": "-nothing"},
        {"page": "9" * 40},
    ):
        assert operator.get("/app/members/", odd).status_code == 200


def test_keys_as_csv(client_as, organisation, now):
    create_api_key(actor=platform(), organisation=organisation, name="=cmd()", role=Role.MAKER, now=now)
    rows = "".join(
        part.decode() for part in client_as("maker").get("/app/keys/", {"format": "csv"})
    ).splitlines()
    assert rows == [
        "Key,Organisation,Role,Only for,Made,Last used,State",
        "'=cmd(),North Works,maker,,2026-11-01,,valid",
    ]
