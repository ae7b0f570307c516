"""The outbox of anchors. A row is one checkpoint at one target, once; it is never deleted."""

from __future__ import annotations

from django.db import models

from lodeline.log.anchors.states import State


class Anchor(models.Model):
    """`request` is stored before it is sent, `receipt` is what came back; `note` is the checkpoint as signed.

    `attested_at` is the time the outside vouches for. `next_at` is when it is looked at again; none: not any more.
    """

    book = models.CharField(max_length=40)
    size = models.BigIntegerField()
    root = models.BinaryField(max_length=32)
    kind = models.CharField(max_length=20)
    target = models.CharField(max_length=60)
    note = models.TextField()
    state = models.CharField(max_length=12, choices=[(one.value, one.value) for one in State])
    request = models.BinaryField(default=b"")
    receipt = models.BinaryField(default=b"")
    detail = models.JSONField(default=dict)
    queued_at = models.DateTimeField()
    next_at = models.DateTimeField(null=True)
    busy_until = models.DateTimeField(null=True)
    changed_at = models.DateTimeField()
    attested_at = models.DateTimeField(null=True)
    failures = models.IntegerField(default=0, help_text="in a row")
    losses = models.IntegerField(default=0)
    error = models.TextField(default="")

    class Meta:
        app_label = "log"
        constraints = [
            models.UniqueConstraint(fields=["book", "size", "root", "kind", "target"], name="anchor_once")
        ]
        indexes = [
            models.Index(
                fields=["book", "target", "size"],
                condition=~models.Q(attested_at=None),
                name="anchor_covering",
            ),
            models.Index(fields=["next_at"], condition=~models.Q(next_at=None), name="anchor_due"),
        ]

    def __str__(self) -> str:
        return f"{self.book} {self.size} at {self.target}"
