"""A sheet that was uploaded and looked at, before anything of it is captured."""

from __future__ import annotations

import uuid

from django.db import models

from lodeline_server.parties.models import Organisation, Workspace


class SheetPreview(models.Model):
    """What a sheet would become. It belongs to who uploaded it and ends by itself; captured, it names the job.

    `document` holds what is captured on confirmation, the sheet's own bytes inside; it goes as soon as it is captured.
    `made`: for each event or statement its rows, its id and how it stands to the record.
    """

    uuid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="+")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    actor = models.CharField(max_length=80)
    template = models.CharField(max_length=40, help_text="name and version")
    name = models.CharField(max_length=200, blank=True)
    sheet = models.CharField(max_length=60, blank=True)
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField()
    columns = models.JSONField(default=list)
    rows = models.JSONField(default=list, help_text="the first rows: number and cells")
    total = models.IntegerField(default=0, help_text="rows in all")
    made = models.JSONField(default=list)
    findings = models.JSONField(default=list)
    errors = models.IntegerField(default=0)
    document = models.BinaryField(null=True)
    job = models.ForeignKey("events.CaptureJob", on_delete=models.CASCADE, null=True, related_name="sheets")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.uuid} {self.template}"

    def count(self, state: str) -> int:
        """How many events or statements stand so to the record: new, duplicate, conflict, correction."""
        return sum(one["state"] == state for one in self.made)
