"""Cases: what did not fit, what was done about it. Rebuildable from `case.*` statements; nothing here is adjusted."""

from __future__ import annotations

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from lodeline_server.parties.models import Workspace


class Case(models.Model):
    """A mismatch under care. `ref` is its identity: the same rule, subject and period are the same case.

    `finding`: the mismatch as it was told last. `standing`: whether the record still does not fit. `parties`: whom it
    concerns, each between bars. `owner`: an actor's opaque id. `cured`: the position that made it fit.
    """

    class State(models.TextChoices):
        OPEN = "open", _("open")
        WORKING = "working", _("in work")
        RESOLVED = "resolved", _("resolved")
        DISMISSED = "dismissed", _("dismissed")
        REOPENED = "reopened", _("reopened")
        CURED = "cured", _("closed by the record")

    WAITING = (State.OPEN, State.WORKING, State.REOPENED)

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    ref = models.CharField(max_length=16)
    rule = models.CharField(max_length=20)
    subject = models.CharField(max_length=1100)
    period = models.CharField(max_length=30, blank=True)
    cause = models.CharField(max_length=20, blank=True)
    lot = models.CharField(max_length=500, blank=True)
    site = models.CharField(max_length=500, blank=True)
    parties = models.TextField(blank=True)
    finding = models.JSONField(default=dict)
    standing = models.BooleanField(default=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    owner = models.CharField(max_length=60, blank=True)
    due = models.DateField(null=True)
    resolution = models.CharField(max_length=20, blank=True)
    reference = models.CharField(max_length=500, blank=True)
    opened_at = models.DateTimeField()
    opened = models.PositiveBigIntegerField()
    changed = models.PositiveBigIntegerField()
    cured = models.PositiveBigIntegerField(null=True)

    class Meta:
        app_label = "lots"
        ordering = ["-opened", "ref"]
        constraints = [models.UniqueConstraint(fields=["workspace", "ref"], name="case_once")]
        indexes = [models.Index(fields=["workspace", "state", "opened"], name="case_listed")]

    def __str__(self) -> str:
        return f"{self.rule} {self.ref}"

    def get_absolute_url(self) -> str:
        return reverse("case", args=[self.pk])

    @property
    def waiting(self) -> bool:
        """Somebody still has to do something."""
        return self.state in self.WAITING


class CaseEntry(models.Model):
    """One line of a case's history: a `case.*` statement. `by`: an actor's opaque id, or the platform."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="entries")
    position = models.PositiveBigIntegerField(unique=True)
    at = models.DateTimeField()
    by = models.CharField(max_length=60)
    what = models.CharField(max_length=10)
    state = models.CharField(max_length=10)
    words = models.CharField(max_length=2000, blank=True)
    cause = models.CharField(max_length=20, blank=True)
    reference = models.CharField(max_length=500, blank=True)
    owner = models.CharField(max_length=60, blank=True)
    due = models.DateField(null=True)

    class Meta:
        app_label = "lots"
        ordering = ["position"]

    def __str__(self) -> str:
        return f"{self.what} at {self.position}"
