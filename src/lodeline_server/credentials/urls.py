from __future__ import annotations

from django.urls import path

from lodeline_server.credentials import pages

urlpatterns = [
    path("orgs/<slug:name>/did.json", pages.did_document, name="did_document"),
    path("credentials/status/<slug:name>", pages.status_list, name="status_list"),
]
