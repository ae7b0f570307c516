"""Passports and scores say since when they were in the log; the public page of a passport does not."""

from __future__ import annotations

from django.test import Client
from django.urls import reverse


def test_passports_and_scores_say_since_when_they_were_in_the_log(world, now):
    said = "This was in the log before 2026-11-01 12:00:00 UTC."
    none = "No time stamp from outside covers it yet."
    passport, score = world.passport, world.score
    pages = {
        reverse("passport", kwargs={"pk": passport.pk}): ("maker", passport.position),
        reverse("supplier", kwargs={"pk": world.party.pk}): ("buyer", score.position),
    }
    for path, (role, _) in pages.items():
        assert none in world.client(role).get(path).content.decode()
    anchor = world.anchor  # of the checkpoint that holds both
    for path, (role, position) in pages.items():
        client = world.client(role)
        shown = client.get(path).content.decode()
        proof = f"/app/log/{position}/anchors/{anchor.pk}/"
        assert (said in shown, none in shown, f'href="{proof}"' in shown) == (True, False, True), path
        assert client.get(proof)["Content-Type"] == "application/zip"
    public = reverse("passport_public", kwargs={"gtin": passport.gtin, "serial": passport.serial})
    answer = Client().get(public)
    assert answer.status_code == 200
    assert "in the log before" not in answer.content.decode()
