"""The public page on which anybody drops a credential, a presentation or a bundle, or scans its code.

Nothing is kept, nobody signs in, and the answer is the same for everybody. Nobody outside is asked but the hosts that
the operator named. What one address may ask in a minute, and what may be judged at once, is bounded.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from django.http import HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from lodeline import strictjson
from lodeline.credentials import bundle as bundles
from lodeline.credentials.verdict import CredentialRefused
from lodeline_server.credentials import addresses, checking, material, verifying
from lodeline_server.credentials.pinned import VENDOR
from lodeline_server.kit.clock import now
from lodeline_server.kit.permissions import public
from lodeline_server.kit.problems import Problem
from lodeline_server.kit.stalled import watched
from lodeline_server.kit.uploads import peer, seconds, too_large
from lodeline_server.publishing.queries import forms

if TYPE_CHECKING:
    from django.http import HttpRequest

    from lodeline.strictjson import JSON
    from lodeline_server.credentials.checking import Verdict

MOST = 4 * 1024 * 1024
FORM_ROOM = 64 * 1024
LONGEST_NAME = 500
A_MINUTE, MINUTE = 30, 60.0
AT_ONCE, WAIT = 2, 5.0
ADDRESSES = 4_096
MEDIA_TYPES = ("application/vc", "application/vc+jwt", "application/vc+sd-jwt", "application/json")
READER = "jsqr/jsQR.js"
CACHED = "public, max-age=300"
STEPS = {
    "bundle": gettext_lazy("Bundle"),
    "structure": gettext_lazy("Structure"),
    "signature": gettext_lazy("Signature"),
    "key": gettext_lazy("Key at that time"),
    "issuer": gettext_lazy("Issuer"),
    "status-then": gettext_lazy("Status then"),
    "status": gettext_lazy("Status now"),
    "dates": gettext_lazy("Dates"),
    "subject": gettext_lazy("Subject"),
    "receipt": gettext_lazy("Log receipt"),
}
MARKS = {
    True: ("ok", gettext_lazy("Good")),
    False: ("bad", gettext_lazy("Refused")),
    None: ("none", gettext_lazy("Open")),
}
_slots = threading.BoundedSemaphore(AT_ONCE)


class Rate:
    """How often an address asked in the last minute. It forgets addresses that are long silent."""

    def __init__(self) -> None:
        self._asked: OrderedDict[str, list[float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, address: str, moment: float) -> bool:
        """Whether the address may ask once more."""
        with self._lock:
            recent = [at for at in self._asked.pop(address, []) if moment - at < MINUTE]
            allowed = len(recent) < A_MINUTE
            self._asked[address] = [*recent, moment] if allowed else recent
            while len(self._asked) > ADDRESSES:
                self._asked.popitem(last=False)
        return allowed

    def forget(self) -> None:
        with self._lock:
            self._asked.clear()


RATE = Rate()


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@public
def verify(request: HttpRequest) -> HttpResponse:
    """GET: the form. POST: the same page with the verdict. Programs ask `POST /credentials/verify` instead."""
    if request.method != "POST":
        return _page({}, cached=True)
    try:
        verdict = _judged(request)
    except Problem as problem:
        response = _page({"problem": problem}, problem.status)
        if problem.status == 429:
            response["Retry-After"] = str(int(MINUTE))
        return response
    return _page(_told(verdict))


def _judged(request: HttpRequest) -> Verdict:
    """Raises `Problem` for what is too large, too much, or nothing."""
    declared = request.META.get("CONTENT_LENGTH") or "0"
    if not declared.isdigit() or int(declared) > MOST + FORM_ROOM:
        raise too_large(MOST)
    if not RATE.take(str(request.META.get("REMOTE_ADDR", "")), time.monotonic()):
        raise Problem(
            429,
            _("Too many at once"),
            detail=_("One address may ask %(n)s times a minute.") % {"n": A_MINUTE},
        )
    with watched(peer(request), seconds()):
        text = str(request.POST.get("credential", "")).strip()
        file = request.FILES.get("file")
        data = file.read(MOST + 1) if file is not None and hasattr(file, "read") else text.encode()
        subject = str(request.POST.get("subject", "")).strip()
    if len(data) > MOST:
        raise too_large(MOST)
    if not data.strip():
        raise Problem(400, _("There was nothing to verify"), detail=_("Paste it, choose a file, or scan it."))
    if len(subject) > LONGEST_NAME:
        raise Problem(400, _("An identifier has at most 500 characters"), detail=subject[:80])
    if not _slots.acquire(timeout=WAIT):
        raise Problem(429, _("Too many at once"), detail=_("Try again in a few seconds."))
    try:
        return judge(data, subject or None)
    finally:
        _slots.release()


def judge(data: bytes, subject: str | None) -> Verdict:
    """The verdict on what somebody dropped: JSON, a token, or an address of one."""
    asked = checking.Asked(now=now(), subject=subject)
    try:
        item = _read(data)
        if bundles.is_one(item):
            return verifying.bundle(item, asked)
        if _is_presentation(item):
            return verifying.presentation(item, asked)
        return verifying.credential(item, asked)
    except CredentialRefused as error:
        verdict = checking.Verdict()
        verdict.refused(error)
        return verdict


def _read(data: bytes, *, named: bool = True) -> JSON:
    """JSON, a token, or what is found at the https address in the data (once)."""
    stripped = data.strip()
    if stripped[:1] in {b"{", b"[", b'"'}:
        try:
            return strictjson.loads(stripped, max_bytes=MOST, max_depth=bundles.MAX_DEPTH)
        except strictjson.StrictJSONError as error:
            raise CredentialRefused("structure", f"the JSON cannot be read: {error}") from None
    text = stripped.decode("utf-8", errors="replace")
    if named and text[:8].lower() == "https://" and len(text) <= LONGEST_NAME:
        return _read(_at(text), named=False)
    if text.count(".") < 2 or any(sign.isspace() for sign in text):
        raise CredentialRefused("structure", "it is neither JSON nor a token nor an https address of one")
    return text


def _at(address: str) -> bytes:
    """What is published here under an address, else what a host gives that the operator lets us ask."""
    start = addresses.start()
    if address.startswith(start + "/") and "\x00" not in address:
        there = {row.media_type: row for row in forms(address.removeprefix(start)) if row.status == 200}
        row = next((there[name] for name in MEDIA_TYPES if name in there), None)
        if row is None:
            raise CredentialRefused("structure", f"no credential is published at {address[:200]}")
        return bytes(row.body)
    try:
        return material.fetch(address, MOST)
    except (OSError, ValueError) as error:
        raise CredentialRefused("structure", f"{address[:200]} cannot be had: {error}") from None


def _is_presentation(item: JSON) -> bool:
    kinds = item.get("type") if isinstance(item, dict) else None
    named = kinds if isinstance(kinds, list) else [kinds]
    return any(isinstance(kind, str) and kind.endswith("VerifiablePresentation") for kind in named)


def _told(verdict: Verdict) -> dict[str, Any]:
    rows = [
        {
            "step": STEPS.get(one.step, one.step),
            "mark": MARKS[one.good][0],
            "word": MARKS[one.good][1],
            "said": one.said,
        }
        for one in verdict.steps
    ]
    wrong = [one for one in verdict.steps if one.good is False]
    return {
        "verdict": verdict,
        "rows": rows,
        "wrong": STEPS.get(wrong[0].step, wrong[0].step) if wrong else "",
        "evidence": verdict.as_dict().get("evidence"),
        "kind": verdict.claim.kind if verdict.claim else "",
        "issuer": verdict.opened.signer if verdict.opened else "",
    }


def _page(context: dict[str, Any], status: int = 200, *, cached: bool = False) -> HttpResponse:
    """Rendered without the request: nothing in it may depend on a session."""
    shown = {"messages": (), "most": MOST, "reader": (VENDOR / READER).is_file(), **context}
    response = HttpResponse(render_to_string("credentials/verify.html", shown), status=status)
    response["Cache-Control"] = CACHED if cached else "no-store"
    return response
