"""What followed a recall: who was told, what became of what was reached, the closing. Rebuildable, never edited."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from lodeline_server.parties.models import Workspace

OUTCOMES = {
    "returned": _("returned"),
    "quarantined": _("quarantined"),
    "scrapped": _("scrapped"),
    "clean": _("found clean"),
}
MARKS = {"sent": _("sent"), "acknowledged": _("acknowledged"), "answered": _("answered")}


class Notice(models.Model):
    """A mark of a notice to a holder, one row per `recall.notice` statement. `party`: nothing when it is not known."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    recall = models.ForeignKey("recalls.Recall", on_delete=models.CASCADE, related_name="notices")
    position = models.PositiveBigIntegerField(unique=True)
    party = models.CharField(max_length=500, blank=True)
    mark = models.CharField(max_length=12, choices=MARKS)
    on = models.DateTimeField()
    note = models.CharField(max_length=500, blank=True)

    class Meta:
        app_label = "recalls"
        ordering = ["position"]

    def __str__(self) -> str:
        return f"{self.party} {self.mark}"


class Settled(models.Model):
    """What became of one thing, by the newest `recall.outcome` statement that names it."""

    recall = models.ForeignKey("recalls.Recall", on_delete=models.CASCADE, related_name="settled")
    key = models.CharField(max_length=500)
    outcome = models.CharField(max_length=12, choices=OUTCOMES)
    on = models.DateTimeField()
    note = models.CharField(max_length=500, blank=True)
    position = models.PositiveBigIntegerField()

    class Meta:
        app_label = "recalls"
        verbose_name_plural = "settled"
        constraints = [models.UniqueConstraint(fields=["recall", "key"], name="settled_once")]

    def __str__(self) -> str:
        return f"{self.key} {self.outcome}"


class Closure(models.Model):
    """The end of a recall. `report`: as it was signed off; `evidence`: positions of the statements it rests on.

    `bundle`: SHA-256 of report and evidence with their leaf hashes in the log.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    recall = models.OneToOneField("recalls.Recall", on_delete=models.CASCADE, related_name="closure")
    position = models.PositiveBigIntegerField(unique=True)
    closed_at = models.DateTimeField()
    signed_off_by = models.CharField(max_length=200)
    bundle = models.CharField(max_length=64)
    report = models.JSONField()
    evidence = models.JSONField()

    class Meta:
        app_label = "recalls"

    def __str__(self) -> str:
        return f"closing of {self.recall_id}"
