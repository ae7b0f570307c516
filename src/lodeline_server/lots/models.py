"""Lots and items as the log tells them. Rebuildable; plain text.

A `Touch` is what one event says about one lot; a `Lot` is what all its touches add up to. What is the same for all
lots of an event is stored once, as its `Happening`, what differs as `Effect`.
"""

from __future__ import annotations

from django.db import models
from django.urls import reverse

from lodeline_server.log.fields import Ordinal
from lodeline_server.lots.custody.models import (  # noqa: F401 - Django looks for models here
    CustodyBook,
    CustodyClosing,
    CustodyEntry,
    CustodyRemark,
    CustodyScheme,
)
from lodeline_server.lots.reconciling.models import Case, CaseEntry  # noqa: F401 - Django looks for models here


class Happening(models.Model):
    """What one event says of all the lots it touches: when, where, who. `position` is that of its statement.

    `point`: the read point as the event has it. `group` joins inputs and outputs of one transformation. `void`: the
    event was declared an error, by the statement at `ended`. The row of a workspace goes with the workspace; the
    database does not watch over it, because this is derived from the log and can be derived again.
    """

    position = Ordinal(primary_key=True)
    workspace = models.ForeignKey(
        "parties.Workspace", on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    event = models.CharField(max_length=500)
    time = models.DateTimeField()
    step = models.CharField(max_length=100, blank=True)
    site = models.CharField(max_length=500, blank=True)
    point = models.CharField(max_length=500, blank=True)
    party = models.CharField(max_length=500, blank=True)
    captured_by = models.CharField(max_length=500, blank=True)
    group = models.CharField(max_length=500, blank=True)
    void = models.BooleanField(default=False)
    ended = models.BigIntegerField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "event"], name="happening_once")]
        indexes = [
            models.Index(  # most transformations are called after their only event, and found by it
                fields=["workspace", "group"],
                name="happening_group",
                condition=~models.Q(group="") & ~models.Q(group=models.F("event")),
            ),
            models.Index(fields=["workspace", "site", "time"], name="happening_site"),
        ]

    def __str__(self) -> str:
        return self.event


class Effect(models.Model):
    """What an event does to one lot. `other`: the parent of a child. Amounts as stated, exact."""

    workspace = models.ForeignKey(
        "parties.Workspace", on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    key = models.CharField(max_length=500)
    position = models.BigIntegerField(db_index=True)
    act = models.CharField(max_length=10)
    other = models.CharField(max_length=500, blank=True)
    amount = models.CharField(max_length=60, blank=True)
    uom = models.CharField(max_length=3, blank=True)
    ilmd = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(fields=["workspace", "key"], name="effect_key"),
            models.Index(fields=["workspace", "other"], name="effect_other", condition=~models.Q(other="")),
        ]

    def __str__(self) -> str:
        return f"{self.act} {self.key}"


class Touch(models.Model):
    """One event's effect on one lot, read-only: a view that joins `Effect` with its `Happening`."""

    MADE, USED, SEEN, SHIPPED, RECEIVED = "made", "used", "seen", "shipped", "received"
    PACKED, UNPACKED, SOLD, ENDED = "packed", "unpacked", "sold", "ended"

    workspace = models.ForeignKey("parties.Workspace", on_delete=models.DO_NOTHING, related_name="+")
    key = models.CharField(max_length=500)
    position = models.BigIntegerField()
    event = models.CharField(max_length=500)
    time = models.DateTimeField()
    act = models.CharField(max_length=10)
    step = models.CharField(max_length=100, blank=True)
    site = models.CharField(max_length=500, blank=True)
    point = models.CharField(max_length=500, blank=True)
    party = models.CharField(max_length=500, blank=True)
    captured_by = models.CharField(max_length=500, blank=True)
    group = models.CharField(max_length=500, blank=True)
    other = models.CharField(max_length=500, blank=True)
    amount = models.CharField(max_length=60, blank=True)
    uom = models.CharField(max_length=3, blank=True)
    ilmd = models.JSONField(default=dict)
    void = models.BooleanField(default=False)
    ended = models.BigIntegerField(null=True)
    happened_in = models.BigIntegerField(help_text="the workspace, where events are looked for and not lots")

    class Meta:
        managed = False
        db_table = "lots_touch"

    def __str__(self) -> str:
        return f"{self.act} {self.key}"


class Declared(models.Model):
    """An event that was declared an error, whether or not it has arrived yet. Only who captured it may declare it."""

    workspace = models.ForeignKey("parties.Workspace", on_delete=models.CASCADE, related_name="+")
    event = models.CharField(max_length=500)
    captured_by = models.CharField(max_length=500, blank=True)
    position = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "event", "captured_by"], name="declared_once")
        ]

    def __str__(self) -> str:
        return self.event


class Lot(models.Model):
    """A lot or an item. `party` made it, `holder` has it, `mass` is what was made of it, mg."""

    workspace = models.ForeignKey(
        "parties.Workspace", on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    key = models.CharField(max_length=500)
    label = models.CharField(max_length=200)
    item = models.BooleanField(default=False)
    gtin = models.CharField(max_length=14, blank=True)
    product = models.CharField(max_length=200, blank=True)
    party = models.CharField(max_length=500, blank=True)
    site = models.CharField(max_length=500, blank=True)
    made_at = models.DateTimeField()
    amount = models.CharField(max_length=60, blank=True)
    uom = models.CharField(max_length=3, blank=True)
    mass = models.BigIntegerField(null=True)
    used = models.BigIntegerField(null=True, help_text="mg drawn so far; unknown: add up its touches")
    composition = models.JSONField(default=dict)
    custody = models.CharField(max_length=200, blank=True)
    current_site = models.CharField(max_length=500, blank=True)
    holder = models.CharField(max_length=500, blank=True)
    inside = models.CharField(max_length=500, blank=True)
    status = models.CharField(max_length=20)
    seen_at = models.DateTimeField()
    position = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "key"], name="lot_once")]
        indexes = [
            models.Index(fields=["workspace", "item", "made_at"], name="lot_listed"),
            models.Index(fields=["workspace", "label"], name="lot_label"),
        ]

    def __str__(self) -> str:
        return self.label

    def get_absolute_url(self) -> str:
        return reverse("item" if self.item else "lot", args=[self.pk])
