"""What capture needs beside the log: jobs, which events are on record, what is known of things, public keys.

All of it is written in the transaction that appends to the log. `EventRecord` is the store of idempotency
keys, `Thing` the small memory for checks against the record; both name positions of the log, which holds the
facts themselves. They are written in bulk with every document: no index that another one covers, and no look of the
database at the rows of workspace and job for each of them: the transaction that writes them holds the job's row.
"""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from lodeline_server.events.querying.models import MasterData, Posting
from lodeline_server.events.sheets.models import SheetPreview
from lodeline_server.events.subscriptions.models import NamedQuery, Subscription
from lodeline_server.log.fields import Ordinal
from lodeline_server.parties.models import Organisation, Workspace

__all__ = (
    "CaptureJob", "EventRecord", "MasterData", "NamedQuery", "Posting", "SheetPreview", "SigningKey", "Subscription",
    "Thing",
)  # fmt: skip


class SigningKey(models.Model):
    """A party's public Ed25519 key: documents signed with it are logged as signed by the party."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="signing_keys")
    kid = models.CharField(max_length=200)
    public_key = models.BinaryField(max_length=32)
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organisation", "kid"], name="signing_key_once")]

    def __str__(self) -> str:
        return f"{self.kid} of {self.organisation}"


class CaptureJob(models.Model):
    """One captured document on its way into the log. It goes in whole, or not at all."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        RUNNING = "running", _("running")
        TAKEN = "taken", _("taken")
        REFUSED = "refused", _("refused")
        FAILED = "failed", _("failed")

    class Behaviour(models.TextChoices):
        ROLLBACK = "rollback", _("all or nothing")
        PROCEED = "proceed", _("keep the good ones")

    OPEN = (State.WAITING, State.RUNNING)

    uuid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="+")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="capture_jobs")
    actor = models.CharField(max_length=80)
    name = models.CharField(max_length=200, blank=True, help_text="file name, where there is one")
    # Kept until the job is done; then the log holds them, sealed.
    raw = models.BinaryField(null=True)
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField()
    media_type = models.CharField(max_length=100)
    kind = models.CharField(max_length=40, help_text="type of the document")
    jws = models.TextField(blank=True)
    kid = models.CharField(max_length=200, blank=True, help_text="key of the party's own signature, verified")
    behaviour = models.CharField(max_length=10, choices=Behaviour.choices, default=Behaviour.ROLLBACK)
    lenient = models.BooleanField(default=False, help_text="repaired by named rules before it was checked")
    repairs = models.JSONField(default=list, help_text="rule, pointer, before and after of each")
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    findings = models.JSONField(default=list)
    accepted = models.IntegerField(default=0)
    duplicates = models.IntegerField(default=0)
    rejected = models.IntegerField(default=0)
    outcomes = models.TextField(blank=True, default="", help_text="a letter for each event, as in `outcomes`")
    attempts = models.IntegerField(default=0)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["workspace", "-id"], name="job_list"),
            models.Index(fields=["state", "id"], name="job_state"),
        ]

    def __str__(self) -> str:
        return f"{self.uuid} {self.state}"

    @property
    def done(self) -> bool:
        return self.state not in self.OPEN


class EventRecord(models.Model):
    """One event or statement on record. `(event_id, hash)` is its identity in the workspace."""

    class Kind(models.TextChoices):
        EVENT = "event", _("event")
        DECLARATION = "declaration", _("error declaration")
        EDITION = "edition", _("another edition")
        STATEMENT = "statement", _("statement")

    workspace = models.ForeignKey(
        Workspace, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    event_id = models.CharField(max_length=500)
    hash = models.BinaryField(max_length=32, help_text="of what it says, in canonical form")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    type = models.CharField(max_length=40)
    position = Ordinal(primary_key=True)
    event_time = models.DateTimeField()
    transformation = models.CharField(max_length=500, blank=True)
    ended = models.BooleanField(default=False, help_text="declared wrong by its capturer")
    job = models.ForeignKey(
        CaptureJob, on_delete=models.PROTECT, related_name="records", db_index=False, db_constraint=False
    )
    index = models.IntegerField(help_text="place in the document")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "event_id", "hash"], name="event_once")]
        indexes = [
            models.Index(fields=["job", "index"], name="event_job"),
            models.Index(
                fields=["workspace", "transformation"],
                name="event_transformation",
                condition=~models.Q(transformation=""),
            ),
        ]

    def __str__(self) -> str:
        return self.event_id

    @property
    def key(self) -> str:
        """Its one name in the log: the id, and for declarations and editions also the hash."""
        return filed_as(self.event_id, self.kind, bytes(self.hash))


def filed_as(event_id: str, kind: str, digest: bytes) -> str:
    """The one name of a record in the log."""
    plain = kind in {EventRecord.Kind.EVENT, EventRecord.Kind.STATEMENT}
    return event_id if plain else f"{event_id}#sha-256={digest.hex()}"


class Thing(models.Model):
    """What is known of one lot or item, for checks at capture: who made it and when, who had it, where it went.

    `parties`: identifiers of parties that made, were sent or received it, one a line. `made_at_positions`:
    log positions of the transformations it came out of, one a line.
    """

    workspace = models.ForeignKey(
        Workspace, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    key = models.CharField(max_length=500)
    maker = models.BigIntegerField(null=True, help_text="organisation")
    made = models.DateTimeField(null=True)
    made_by = models.CharField(max_length=600, blank=True, help_text="event, or transformation id")
    used = models.DateTimeField(null=True, help_text="first use as an input")
    used_by = models.CharField(max_length=600, blank=True)
    parties = models.TextField(blank=True)
    parent = models.CharField(max_length=500, blank=True)
    made_at_positions = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "key"], name="thing_once")]
        indexes = [
            models.Index(fields=["workspace", "parent"], name="thing_parent", condition=~models.Q(parent=""))
        ]

    def __str__(self) -> str:
        return self.key
