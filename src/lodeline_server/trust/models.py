"""Scores as they were computed: one row per `score` statement of the log. Rebuildable, never edited."""

from __future__ import annotations

from django.db import models

from lodeline_server.parties.models import Workspace


class Score(models.Model):
    """The head of one score. Explanation and evidence bundle stand in the log, at `position`.

    `score` is empty when the party is not rated. `evidence_position`: the last log position looked at.
    Points are of 100; `coverage` and `confidence` are shares 0 to 1.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    position = models.PositiveBigIntegerField(unique=True)
    party = models.CharField(max_length=500)
    name = models.CharField(max_length=300)
    country = models.CharField(max_length=2, blank=True)
    segment = models.CharField(max_length=30)
    materials = models.JSONField(default=list)
    computed_at = models.DateTimeField()
    evidence_position = models.PositiveBigIntegerField()
    method = models.CharField(max_length=20)
    method_hash = models.CharField(max_length=64)
    snapshot_hash = models.CharField(max_length=64)
    rated = models.BooleanField()
    score = models.DecimalField(max_digits=5, decimal_places=2, null=True)
    low = models.DecimalField(max_digits=5, decimal_places=2)
    high = models.DecimalField(max_digits=5, decimal_places=2)
    bound_low = models.DecimalField(max_digits=5, decimal_places=2)
    bound_high = models.DecimalField(max_digits=5, decimal_places=2)
    coverage = models.DecimalField(max_digits=3, decimal_places=2)
    confidence = models.DecimalField(max_digits=3, decimal_places=2)
    band = models.CharField(max_length=2, blank=True)
    capped_by = models.CharField(max_length=4, blank=True)
    withheld_by = models.JSONField(default=list)
    gates = models.JSONField(default=list)  # id, name, state, due
    latest = models.BooleanField(default=True)  # of its party

    class Meta:
        ordering = ["position"]
        indexes = [
            models.Index(fields=["workspace", "latest"], name="score_latest"),
            models.Index(fields=["workspace", "party", "computed_at"], name="score_party"),
        ]

    def __str__(self) -> str:
        return f"{self.name}: {self.score if self.rated else 'not rated'}"
