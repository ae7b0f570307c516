"""Issuers with their keys, what they issued, and their status lists with every version.

Private keys are sealed under the workspace's key (`keyring`). Nothing here is deleted: old signatures are judged by
old keys, and the status on a past day has an answer.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from lodeline_server.credentials.models_dids import (  # noqa: F401 - Django looks for models here
    BatteryDid,
    DidEntry,
    Home,
    UpdateKey,
)
from lodeline_server.credentials.models_wallet import About, Audience, Held  # noqa: F401 - Django looks for models here
from lodeline_server.parties.models import Organisation


class Issuer(models.Model):
    """An organisation that signs. `name` is part of its DID, so it is one of its own and never changes."""

    organisation = models.OneToOneField(Organisation, on_delete=models.PROTECT, related_name="issuer")
    name = models.SlugField(max_length=110, unique=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class IssuerKey(models.Model):
    """A key pair; `public` is the raw public key, `sealed` the private one under the workspace's key."""

    class Algorithm(models.TextChoices):
        ED25519 = "Ed25519", "Ed25519"
        P256 = "P-256", "P-256"

    issuer = models.ForeignKey(Issuer, on_delete=models.PROTECT, related_name="keys")
    name = models.CharField(max_length=40)
    algorithm = models.CharField(max_length=10, choices=Algorithm.choices)
    public = models.BinaryField(max_length=33)
    sealed = models.BinaryField(max_length=100)
    key_version = models.IntegerField()
    purposes = models.JSONField()
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    position = models.BigIntegerField(help_text="of the statement that says so in the log")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["issuer", "name"], name="issuer_key_once")]

    def __str__(self) -> str:
        return f"{self.name} of {self.issuer}"


class Credential(models.Model):
    """A credential as it was issued: `body` holds the exact bytes."""

    class Form(models.TextChoices):
        JCS = "eddsa-jcs-2022", "eddsa-jcs-2022"
        RDFC = "eddsa-rdfc-2022", "eddsa-rdfc-2022"
        JWT = "vc+jwt", "vc+jwt"
        SD_JWT = "vc+sd-jwt", "vc+sd-jwt"

    issuer = models.ForeignKey(Issuer, on_delete=models.PROTECT, related_name="credentials")
    identifier = models.CharField(max_length=500)
    kind = models.CharField(max_length=200)
    subject = models.CharField(max_length=500, blank=True)
    form = models.CharField(max_length=20, choices=Form.choices)
    body = models.BinaryField()
    sha256 = models.CharField(max_length=64, db_index=True)
    audience = models.CharField(max_length=20, choices=Audience.choices, blank=True)
    issued_at = models.DateTimeField()
    position = models.BigIntegerField(help_text="of its statement in the log")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["issuer", "identifier"], name="credential_once")]

    def __str__(self) -> str:
        return self.identifier


class StatusList(models.Model):
    """One list of one purpose. `name` stands in its address and says nothing about the issuer."""

    class Purpose(models.TextChoices):
        REVOCATION = "revocation", _("revocation")
        SUSPENSION = "suspension", _("suspension")

    issuer = models.ForeignKey(Issuer, on_delete=models.PROTECT, related_name="status_lists")
    did = models.CharField(max_length=500, help_text="who keeps it: the issuer of what points to it")
    name = models.SlugField(max_length=40, unique=True)
    purpose = models.CharField(max_length=20, choices=Purpose.choices)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} ({self.purpose})"


class StatusEntry(models.Model):
    """The number that a credential has in a list. Numbers are never given back."""

    status_list = models.ForeignKey(StatusList, on_delete=models.PROTECT, related_name="entries")
    index = models.IntegerField()
    credential = models.ForeignKey(Credential, on_delete=models.PROTECT, related_name="entries")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["status_list", "index"], name="status_index_once")]

    def __str__(self) -> str:
        return f"{self.index} in {self.status_list}"


class StatusChange(models.Model):
    """What the issuer did to a credential: suspend, reinstate, revoke."""

    credential = models.ForeignKey(Credential, on_delete=models.PROTECT, related_name="changes")
    act = models.CharField(max_length=20)
    at = models.DateTimeField()
    reason = models.CharField(max_length=300, blank=True)
    position = models.BigIntegerField()

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.act} {self.credential}"


class StatusVersion(models.Model):
    """A list as it was published: the signed list credential. All of them are kept."""

    status_list = models.ForeignKey(StatusList, on_delete=models.PROTECT, related_name="versions")
    number = models.IntegerField()
    at = models.DateTimeField()
    body = models.BinaryField()

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["status_list", "number"], name="status_version_once")]

    def __str__(self) -> str:
        return f"version {self.number} of {self.status_list}"


from lodeline_server.credentials.models_trust import (  # noqa: E402, F401 - Django looks for models here
    Belief,
    TrustEdition,
)
from lodeline_server.credentials.thresholds.models import (  # noqa: E402, F401 - Django looks for models here
    CommittedNumber,
    OpeningGrant,
    QuestionTerm,
    ThresholdQuestion,
)
