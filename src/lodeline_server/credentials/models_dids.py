"""Histories of DIDs (did:webvh), the keys that write them, DIDs of batteries, and where this installation was.

Nothing here is deleted: an old signature is judged by the document of its time.
"""

from __future__ import annotations

from django.db import models


class DidEntry(models.Model):
    """One line of an issuer's did:webvh log, as it is served. `did` and `home` are what it was called then."""

    issuer = models.ForeignKey("credentials.Issuer", on_delete=models.PROTECT, related_name="did_entries")
    number = models.IntegerField()
    did = models.CharField(max_length=500)
    home = models.CharField(max_length=300)
    at = models.DateTimeField(help_text="its versionTime")
    change = models.CharField(max_length=200)
    line = models.BinaryField()
    position = models.BigIntegerField(help_text="of the statement that says so in the log")

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["issuer", "number"], name="did_entry_once")]

    def __str__(self) -> str:
        return f"{self.number} of {self.did}"


class UpdateKey(models.Model):
    """The Ed25519 key that signs entry `number`. `sealed` is emptied as soon as it has: each signs once."""

    issuer = models.ForeignKey("credentials.Issuer", on_delete=models.PROTECT, related_name="update_keys")
    number = models.IntegerField()
    public = models.BinaryField(max_length=32)
    sealed = models.BinaryField(max_length=100)
    key_version = models.IntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["issuer", "number"], name="update_key_once")]

    def __str__(self) -> str:
        return f"update key {self.number} of {self.issuer}"


class Home(models.Model):
    """Host and path that stand in our DIDs, as they do there (`lodeline.example`, `localhost%3A8000`)."""

    home = models.CharField(max_length=300, unique=True)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.home


class BatteryDid(models.Model):
    """A battery with a DID of its own. `serial_part` is the serial number as it stands in the DID."""

    issuer = models.ForeignKey(
        "credentials.Issuer", null=True, on_delete=models.PROTECT, related_name="batteries",
        help_text="the economic operator that controls it; none has no account here",
    )  # fmt: skip
    gtin = models.CharField(max_length=14)
    serial = models.CharField(max_length=100)
    serial_part = models.CharField(max_length=300)
    item = models.CharField(max_length=500, help_text="its identifier in supply-chain data")
    created_at = models.DateTimeField()
    position = models.BigIntegerField(help_text="of the passport that it was made for")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["gtin", "serial_part"], name="battery_did_once")]

    def __str__(self) -> str:
        return self.item
