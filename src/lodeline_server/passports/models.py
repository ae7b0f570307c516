"""Passports as issued: one row per battery, from `passport.published` statements. Rebuildable, never edited."""

from __future__ import annotations

from django.db import models

from lodeline_server.parties.models import Workspace


class Passport(models.Model):
    """The newest version of one battery's passport. The document itself stands in the log, at `position`.

    `status`: of the passport (EN 18223), never of the battery. `evidence_position`: the log position it was assembled
    at. `public_*`: the newest version whose public content differs from the one before. `counts`: number of data points
    by group of readers and state; only the groups a reader may read are ever shown to it.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=500)
    gtin = models.CharField(max_length=14)
    serial = models.CharField(max_length=100)
    category = models.CharField(max_length=20)
    status = models.CharField(max_length=20)
    ceased = models.BooleanField(default=False)
    model = models.CharField(max_length=300)
    maker = models.CharField(max_length=500)
    maker_name = models.CharField(max_length=300)
    version = models.PositiveIntegerField()
    position = models.PositiveBigIntegerField()
    evidence_position = models.PositiveBigIntegerField()
    first_published_at = models.DateTimeField()
    published_at = models.DateTimeField()
    content_hash = models.CharField(max_length=64)
    public_hash = models.CharField(max_length=64)
    public_position = models.PositiveBigIntegerField()
    public_at = models.DateTimeField()
    public_version = models.PositiveIntegerField()
    counts = models.JSONField(default=dict)

    class Meta:
        ordering = ["model", "serial"]
        constraints = [models.UniqueConstraint(fields=["workspace", "key"], name="passport_once")]
        indexes = [
            models.Index(fields=["workspace", "gtin"], name="passport_model"),
            models.Index(fields=["workspace", "maker"], name="passport_maker"),
            models.Index(fields=["key"], name="passport_key"),
        ]

    def __str__(self) -> str:
        return f"{self.model} {self.serial}"


from lodeline_server.passports.models_disclosure import (  # noqa: E402, F401 - Django looks for models here
    PassportCredential,
    ReadGrant,
)
