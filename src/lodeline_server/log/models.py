"""The log's tables, for each of its books. Entries and tiles only grow; nothing in them is edited.

There are two books of one form: the main one with the facts, and the audit trail. Workspaces and actors are opaque
numbers here: the log knows no people.
"""

from __future__ import annotations

from django.db import models

from lodeline_server.log.fields import Ordinal


class LogState(models.Model):
    """Size, root and right edge of the tree: one row per log."""

    name = models.CharField(max_length=40, primary_key=True)
    size = models.BigIntegerField(default=0)
    root = models.BinaryField(max_length=32)
    frontier = models.BinaryField()

    def __str__(self) -> str:
        return f"{self.name} {self.size}"


class EntryRow(models.Model):
    """One statement: its leaf in the open, payload and salt sealed."""

    position = Ordinal(primary_key=True)
    type = models.CharField(max_length=60)
    workspace = models.BigIntegerField()
    organisation = models.BigIntegerField(null=True, help_text="who appended it; none is the platform")
    time = models.DateTimeField()
    leaf = models.BinaryField()
    leaf_hash = models.BinaryField(max_length=32)
    sealed = models.BinaryField()
    key_version = models.IntegerField()
    subject_key = models.ForeignKey(
        "log.SubjectKey", null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )

    class Meta:
        abstract = True
        # Every index costs each append: those of few rows hold only these.
        indexes = [
            models.Index(fields=["workspace", "position"]),
            models.Index(
                fields=["organisation", "position"],
                condition=~models.Q(organisation=None),
                name="%(class)s_by",
            ),
            models.Index(
                fields=["subject_key"], condition=~models.Q(subject_key=None), name="%(class)s_subject"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.position} {self.type}"


class TileRow(models.Model):
    """Up to 256 hashes of one level (C2SP tlog-tiles): level 0 holds leaf hashes."""

    level = models.IntegerField()
    index = models.BigIntegerField()
    hashes = models.BinaryField()

    class Meta:
        abstract = True
        constraints = [models.UniqueConstraint(fields=["level", "index"], name="%(class)s_once")]

    def __str__(self) -> str:
        return f"{self.level}/{self.index}"


class TenantKey(models.Model):
    """A workspace's keys, wrapped by the installation's key, and its pseudonym in leaves."""

    workspace = models.BigIntegerField()
    version = models.IntegerField()
    wrapped = models.BinaryField()
    wrapped_secret = models.BinaryField(help_text="keys the pseudonyms; the same in all versions")
    pseudonym = models.CharField(max_length=43)
    kek = models.CharField(max_length=16, blank=True, help_text="id of the key that wraps it")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "version"], name="tenant_key_version")]

    def __str__(self) -> str:
        return f"{self.workspace} v{self.version}"


class SubjectKey(models.Model):
    """The key of one data subject in a workspace. Destroying it erases what was sealed under it.

    One with `members` is for what speaks of several: it opens with the keys of all of them, and so with none of them
    missing.
    """

    workspace = models.BigIntegerField()
    pseudonym = models.CharField(max_length=43)
    wrapped = models.BinaryField()
    key_version = models.IntegerField(
        default=1, help_text="of the workspace key that wraps it; 0: its members do"
    )
    members = models.ManyToManyField("self", symmetrical=False, related_name="groups")
    destroyed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "pseudonym"], name="subject_key_once")]

    def __str__(self) -> str:
        return self.pseudonym


class LogKey(models.Model):
    """The keys that signed a book's checkpoints, in order. `from_size`: the first size the key signs."""

    name = models.CharField(max_length=40, help_text="the book's key, as its file is called")
    from_size = models.BigIntegerField()
    public_key = models.BinaryField(max_length=32)
    position = models.BigIntegerField(
        null=True, help_text="of the statement that said so; none for the first"
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["name", "from_size"], name="log_key_once")]

    def __str__(self) -> str:
        return f"{self.name} from {self.from_size}"


class Erasure(models.Model):
    """An erasure and how far it has come. `position` of the `erased` statement; none while it could not be appended."""

    key = models.OneToOneField(SubjectKey, on_delete=models.PROTECT, related_name="erasure")
    position = models.BigIntegerField(null=True)
    reason = models.CharField(max_length=40)
    count = models.BigIntegerField(help_text="statements that cannot be opened any more")
    erased_at = models.DateTimeField()
    purged_at = models.DateTimeField(null=True, help_text="projections and published bytes were cleaned")
    cleaned_at = models.DateTimeField(null=True, help_text="free pages were overwritten")

    def __str__(self) -> str:
        return f"{self.key} {self.reason}"


class CheckpointRow(models.Model):
    """Every signed checkpoint: a size has one root, for ever."""

    size = Ordinal(primary_key=True)
    root = models.BinaryField(max_length=32)
    note = models.TextField()
    created_at = models.DateTimeField()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return str(self.size)


class Entry(EntryRow):
    """The main book: facts."""


class Tile(TileRow):
    """The main book's hashes."""


class Checkpoint(CheckpointRow):
    """The main book's checkpoints."""


class AuditEntry(EntryRow):
    """The audit trail: who read, granted, changed, signed in, was denied."""


class AuditTile(TileRow):
    """The audit trail's hashes."""


class AuditCheckpoint(CheckpointRow):
    """The audit trail's checkpoints."""


class AuditOutbox(models.Model):
    """A line of the audit trail that waits for its place in the book. No name in it: `payload` says a pseudonym."""

    kind = models.CharField(max_length=60)
    workspace = models.BigIntegerField()
    organisation = models.BigIntegerField(null=True)
    payload = models.TextField(help_text="canonical JSON; sealed when it is sequenced")
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.pk} {self.kind}"


class Cursor(models.Model):
    """How far a projection has followed the log: the next position it will read."""

    projection = models.CharField(max_length=60, primary_key=True)
    position = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.projection} {self.position}"


from lodeline_server.log.anchoring.models import Anchor  # noqa: E402, F401 - Django looks for models here
from lodeline_server.log.models_witness import (  # noqa: E402, F401 - Django looks for models here
    Cosignature,
    Cosigned,
    Suspect,
    WitnessAsked,
    Witnessed,
)
