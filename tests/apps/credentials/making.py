"""Requests and plain credentials for the tests of this folder."""

from __future__ import annotations

import json


def plain(**more):
    return {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiableCredential"],
        "credentialSubject": {"id": "did:example:battery"},
        **more,
    }


def post(client, path, /, **body):
    return client.post(path, json.dumps(body), content_type="application/json")
