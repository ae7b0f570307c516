"""Books, entries, closings and schemes as the log tells them. Rebuildable, never edited. Masses in mg."""

from __future__ import annotations

from django.db import models
from django.urls import reverse

from lodeline_server.parties.models import Workspace


class CustodyScheme(models.Model):
    """One version of a scheme's parameters, in force from `starts` on. `content`: as it was stated."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    position = models.PositiveBigIntegerField(unique=True)
    name = models.CharField(max_length=60)
    version = models.CharField(max_length=40)
    starts = models.DateTimeField()
    content = models.JSONField()

    class Meta:
        app_label = "lots"
        ordering = ["name", "position"]

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


class CustodyBook(models.Model):
    """Site, material group and characteristics under a scheme and a model. `ref` is its name in addresses.

    `characteristics`: sorted, one a line. `credited`, `debited`: of all entries, without what ended unused.
    `closed`: nothing before it changes any more.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    ref = models.CharField(max_length=16)
    scheme = models.CharField(max_length=60)
    model = models.CharField(max_length=20)
    site = models.CharField(max_length=500)
    group = models.CharField(max_length=100)
    characteristics = models.TextField()
    opened = models.DateTimeField()
    entries = models.PositiveIntegerField(default=0)
    credited = models.BigIntegerField(default=0)
    debited = models.BigIntegerField(default=0)
    closed = models.DateTimeField(null=True)
    position = models.PositiveBigIntegerField()

    class Meta:
        app_label = "lots"
        ordering = ["site", "group", "characteristics", "ref"]
        constraints = [models.UniqueConstraint(fields=["workspace", "ref"], name="custody_book_once")]
        indexes = [models.Index(fields=["workspace", "site"], name="custody_book_site")]

    def __str__(self) -> str:
        return f"{self.group} {self.characteristics}"

    def get_absolute_url(self) -> str:
        return reverse("custody_book", args=[self.ref])


class CustodyEntry(models.Model):
    """One line. `into`: the other book of a conversion or a transfer, which got `given`; also of what reverses one.

    `content`: as it was stated. `reversed_by`: the position of the correction. `by`: who booked it, an opaque id.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    position = models.PositiveBigIntegerField(unique=True)
    ref = models.CharField(max_length=100)
    kind = models.CharField(max_length=12)
    book = models.ForeignKey(CustodyBook, on_delete=models.CASCADE, related_name="own_entries")
    into = models.ForeignKey(CustodyBook, on_delete=models.CASCADE, related_name="entries_in", null=True)
    at = models.DateTimeField()
    mass = models.BigIntegerField()
    given = models.BigIntegerField(null=True)
    source = models.CharField(max_length=64, blank=True)
    event = models.CharField(max_length=500, blank=True)
    reverses = models.CharField(max_length=100, blank=True)
    reversed_by = models.PositiveBigIntegerField(null=True)
    by = models.CharField(max_length=60)
    organisation = models.BigIntegerField(null=True)
    content = models.JSONField()

    class Meta:
        app_label = "lots"
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["workspace", "ref"], name="custody_entry_once")]
        indexes = [
            models.Index(fields=["workspace", "source"], name="custody_entry_source"),
            models.Index(fields=["workspace", "event"], name="custody_entry_event"),
            models.Index(fields=["workspace", "reverses"], name="custody_entry_reverses"),
        ]

    def __str__(self) -> str:
        return self.ref


class CustodyRemark(models.Model):
    """Who approved an entry, and words about it: kept apart, so that a person can be erased and books stay exact."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    position = models.PositiveBigIntegerField(unique=True)
    ref = models.CharField(max_length=100)
    approver = models.CharField(max_length=200, blank=True)
    note = models.CharField(max_length=500, blank=True)

    class Meta:
        app_label = "lots"
        ordering = ["position"]
        indexes = [models.Index(fields=["workspace", "ref"], name="custody_remark_entry")]

    def __str__(self) -> str:
        return self.ref


class CustodyClosing(models.Model):
    """A period of a book that was closed, with its figures and what was found then."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    position = models.PositiveBigIntegerField(unique=True)
    book = models.ForeignKey(CustodyBook, on_delete=models.CASCADE, related_name="closings")
    start = models.DateTimeField()
    end = models.DateTimeField()
    opening = models.BigIntegerField()
    closing = models.BigIntegerField()
    by = models.CharField(max_length=60)
    organisation = models.BigIntegerField(null=True)
    content = models.JSONField()

    class Meta:
        app_label = "lots"
        ordering = ["position"]

    def __str__(self) -> str:
        return f"{self.book_id} up to {self.end:%Y-%m-%d}"
