"""What may be done to accounts, and by whom."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest

from lodeline.access import PERMISSIONS, Denied, Permission, Role, platform
from lodeline_server.kit.problems import Problem
from lodeline_server.parties import actions
from lodeline_server.parties.models import ApiKey, Membership, User
from lodeline_server.parties.queries import members


def test_only_the_platform_makes_workspaces(actor, now):
    with pytest.raises(Denied):
        actions.create_workspace(actor=actor("operator"), slug="east", name="East", now=now)
    row = actions.create_workspace(actor=platform(), slug="east", name="East", now=now)
    assert (row.slug, row.name, row.created_at, len(row.pseudonym_secret)) == ("east", "East", now, 32)
    with pytest.raises(Problem) as refused:
        actions.create_workspace(actor=platform(), slug="east", name="Else", now=now)
    assert refused.value.status == 409


def test_an_organisation_is_made_in_ones_own_workspace_only(actor, workspace, other_workspace, now):
    made = actions.create_organisation(
        actor=actor("operator"), workspace=workspace, slug="mill", name="Mill", party="urn:x:mill", now=now
    )
    assert made.workspace == workspace
    with pytest.raises(Problem) as refused:
        actions.create_organisation(
            actor=actor("operator"), workspace=other_workspace, slug="m", name="M", party="urn:x:m", now=now
        )
    assert refused.value.status == 404
    with pytest.raises(Denied):
        actions.create_organisation(
            actor=actor("maker"), workspace=workspace, slug="m", name="M", party="urn:x:m", now=now
        )


def test_an_account_has_one_spelling_of_its_address(actor):
    user = actions.create_user(actor=actor("operator"), email=" Ann@Example.ORG ", name="Ann")
    assert user.email == "ann@example.org"
    assert not user.has_usable_password()
    assert [(a.email, a.verified, a.primary) for a in user.emailaddress_set.all()] == [
        (user.email, True, True)
    ]
    with pytest.raises(Problem) as twice:
        actions.create_user(actor=actor("operator"), email="ANN@example.org")
    assert twice.value.status == 409
    with pytest.raises(Problem) as wrong:
        actions.create_user(actor=actor("operator"), email="not an address")
    assert wrong.value.status == 422


def test_inviting_somebody_who_has_an_account_leaves_the_password_alone(actor, organisation, now):
    known = actions.create_user(actor=platform(), email="known@example.org", password="a long old password")
    before = known.password
    membership, made = actions.invite(
        actor=actor("operator"),
        email="Known@example.org",
        organisation=organisation,
        role=Role.BUYER,
        now=now,
    )
    known.refresh_from_db()
    assert (made, membership.user, membership.role) == (False, known, "buyer")
    assert known.password == before


def test_an_invitation_is_whole_or_not_at_all(actor, other_organisation, now):
    with pytest.raises(Problem):
        actions.invite(
            actor=actor("operator"),
            email="new@example.org",
            organisation=other_organisation,
            role=Role.BUYER,
            now=now,
        )
    assert not User.objects.filter(email="new@example.org").exists()


def test_no_link_for_an_account_of_two_workspaces(actor, organisation, other_organisation, now):
    user = actions.create_user(actor=platform(), email="both@example.org", password="a long old password")
    for home in (organisation, other_organisation):
        mine = actions.add_membership(
            actor=platform(), user=user, organisation=home, role=Role.BUYER, now=now
        )
    mine = members(actor("operator")).get(user=user)
    with pytest.raises(Problem) as refused:
        actions.one_time_link(actor=actor("operator"), membership=mine)
    assert refused.value.status == 409


def test_the_last_operator_stays(actor, organisation, now):
    operator = actor("operator")
    only = members(operator).get(role="operator")
    for attempt in (
        lambda: actions.remove_membership(actor=operator, membership=only),
        lambda: actions.change_role(actor=operator, membership=only, role=Role.BUYER),
    ):
        with pytest.raises(Problem) as refused:
            attempt()
        assert refused.value.status == 409
    second = actions.create_user(actor=operator, email="second@example.org")
    actions.add_membership(
        actor=operator, user=second, organisation=organisation, role=Role.OPERATOR, now=now
    )
    actions.change_role(actor=operator, membership=only, role=Role.BUYER)
    assert Membership.objects.get(pk=only.pk).role == "buyer"


def test_a_role_is_changed_once(actor, organisation, now):
    operator = actor("operator")
    user = actions.create_user(actor=operator, email="x@example.org")
    buyer = actions.add_membership(
        actor=operator, user=user, organisation=organisation, role=Role.BUYER, now=now
    )
    again = actions.add_membership(
        actor=operator, user=user, organisation=organisation, role=Role.BUYER, now=now
    )
    assert again == buyer
    actions.add_membership(actor=operator, user=user, organisation=organisation, role=Role.QUALITY, now=now)
    with pytest.raises(Problem) as refused:
        actions.change_role(actor=operator, membership=buyer, role=Role.QUALITY)
    assert refused.value.status == 409


@pytest.mark.parametrize("role", list(Role))
def test_members_are_managed_by_operators_alone(role, actor, organisation, now):
    acting = actor(role)
    other = actions.create_user(actor=platform(), email="o@example.org")
    row = actions.add_membership(
        actor=platform(), user=other, organisation=organisation, role=Role.BUYER, now=now
    )
    steps = [
        lambda: actions.create_user(actor=acting, email="n@example.org"),
        lambda: actions.invite(
            actor=acting, email="i@example.org", organisation=organisation, role=role, now=now
        ),
        lambda: actions.add_membership(
            actor=acting, user=other, organisation=organisation, role=role, now=now
        ),
        lambda: actions.one_time_link(actor=acting, membership=row),
        lambda: actions.change_role(actor=acting, membership=row, role=Role.MAKER),
        lambda: actions.remove_membership(actor=acting, membership=row),
    ]
    for step in steps:
        if Permission.MEMBERS_MANAGE in PERMISSIONS[role]:
            step()
        else:
            with pytest.raises(Denied):
                step()
    assert Membership.objects.filter(pk=row.pk).exists() is (role is not Role.OPERATOR)


def make_key(acting, home, now, role=Role.MAKER, scopes=(), **extra):
    return actions.create_api_key(
        actor=acting, organisation=home, name="erp", role=role, scopes=scopes, now=now, **extra
    )


def test_only_the_fingerprint_of_a_key_is_kept(actor, organisation, now):
    key, plaintext = make_key(actor("maker"), organisation, now)
    start, prefix, secret = plaintext.split("_", 2)
    assert (start, prefix, len(secret)) == ("ll", key.prefix, 43)  # 256 bits in base64url
    assert bytes(key.digest) == hashlib.sha256(plaintext.encode()).digest()
    kept = str(ApiKey.objects.filter(pk=key.pk).values_list()[0])
    assert secret not in kept


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.MAKER])
def test_nobody_hands_out_another_role(role, actor, organisation, now):
    allowed = PERMISSIONS[role] <= PERMISSIONS[Role.MAKER]
    if allowed:
        make_key(actor("maker"), organisation, now, role=role)
    else:
        with pytest.raises(Denied):
            make_key(actor("maker"), organisation, now, role=role)
    make_key(actor("operator"), organisation, now, role=role)


def test_a_key_cannot_make_a_wider_key(actor, organisation, now):
    from lodeline_server.parties.authentication import actor_of_key

    narrow = {Permission.KEYS_MANAGE, Permission.LOTS_VIEW}
    _, plaintext = make_key(actor("maker"), organisation, now, scopes=narrow)
    machine = actor_of_key(plaintext, now=now)
    with pytest.raises(Denied):
        make_key(machine, organisation, now)
    with pytest.raises(Denied):
        make_key(machine, organisation, now, scopes={Permission.CAPTURE_SUBMIT})
    key, _ = make_key(machine, organisation, now, scopes={Permission.LOTS_VIEW})
    assert key.scopes == ["lots.view"]
    # Not even one that an operator holds.
    scopes = {Permission.KEYS_MANAGE, Permission.MEMBERS_MANAGE}
    _, plaintext = make_key(actor("operator"), organisation, now, role=Role.OPERATOR, scopes=scopes)
    with pytest.raises(Denied):
        make_key(actor_of_key(plaintext, now=now), organisation, now)


def test_keys_of_another_organisation(actor, workspace, organisation, now):
    sister = actions.create_organisation(
        actor=platform(), workspace=workspace, slug="sister", name="Sister", party="urn:x:sister", now=now
    )
    with pytest.raises(Denied):
        make_key(actor("maker"), sister, now)
    key, _ = make_key(actor("operator"), sister, now)
    with pytest.raises(Denied):
        actions.revoke_api_key(actor=actor("maker"), key=key, now=now)


def test_a_key_asks_for_what_its_role_holds_and_for_the_future(actor, organisation, now):
    with pytest.raises(Problem) as beyond:
        make_key(actor("operator"), organisation, now, role=Role.BUYER, scopes={Permission.OPERATE})
    assert (beyond.value.status, beyond.value.title) == (422, "The role buyer does not hold operate")
    with pytest.raises(Problem) as past:
        make_key(actor("maker"), organisation, now, expires_at=now)
    assert past.value.status == 422


def test_revoking_keeps_the_first_instant(actor, organisation, other_actor, now):
    key, _ = make_key(actor("maker"), organisation, now)
    with pytest.raises(Problem) as stranger:
        actions.revoke_api_key(actor=other_actor("operator"), key=key, now=now)
    assert stranger.value.status == 404
    actions.revoke_api_key(actor=actor("maker"), key=key, now=now)
    actions.revoke_api_key(actor=actor("maker"), key=key, now=now + timedelta(days=1))
    key.refresh_from_db()
    assert key.revoked_at == now
