"""What the operations of the VC-API share: the body, for whom one acts, the answer to what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ninja import Status

from lodeline import strictjson
from lodeline.credentials import did_key, pointers
from lodeline.credentials.verdict import CredentialRefused
from lodeline_server.credentials import checking
from lodeline_server.credentials.actions import Hidden
from lodeline_server.kit.problems import Problem
from lodeline_server.kit.uploads import read_body
from lodeline_server.parties.models import Organisation

if TYPE_CHECKING:
    from django.http import HttpRequest

    from lodeline.strictjson import JSON

MAX_BODY = 2 * 1024 * 1024
MAX_DEPTH = 64
BODY = {
    "requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}},
}


def read(request: HttpRequest) -> tuple[dict[str, JSON], dict[str, JSON]]:
    """The body and its options. Numbers, duplicate keys and depth are strict: what is signed has one reading."""
    data = read_body(request, limit=MAX_BODY)
    try:
        body = strictjson.loads(data, max_depth=MAX_DEPTH)
    except ValueError as error:
        raise CredentialRefused("structure", f"the request cannot be read: {error}") from None
    options = body.get("options", {}) if isinstance(body, dict) else None
    if not isinstance(body, dict) or not isinstance(options, dict):
        raise CredentialRefused("structure", "the request is a JSON object, and so are its options")
    return body, options


def organisation(request: HttpRequest) -> Organisation:
    found = Organisation.objects.filter(pk=request.auth.organisation).first()  # type: ignore[attr-defined]
    if found is None:
        raise Problem(409, "A credential is issued for an organisation")
    return found


def refused(error: CredentialRefused) -> Status:
    verdict = checking.Verdict()
    verdict.refused(error)
    told = verdict.as_dict()
    return Status(400, {**told["errors"][0], "status": 400, **told})


def hidden(credential: JSON, options: dict[str, JSON]) -> Hidden:
    """How an SD-JWT is made: `mandatoryPointers` name what stays open, `holder` who alone may present it."""
    holder = options.get("holder")
    if holder is not None:
        if not isinstance(holder, str):
            raise CredentialRefused("structure", "holder is a did:key")
        did_key.key(holder)
    given = options.get("mandatoryPointers")
    if given is None or not isinstance(credential, dict):
        return Hidden(holder=holder)
    mandatory = pointers.paths(given, credential, "mandatoryPointers")
    return Hidden(paths=pointers.hidden(credential, mandatory), holder=holder)
