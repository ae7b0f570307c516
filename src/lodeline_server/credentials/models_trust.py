"""Editions of trust lists that a workspace has, and whose lists it believes, since when and until when."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from lodeline_server.parties.models import Workspace


class TrustEdition(models.Model):
    """One signed edition as it came. `issuer`: the one of ours that signed it; None for lists of others."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="+")
    issuer = models.ForeignKey(
        "credentials.Issuer", on_delete=models.PROTECT, null=True, related_name="trust_editions"
    )
    owner = models.CharField(max_length=500)
    name = models.CharField(max_length=200)
    number = models.IntegerField()
    issued = models.DateTimeField()
    next_update = models.DateTimeField(null=True)
    token = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    source = models.CharField(max_length=500, blank=True, help_text="where it was read")
    taken_at = models.DateTimeField()
    position = models.BigIntegerField(help_text="of the statement that says so in the log")

    class Meta:
        ordering = ["owner", "name", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "owner", "name", "number"], name="trust_edition_once"
            )
        ]

    def __str__(self) -> str:
        return f"edition {self.number} of {self.name}"


class Belief(models.Model):
    """A workspace believes what an owner's list says. `until` is set when it stops; the row stays."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="+")
    owner = models.CharField(max_length=500)
    name = models.CharField(max_length=200)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)
    position = models.BigIntegerField(help_text="of the statement that says so in the log")
    stopped_position = models.BigIntegerField(null=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "owner", "name"], condition=Q(until__isnull=True), name="belief_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.owner}"
