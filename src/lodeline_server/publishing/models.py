"""Published bytes: written once per key, audience and form; a read is one lookup."""

from __future__ import annotations

from django.db import models


class Published(models.Model):
    key = models.CharField(max_length=600)
    audience = models.CharField(max_length=40, default="public")
    media_type = models.CharField(max_length=100)
    body = models.BinaryField()
    gzip = models.BinaryField()
    etag = models.CharField(max_length=64)
    kind = models.CharField(max_length=40)
    status = models.IntegerField(default=200)
    position = models.BigIntegerField()
    published_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key", "audience", "media_type"], name="published_once")
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.media_type}"
