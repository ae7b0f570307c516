"""A receipt shows a whole statement: only to those who may see evidence, or whose statement it is."""

from __future__ import annotations

import pytest
from django.db import transaction

from lodeline.access import Permission, Role, platform
from lodeline_server.log.actions import NewStatement, append

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("role", list(Role), ids=str)
def test_other_parties_statements_need_the_right_to_see_evidence(role, client_as, actor, workspace, now):
    with transaction.atomic():
        append(
            actor=platform(),
            workspace=workspace.pk,
            statements=[
                NewStatement(type="score", payload={"id": "urn:test:1", "body": {"recipe": "CANARY"}})
            ],
            now=now,
        )
    holder = actor(role)
    allowed = holder.may(Permission.EVIDENCE_VIEW) and not holder.only_own
    answer = client_as(role).get("/app/log/0/")
    if not holder.may(Permission.LOG_VIEW):
        assert answer.status_code == 403
        return
    assert answer.status_code == (200 if allowed else 404)
    assert ("CANARY" in answer.content.decode()) is allowed
