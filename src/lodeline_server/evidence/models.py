"""Projections of the log: what was stated about parties, sites and lots. Rebuildable, never edited."""

from __future__ import annotations

from django.db import models

from lodeline.evidence import EvidenceLevel
from lodeline_server.parties.models import Workspace


class Fact(models.Model):
    """One statement on record, with the strength of its evidence. `content` is what was stated, unchanged."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    position = models.PositiveBigIntegerField(unique=True)
    kind = models.CharField(max_length=40)
    statement_id = models.CharField(max_length=500)
    subject = models.CharField(max_length=500)
    issuer = models.CharField(max_length=500, blank=True)
    # The party the statement counts for: the subject itself, or the owner of the subject's site.
    party = models.CharField(max_length=500, blank=True)
    issued = models.DateField(null=True)
    valid_from = models.DateField(null=True)
    valid_until = models.DateField(null=True)
    level = models.CharField(max_length=2, choices=[(level.value, level.value) for level in EvidenceLevel])
    lowered = models.JSONField(default=list)  # reason codes: why the level is not higher
    assurance = models.JSONField(default=dict)
    document = models.CharField(max_length=64, blank=True)  # SHA-256 of the document behind the statement
    signed_by = models.CharField(max_length=24)  # party, platform-on-behalf, platform
    logged_at = models.DateTimeField()
    content = models.JSONField(default=dict)

    class Meta:
        ordering = ["position"]
        indexes = [
            models.Index(fields=["workspace", "kind", "position"], name="fact_kind"),
            models.Index(fields=["workspace", "subject", "kind"], name="fact_subject"),
            models.Index(fields=["workspace", "party", "kind"], name="fact_party"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} at {self.position}"


class Party(models.Model):
    """The latest profile of a party; later positions win."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    uri = models.CharField(max_length=500)
    name = models.CharField(max_length=300)
    country = models.CharField(max_length=2, blank=True)
    roles = models.JSONField(default=list)
    materials = models.JSONField(default=list)
    parent = models.CharField(max_length=500, blank=True)
    contact = models.CharField(max_length=300, blank=True)
    position = models.PositiveBigIntegerField()

    class Meta:
        ordering = ["name", "uri"]
        verbose_name_plural = "parties"
        constraints = [models.UniqueConstraint(fields=["workspace", "uri"], name="party_uri")]

    def __str__(self) -> str:
        return self.name


class Site(models.Model):
    """The latest profile of a site. `latitude`, `longitude`: WGS 84 degrees as stated, or ""."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    uri = models.CharField(max_length=500)
    name = models.CharField(max_length=300)
    party = models.CharField(max_length=500, blank=True)
    country = models.CharField(max_length=2, blank=True)
    kind = models.CharField(max_length=30)
    latitude = models.CharField(max_length=30, blank=True)
    longitude = models.CharField(max_length=30, blank=True)
    materials = models.JSONField(default=list)
    position = models.PositiveBigIntegerField()

    class Meta:
        ordering = ["name", "uri"]
        constraints = [models.UniqueConstraint(fields=["workspace", "uri"], name="site_uri")]
        indexes = [models.Index(fields=["workspace", "party"], name="site_party")]

    def __str__(self) -> str:
        return self.name


class Record(models.Model):
    """How a party's facts came into the log on one day: counts for the data-integrity measures.

    `delays`: whole days from event to record, rounded up, to number of events. `corrections`: events that declare
    an error; `unexplained`: those among them that give no reason.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    party = models.CharField(max_length=500)
    day = models.DateField()
    own = models.PositiveIntegerField(default=0)
    proxy = models.PositiveIntegerField(default=0)
    delays = models.JSONField(default=dict)
    corrections = models.PositiveIntegerField(default=0)
    unexplained = models.PositiveIntegerField(default=0)
    first_position = models.PositiveBigIntegerField()
    last_position = models.PositiveBigIntegerField()

    class Meta:
        ordering = ["party", "day"]
        constraints = [models.UniqueConstraint(fields=["workspace", "party", "day"], name="record_day")]

    def __str__(self) -> str:
        return f"{self.party} on {self.day}"
