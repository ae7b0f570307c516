"""Recall drills as they were drawn and answered: two statements make one row. Rebuildable, never edited."""

from __future__ import annotations

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from lodeline_server.parties.models import Workspace


class Drill(models.Model):
    """A lot drawn by `ticket` from `population` lots (`population_hash`: their fingerprint) at `drawn_from`.

    `repeats`: position of the first drill with this ticket, for a repetition. `limit` and `seconds`: from drawing
    to answer. `by_people`: whether people gave the list, or Lodeline. `found` things were listed, `truth` stood on the
    list held against it, of which `truth_hash` is the fingerprint. `reconciled`: share of the lot's mass that was
    located; `placed`: share of the listed things whose last place is known.
    """

    class State(models.TextChoices):
        OPEN = "open", _("the clock runs")
        ANSWERED = "answered", _("answered")
        ABANDONED = "abandoned", _("abandoned")

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    position = models.PositiveBigIntegerField(unique=True)
    number = models.CharField(max_length=20)
    ticket = models.CharField(max_length=20)
    repeats = models.PositiveBigIntegerField(null=True)
    lot = models.CharField(max_length=500)
    label = models.CharField(max_length=200)
    population = models.PositiveIntegerField()
    population_hash = models.CharField(max_length=64)
    drawn_at = models.DateTimeField()
    drawn_from = models.PositiveBigIntegerField()
    limit = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    finished_position = models.PositiveBigIntegerField(null=True, unique=True)
    finished_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=500, blank=True)
    method = models.CharField(max_length=20, blank=True)
    evidence_position = models.PositiveBigIntegerField(null=True)
    seconds = models.DecimalField(max_digits=14, decimal_places=3, null=True)
    milliseconds = models.DecimalField(max_digits=12, decimal_places=1, null=True)
    by_people = models.BooleanField(default=False)
    against_record = models.BooleanField(default=False)
    found = models.PositiveIntegerField(null=True)
    truth = models.PositiveIntegerField(null=True)
    truth_hash = models.CharField(max_length=64, blank=True)
    missed = models.JSONField(default=list)
    wrong = models.JSONField(default=list)
    missed_count = models.PositiveIntegerField(default=0)
    wrong_count = models.PositiveIntegerField(default=0)
    completeness = models.DecimalField(max_digits=9, decimal_places=8, null=True)
    precision = models.DecimalField(max_digits=9, decimal_places=8, null=True)
    reconciled = models.DecimalField(max_digits=12, decimal_places=8, null=True)
    placed = models.DecimalField(max_digits=9, decimal_places=8, null=True)
    passed = models.BooleanField(null=True)

    class Meta:
        app_label = "recalls"
        ordering = ["-position"]
        constraints = [models.UniqueConstraint(fields=["workspace", "number"], name="drill_number")]
        indexes = [models.Index(fields=["workspace", "ticket"], name="drill_ticket")]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("drill", args=[self.pk])
