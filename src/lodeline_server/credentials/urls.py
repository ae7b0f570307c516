from __future__ import annotations

from django.urls import path

from lodeline_server.credentials import pages, pages_identity, trust_pages

urlpatterns = [
    path("orgs/<slug:name>/did.json", pages.did_document, name="did_document"),
    path("orgs/<slug:name>/did.jsonl", pages_identity.did_log, name="did_log"),
    path("batteries/<slug:gtin>/<slug:serial>/did.json", pages_identity.battery_did, name="battery_did"),
    path("app/identity/", pages_identity.identity, name="identity"),
    path("app/identity/keys/<slug:name>/rotate", pages_identity.rotate, name="identity_key_rotate"),
    path("app/identity/keys/<slug:name>/revoke", pages_identity.revoke, name="identity_key_revoke"),
    path("credentials/status/<slug:name>", pages.status_list, name="status_list"),
    path("credentials/trust/<slug:name>", trust_pages.trust_list, name="trust_list"),
]
