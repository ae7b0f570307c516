"""Which credential shows a passport, and who may read it with a legitimate interest."""

from __future__ import annotations

from django.db import models

from lodeline_server.credentials.models import Credential
from lodeline_server.parties.models import Organisation, Workspace


class PassportCredential(models.Model):
    """The one credential of a passport's content; presentations for all readers are cut out of it.

    Names the battery by its key: rows of passports are made anew from the log, this one is not.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=500)
    credential = models.OneToOneField(Credential, on_delete=models.PROTECT, related_name="passport")
    content_hash = models.CharField(max_length=64)
    issued_at = models.DateTimeField()

    class Meta:
        app_label = "passports"
        indexes = [models.Index(fields=["workspace", "key"], name="passport_credential_of")]

    def __str__(self) -> str:
        return f"{self.key} {self.content_hash[:8]}"


class ReadGrant(models.Model):
    """An organisation may read a battery's passport as one with a legitimate interest, for a purpose, until a day."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=500)
    to = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="passport_grants")
    purpose = models.CharField(max_length=300)
    until = models.DateTimeField()
    granted_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    position = models.BigIntegerField(help_text="of the statement that says so in the log")

    class Meta:
        app_label = "passports"
        indexes = [models.Index(fields=["workspace", "key", "to"], name="passport_grant_of")]

    def __str__(self) -> str:
        return f"{self.key} to {self.to_id}"
