"""A small world made through public actions, once for one's own workspace and once for another's.

`World.args` says how to fill the address of a page or an operation that has holes. An address without an
entry here fails the walk: whoever adds a page adds its sample object.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from functools import cached_property
from types import SimpleNamespace

import pytest
from django.test import Client

from lodeline.access import Role, platform


class World:
    """Objects of one workspace, each made when it is first asked for."""

    def __init__(self, organisation, now: datetime):
        self.organisation, self.now = organisation, now
        self.workspace = organisation.workspace
        self.word = organisation.slug.split("-")[0]  # north, south: stands in every name
        self.platform = platform(self.workspace.pk)

    def person(self, role):
        from lodeline_server.parties.actions import add_membership, create_user
        from lodeline_server.parties.models import User

        email = f"{role}@{self.word}.example"
        user = User.objects.filter(email=email).first()
        user = user or create_user(
            actor=platform(), email=email, name=f"{self.word} {role}", password="correct horse battery"
        )
        return add_membership(
            actor=self.platform, user=user, organisation=self.organisation, role=Role(role), now=self.now
        )

    def client(self, role):
        client = Client(raise_request_exception=False)
        client.force_login(self.person(role).user)
        return client

    def key(self, role, scopes=()):
        from lodeline_server.parties.actions import create_api_key

        return create_api_key(
            actor=self.platform,
            organisation=self.organisation,
            name=f"{self.word} machine",
            role=Role(role),
            scopes=scopes,
            now=self.now,
        )

    def machine(self, role, scopes=()):
        authorization = f"Bearer {self.key(role, scopes)[1]}"
        return Client(raise_request_exception=False, headers={"authorization": authorization})

    @cached_property
    def some_key(self):
        return self.key("maker")[0]

    @cached_property
    def failed_job(self):
        """A job that ended badly, as the worker leaves it."""
        from django_tasks_db.models import DBTaskResult

        return SimpleNamespace(pk=DBTaskResult.objects.values_list("pk", flat=True).first() or uuid.uuid4())

    @cached_property
    def position(self):
        """A statement of this workspace in the log."""
        from django.db import transaction

        from lodeline_server.log.actions import NewStatement, append

        payload = {"id": f"urn:x:{self.word}", "issuer": self.organisation.party, "body": {}}
        statement = NewStatement(type="note", payload=payload)
        with transaction.atomic():
            done = append(
                actor=self.platform, workspace=self.workspace.pk, statements=[statement], now=self.now
            )
        return done[0].position

    # --- addresses --------------------------------------------------------------------------------

    @cached_property
    def pages(self):
        """Name of a page with holes: how to fill them."""
        return {
            "member_role": lambda: {"pk": self.person("buyer").pk},
            "member_link": lambda: {"pk": self.person("buyer").pk},
            "member_remove": lambda: {"pk": self.person("buyer").pk},
            "key_revoke": lambda: {"pk": self.some_key.pk},
            "statement": lambda: {"position": self.position},
            "job_again": lambda: {"job": self.failed_job.pk},
        }

    @cached_property
    def operations(self):
        """Path of an operation with holes or needed queries: how to fill them."""
        return {
            "/api/log/statements/{position}": lambda: {"position": self.position},
            "/api/keys/{key_id}": lambda: {"key_id": self.some_key.pk},
        }


@pytest.fixture
def worlds(db, organisation, other_organisation, now):
    return World(organisation, now), World(other_organisation, now)


@pytest.fixture
def world(worlds):
    return worlds[0]


@pytest.fixture
def other_world(worlds):
    return worlds[1]
