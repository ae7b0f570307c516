"""What a party holds of others, and what credentials speak of."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from lodeline_server.parties.models import Organisation


class Audience(models.TextChoices):
    """Who may learn of a credential where it hangs on a battery; whoever has it decides about all else."""

    PARTIES = "", _("those it was handed to")
    PUBLIC = "public", _("everybody")
    LEGITIMATE_INTEREST = "legitimate-interest", _("readers with a legitimate interest")
    AUTHORITY = "authority", _("authorities")


class Held(models.Model):
    """A credential that was made elsewhere, as it came, with the verdict at entry. `holds`: whether it held then.

    Nothing follows from its being here: whoever relies on it asks for a verdict of its own.
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="held")
    identifier = models.CharField(max_length=500, blank=True)
    issuer = models.CharField(max_length=500, blank=True)
    kind = models.CharField(max_length=200, blank=True)
    subject = models.CharField(max_length=500, blank=True)
    form = models.CharField(max_length=40, blank=True)
    name = models.CharField(max_length=200, blank=True, help_text="file name, where there is one")
    body = models.BinaryField()
    sha256 = models.CharField(max_length=64, db_index=True)
    holds = models.BooleanField()
    verdict = models.JSONField()
    audience = models.CharField(max_length=20, choices=Audience.choices, blank=True)
    received_at = models.DateTimeField()
    judged_at = models.DateTimeField()
    position = models.BigIntegerField(help_text="of its statement in the log")

    class Meta:
        verbose_name_plural = "held"
        constraints = [models.UniqueConstraint(fields=["organisation", "sha256"], name="held_once")]

    def __str__(self) -> str:
        return self.identifier or self.sha256


class About(models.Model):
    """One identifier that a credential speaks of, as the log writes identifiers: a battery, a lot, a site, a party.

    `hung`: the maker of the battery put it there, though it speaks of something else, such as a lot that went in.
    """

    credential = models.ForeignKey(
        "credentials.Credential", on_delete=models.CASCADE, related_name="about", null=True, blank=True
    )
    held = models.ForeignKey(Held, on_delete=models.CASCADE, related_name="about", null=True, blank=True)
    key = models.CharField(max_length=500)
    hung = models.BooleanField(default=False)

    class Meta:
        verbose_name_plural = "about"
        indexes = [models.Index(fields=["key"], name="credential_about")]

    def __str__(self) -> str:
        return self.key
