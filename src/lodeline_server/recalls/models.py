"""Recalls as they were computed: one row per `recall.computed` statement. Rebuildable, never edited.

Drills and what follows a recall have subpackages of their own.
"""

from __future__ import annotations

from django.db import models
from django.urls import reverse

from lodeline_server.lots.queries import lot_address
from lodeline_server.parties.models import Workspace


class Recall(models.Model):
    """What a suspect lot reached. Masses in mg: `mass` of the substance made into the lot, empty when unknown.

    `threshold`: a dose is a share of an item's substance, or of its mass when `substance` is empty.
    `evidence_position`: the log position that was looked at. `milliseconds`: time from the order to the list.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    position = models.PositiveBigIntegerField(unique=True)
    number = models.CharField(max_length=20)
    lot = models.CharField(max_length=500)
    label = models.CharField(max_length=200)
    product = models.CharField(max_length=200, blank=True)
    substance = models.CharField(max_length=2, blank=True)
    threshold = models.DecimalField(max_digits=13, decimal_places=12)
    reason = models.CharField(max_length=500, blank=True)
    computed_at = models.DateTimeField()
    method = models.CharField(max_length=20, default="dose-1")
    evidence_position = models.PositiveBigIntegerField()
    milliseconds = models.DecimalField(max_digits=12, decimal_places=1)
    affected = models.PositiveIntegerField()
    below = models.PositiveIntegerField()
    lots = models.PositiveIntegerField()
    untouched = models.PositiveIntegerField()
    mass = models.BigIntegerField(null=True)
    held = models.BigIntegerField(null=True)
    error = models.DecimalField(max_digits=13, decimal_places=12)

    class Meta:
        ordering = ["-position"]
        constraints = [models.UniqueConstraint(fields=["workspace", "number"], name="recall_number")]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("recall", args=[self.pk])


class Hit(models.Model):
    """A lot or item that was reached, with what was known of it then. `share`: its dose, rounded up.

    `made`: mg of the suspect lot that went into it; `held`: mg that were still in it.
    """

    recall = models.ForeignKey(Recall, on_delete=models.CASCADE, related_name="hits")
    rank = models.PositiveIntegerField()
    key = models.CharField(max_length=500)
    label = models.CharField(max_length=200)
    item = models.BooleanField()
    product = models.CharField(max_length=200, blank=True)
    share = models.DecimalField(max_digits=13, decimal_places=12)
    made = models.BigIntegerField(null=True)
    held = models.BigIntegerField(null=True)
    site = models.CharField(max_length=500, blank=True)
    site_name = models.CharField(max_length=300, blank=True)
    holder = models.CharField(max_length=500, blank=True)
    holder_name = models.CharField(max_length=300, blank=True)
    inside = models.CharField(max_length=500, blank=True)
    via = models.CharField(max_length=200, blank=True)
    status = models.CharField(max_length=20, blank=True)

    class Meta:
        ordering = ["recall", "rank"]
        indexes = [models.Index(fields=["recall", "item", "share"], name="hit_share")]

    def __str__(self) -> str:
        return self.label

    @property
    def address(self) -> str:
        """The page of the lot or item."""
        return lot_address(self.key)


from lodeline_server.recalls.closing.models import (  # noqa: E402, F401 - Django looks for models here
    Closure,
    Notice,
    Settled,
)
from lodeline_server.recalls.drilling.models import Drill  # noqa: E402, F401 - Django looks for models here
