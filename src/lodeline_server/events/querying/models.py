"""Where in the log events of a kind stand, and what master data says. Derived from the log, can be derived again."""

from __future__ import annotations

from django.db import models

LONGEST = 500


class Posting(models.Model):
    """Positions of events that share a term, ascending, as text (`17,21,`); one organisation captured them all.

    A row takes up more until it is no longer `open`: many events make few rows. `kind` says what the term is, `value`
    is in canonical form.
    """

    FULL = 128
    """A row with so many positions takes up no more."""

    TYPE, STEP, DISPOSITION, POINT, PLACE = "type", "step", "disposition", "point", "place"
    SOURCE, DESTINATION, TRANSACTION, HAS, THING = "source", "destination", "transaction", "has", "thing"
    HOUR, MINUTE = "hour", "minute"
    """Of the event, and of its recording."""

    workspace = models.ForeignKey(
        "parties.Workspace", on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    organisation = models.BigIntegerField()
    kind = models.CharField(max_length=12)
    value = models.CharField(max_length=LONGEST)
    first = models.BigIntegerField()
    last = models.BigIntegerField()
    count = models.IntegerField()
    positions = models.TextField()
    open = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "organisation", "kind", "value"],
                condition=models.Q(open=True),
                name="posting_open",
            )
        ]
        indexes = [
            models.Index(fields=["workspace", "kind", "value", "organisation", "last"], name="posting_term")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.value}"


class MasterData(models.Model):
    """What one organisation last said of an id, in the header of a captured document.

    `attributes`: canonical JSON, lists of texts by full names; `children`: a list of ids, nothing without any.
    """

    workspace = models.ForeignKey(
        "parties.Workspace", on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    organisation = models.BigIntegerField()
    type = models.CharField(max_length=LONGEST)
    element = models.CharField(max_length=LONGEST)
    attributes = models.TextField()
    children = models.TextField(blank=True)
    position = models.BigIntegerField(help_text="of the document in the log")
    time = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "type", "element", "organisation"], name="master_data_once"
            )
        ]
        indexes = [models.Index(fields=["workspace", "element"], name="master_data_element")]

    def __str__(self) -> str:
        return self.element
