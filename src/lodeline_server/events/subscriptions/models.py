"""Named queries of an organisation, and their subscriptions. Not of the log: what is wanted, not what happened."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from lodeline_server.parties.models import Organisation


class NamedQuery(models.Model):
    """A question under a name, in the organisation that gave it. The answer is what its asker may see at the time."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="named_queries")
    name = models.CharField(max_length=100)
    definition = models.JSONField(help_text="parameters of the EPCIS query language")
    created_by = models.CharField(max_length=80)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organisation", "name"], name="query_name")]

    def __str__(self) -> str:
        return self.name


class Subscription(models.Model):
    """An address that is told. `position`: everything before it in the log was delivered, or does not answer.

    Delivered as its subscriber (`actor`), whose rights are looked up anew each time. `sealed` is the client's
    signature token under the workspace's key.
    """

    class State(models.TextChoices):
        ACTIVE = "active", _("active")
        ENDED = "ended", _("ended")

    uuid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    query = models.ForeignKey(NamedQuery, on_delete=models.CASCADE, related_name="subscriptions")
    actor = models.CharField(max_length=80, help_text="key:4 or user:7")
    role = models.CharField(max_length=20)
    dest = models.CharField(max_length=2000)
    sealed = models.BinaryField(max_length=600, null=True)
    key_version = models.IntegerField(null=True)
    stream = models.BooleanField(default=False)
    schedule = models.JSONField(default=dict, blank=True)
    report_if_empty = models.BooleanField(default=False)
    initial_record_time = models.DateTimeField(null=True, help_text="none: what comes after it was made")
    position = models.BigIntegerField(default=0)
    state = models.CharField(max_length=10, choices=State.choices, default=State.ACTIVE)
    reason = models.CharField(max_length=200, blank=True, help_text="why it ended")
    created_at = models.DateTimeField()
    next_at = models.DateTimeField(
        null=True, help_text="its next instant, or next try; none: as soon as anything is new"
    )
    claimed_until = models.DateTimeField(
        null=True, help_text="a process is at it; after this it is taken to be gone"
    )
    failures = models.IntegerField(default=0, help_text="one after the other")
    failing_since = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=300, blank=True)
    last_tried_at = models.DateTimeField(null=True)
    notified_at = models.DateTimeField(null=True, help_text="the last time it was told and said yes")
    delivered = models.BigIntegerField(default=0, help_text="events")

    class Meta:
        indexes = [models.Index(fields=["state", "next_at"], name="subscription_due")]

    def __str__(self) -> str:
        return f"{self.query} → {self.dest}"
