from __future__ import annotations

from django.urls import path

from lodeline_server.credentials import (
    checking_page,
    pages,
    pages_contexts,
    pages_identity,
    pages_wallet,
    trust_pages,
)

urlpatterns = [
    path("orgs/<slug:name>/did.json", pages.did_document, name="did_document"),
    path("orgs/<slug:name>/did.jsonl", pages_identity.did_log, name="did_log"),
    path("batteries/<slug:gtin>/<slug:serial>/did.json", pages_identity.battery_did, name="battery_did"),
    path("app/identity/", pages_identity.identity, name="identity"),
    path("app/identity/keys/<int:pk>/rotate", pages_identity.rotate, name="identity_key_rotate"),
    path("app/identity/keys/<int:pk>/revoke", pages_identity.revoke, name="identity_key_revoke"),
    path("app/credentials/", pages_wallet.wallet, name="wallet"),
    path("app/credentials/take-in", pages_wallet.take_in, name="wallet_take_in"),
    path("app/credentials/sign", pages_wallet.sign, name="wallet_sign"),
    path("app/credentials/issue", pages_wallet.issue, name="wallet_issue"),
    path("app/credentials/present", pages_wallet.present, name="wallet_present"),
    path("app/credentials/held/<int:pk>/", pages_wallet.held, name="wallet_held"),
    path("app/credentials/held/<int:pk>/file", pages_wallet.held_file, name="wallet_held_file"),
    path("app/credentials/issued/<int:pk>/file", pages_wallet.issued_file, name="wallet_issued_file"),
    path("contexts/<str:name>", pages_contexts.context, name="context"),
    path("credentials/status/<slug:name>", pages.status_list, name="status_list"),
    path("verify", checking_page.verify, name="verify_credential"),
    path("credentials/trust/<slug:name>", trust_pages.trust_list, name="trust_list"),
]
