"""Numbers that stand sealed in credentials, who may use their openings, and what was asked about them.

Nothing here is deleted: what was asked once stays known, and counts against the next question.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from lodeline_server.parties.models import Organisation


class CommittedNumber(models.Model):
    """A commitment in a credential. `name` is the owner's name of the number: the same when it is committed to again.

    `sealed` is the opening under the workspace's key; None when the owner keeps it in a file. `at_once`: questions
    about this number are answered without asking the owner each time.
    """

    owner = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="committed_numbers")
    name = models.CharField(max_length=1000)
    credential = models.ForeignKey(
        "credentials.Credential", on_delete=models.PROTECT, related_name="committed_numbers"
    )
    path = models.CharField(max_length=500)
    commitment = models.CharField(max_length=44)
    unit = models.CharField(max_length=32)
    sealed = models.BinaryField(max_length=200, null=True)
    key_version = models.IntegerField(null=True)
    at_once = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    class Meta:
        app_label = "credentials"
        constraints = [
            models.UniqueConstraint(fields=["credential", "path"], name="committed_number_once"),
        ]
        indexes = [models.Index(fields=["owner", "created_at"], name="committed_number_owner")]

    def __str__(self) -> str:
        return f"{self.path} of {self.credential_id}"


class OpeningGrant(models.Model):
    """Another organisation may use a number's opening, for named claims, until a day: it puts sums together."""

    number = models.ForeignKey(CommittedNumber, on_delete=models.PROTECT, related_name="grants")
    to = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="opening_grants")
    claims = models.JSONField()
    until = models.DateTimeField()
    granted_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    position = models.BigIntegerField(help_text="of the statement that says so in the log")

    class Meta:
        app_label = "credentials"

    def __str__(self) -> str:
        return f"{self.number_id} to {self.to_id}"


class ThresholdQuestion(models.Model):
    """What a verifier asked, and what came of it. `reason` is for the eyes of who answers alone.

    `expires` and `nonce` are the verifier's and bound into the proof; `used_at`: when the verifier took the proof as
    good, which it does once.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        PROVEN = "proven", _("proven")
        REFUSED = "refused", _("refused")

    verifier = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="questions_asked")
    prover = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="questions_put", null=True, blank=True
    )
    claim = models.CharField(max_length=500)
    rule = models.JSONField(
        default=dict, help_text="the claim as the allow-list had it; empty if it had none"
    )
    credentials = models.JSONField(help_text="ids, in the order of the terms")
    audience = models.CharField(max_length=500)
    nonce = models.CharField(max_length=128)
    expires = models.DateTimeField()
    asked_at = models.DateTimeField()
    position = models.BigIntegerField(help_text="of the question in the log")
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    reason = models.CharField(max_length=500, blank=True)
    message = models.BinaryField(null=True)
    bounds = models.JSONField(default=list, help_text="messages that a part is at most its whole")
    answered_at = models.DateTimeField(null=True, blank=True)
    answer_position = models.BigIntegerField(null=True, blank=True)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        app_label = "credentials"
        constraints = [models.UniqueConstraint(fields=["verifier", "nonce"], name="threshold_nonce_once")]

    def __str__(self) -> str:
        return f"{self.claim} asked by {self.verifier_id}"

    def get_absolute_url(self) -> str:
        return f"/app/thresholds/{self.pk}/"


class QuestionTerm(models.Model):
    """A number that a question is about. `name` stands here again: what was asked is found by it."""

    question = models.ForeignKey(ThresholdQuestion, on_delete=models.PROTECT, related_name="terms")
    number = models.ForeignKey(CommittedNumber, on_delete=models.PROTECT, related_name="asked_in")
    place = models.IntegerField()

    class Meta:
        app_label = "credentials"
        constraints = [models.UniqueConstraint(fields=["question", "place"], name="question_term_once")]

    def __str__(self) -> str:
        return f"{self.place} of {self.question_id}"
