"""What a witness remembers of other logs, and what we know of the witnesses of ours."""

from __future__ import annotations

from django.db import models


class Witnessed(models.Model):
    """Another log's newest checkpoint that we cosigned: one row per origin."""

    origin_hash = models.CharField(max_length=64, primary_key=True, help_text="SHA-256 of the origin, hex")
    origin = models.TextField()
    size = models.BigIntegerField(default=0)
    root = models.BinaryField(max_length=32)
    note = models.TextField(help_text="with the log's signatures and ours; empty before the first")
    cosigned_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.origin} {self.size}"


class Suspect(models.Model):
    """A well signed checkpoint that we did not cosign, beside the one we had cosigned: evidence."""

    class Kind(models.TextChoices):
        SPLIT = "split", "two trees of one size"
        PROOF = "proof", "no proof that it extends what we cosigned"
        SIZE = "size", "sent for another size than we cosigned last"

    origin_hash = models.CharField(max_length=64)
    origin = models.TextField()
    kind = models.CharField(max_length=10, choices=Kind.choices)
    size = models.BigIntegerField()
    root = models.BinaryField(max_length=32)
    request = models.TextField(help_text="the whole body, as it was sent")
    ours = models.TextField(help_text="the note that we had cosigned; empty if none")
    received_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["origin_hash", "size", "root"], name="suspect_once"),
        ]

    def __str__(self) -> str:
        return f"{self.origin} {self.size} {self.kind}"


class WitnessAsked(models.Model):
    """How far a witness (by its address) has cosigned a book of ours, and what it said last."""

    book = models.CharField(max_length=40)
    url = models.TextField()
    size = models.BigIntegerField(default=0)
    asked_at = models.DateTimeField()
    cosigned_at = models.DateTimeField(null=True)
    failures = models.IntegerField(default=0)
    error = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["book", "url"], name="witness_asked_once")]

    def __str__(self) -> str:
        return f"{self.book} {self.url} {self.size}"


class Cosignature(models.Model):
    """A witness's line under one of our checkpoints. `key`: the name and id of the vkey."""

    book = models.CharField(max_length=40)
    size = models.BigIntegerField()
    key = models.TextField()
    line = models.TextField()
    time = models.BigIntegerField(help_text="POSIX seconds, as signed")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["book", "size", "key"], name="cosignature_once")]

    def __str__(self) -> str:
        return f"{self.book} {self.size} {self.key}"


class Cosigned(models.Model):
    """One of our checkpoints with the cosignatures it has. `reached`: they suffice by our policy."""

    book = models.CharField(max_length=40)
    size = models.BigIntegerField()
    note = models.TextField()
    reached = models.BooleanField()
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["book", "size"], name="cosigned_once")]

    def __str__(self) -> str:
        return f"{self.book} {self.size} {self.reached}"
