"""How allauth behaves here: operators make the accounts, and sign-ins leave a line in the audit trail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter

from lodeline_server.kit.audit import Kind, Outcome
from lodeline_server.parties.trail import told

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

log = structlog.get_logger(__name__)


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, _request: HttpRequest) -> bool:
        return False

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Never what was typed: people type a password into the other field."""
        log.warning("sign-in failed", ip=self.get_client_ip(request))
        told(Kind.SIGNIN, "password", address=str(credentials.get("email", "")), outcome=Outcome.DENIED)

    def post_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse:
        log.info("signed in", user=user.pk, ip=self.get_client_ip(request))
        told(Kind.SIGNIN, "signed-in", user=user)
        return super().post_login(request, user, **kwargs)

    def logout(self, request: HttpRequest) -> None:
        told(Kind.SIGNOUT, "signed-out", user=request.user)
        super().logout(request)

    def send_notification_mail(self, template_prefix: str, user: Any, *args: Any, **kwargs: Any) -> None:
        """allauth tells of each change to an account's passwords, factors and passkeys here."""
        told(Kind.ACCOUNT, template_prefix.rpartition("/")[2], user=user)
        super().send_notification_mail(template_prefix, user, *args, **kwargs)

    def send_mail(self, template_prefix: str, _email: str, _context: dict[str, Any]) -> None:
        """Lodeline sends no mail; links to set a password are handed over by an operator."""
        log.warning("mail not sent", template=template_prefix)


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """Company sign-in opens existing accounts only, found by an address which the provider verified."""

    def is_open_for_signup(self, _request: HttpRequest, _login: Any) -> bool:
        return False

    def can_authenticate_by_email(self, _login: Any, _email: str) -> bool:
        return True
