"""Time stamps from an authority by HTTP (RFC 3161, section 3.4)."""

from __future__ import annotations

import secrets
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from lodeline.log.anchors import rfc3161
from lodeline.log.anchors.states import State
from lodeline_server.kit import outbound
from lodeline_server.log.anchoring.kinds import AnchorError, Outcome

if TYPE_CHECKING:
    from datetime import datetime

    from lodeline_server.log.anchoring.kinds import Subject
    from lodeline_server.log.anchoring.targets import Target

WAIT = 20.0  # seconds for one answer
CLOCKS = timedelta(minutes=5)
"""How far the authority's clock may be from ours. A stamp from before we asked would say too much."""


class Authority:
    """A time-stamping authority: `url`, `roots` (a PEM file), and `policy` if one is wanted."""

    def __init__(self, target: Target) -> None:
        self.url: str = target.settings["url"]
        self.policy: str = target.settings.get("policy", "")
        self._roots = target.path("roots")

    @property
    def roots(self) -> bytes:
        """Trust comes from the operator's file, never from the token."""
        try:
            return self._roots.read_bytes()
        except OSError as error:
            raise AnchorError(f"the roots cannot be read: {error}") from None

    def begin(self, subject: Subject) -> tuple[bytes, dict[str, Any]]:
        nonce = secrets.randbelow((1 << 8 * rfc3161.NONCE_BYTES) - 1) + 1
        return rfc3161.request(subject.text, nonce=nonce, policy=self.policy), {"nonce": f"{nonce:x}"}

    def send(self, subject: Subject, request: bytes, detail: dict[str, Any], now: datetime) -> Outcome:
        roots = self.roots
        reply = self._ask(request)
        try:
            stamp = rfc3161.check(
                reply, subject.text, roots_pem=roots, nonce=int(detail["nonce"], 16), policy=self.policy
            )
        except rfc3161.TokenRefused as refused:
            raise AnchorError(str(refused)) from None
        if not subject.queued_at - CLOCKS <= stamp.time <= now + CLOCKS:
            raise AnchorError(f"the authority's clock is wrong: it says {stamp.time.isoformat()}")
        said = {
            "policy": stamp.policy,
            "serial": f"{stamp.serial:x}",
            "signer": stamp.signer,
            "certificateEnds": stamp.certificate_ends.isoformat(),
        }
        return Outcome(state=State.FINAL, receipt=reply, detail=said, attested_at=stamp.time)

    def look(self, subject: Subject, receipt: bytes, detail: dict[str, Any]) -> Outcome | None:  # noqa: ARG002
        """An authority keeps nothing to look at: what was not stored is asked for again."""
        return None

    def verify(self, subject: Subject, receipt: bytes, detail: dict[str, Any]) -> datetime | None:
        """Offline."""
        nonce = int(detail["nonce"], 16)
        try:
            return rfc3161.check(
                receipt, subject.text, roots_pem=self.roots, nonce=nonce, policy=self.policy
            ).time
        except rfc3161.TokenRefused as refused:
            raise AnchorError(str(refused)) from None

    def _ask(self, request: bytes) -> bytes:
        try:
            answer = outbound.call(
                self.url,
                body=request,
                headers={"Content-Type": rfc3161.QUERY},
                seconds=WAIT,
                limit=rfc3161.MAX_TOKEN,
            )
        except (outbound.Unreachable, ValueError) as error:
            raise AnchorError(f"the authority cannot be reached: {error}") from None
        if answer.status != HTTPStatus.OK:
            raise AnchorError(f"the authority answered with HTTP status {answer.status}")
        if answer.media_type != rfc3161.REPLY:
            raise AnchorError(f"the authority's answer is not {rfc3161.REPLY}")
        return answer.body
