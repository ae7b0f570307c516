"""How allauth behaves here: operators make the accounts, and sign-ins leave a line in the log file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

log = structlog.get_logger(__name__)


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, _request: HttpRequest) -> bool:
        return False

    def authentication_failed(self, request: HttpRequest, **_credentials: Any) -> None:
        """No address and no password: people type one into the other's field."""
        log.warning("sign-in failed", ip=self.get_client_ip(request))

    def post_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse:
        log.info("signed in", user=user.pk, ip=self.get_client_ip(request))
        return super().post_login(request, user, **kwargs)

    def send_mail(self, template_prefix: str, _email: str, _context: dict[str, Any]) -> None:
        """Lodeline sends no mail; links to set a password are handed over by an operator."""
        log.warning("mail not sent", template=template_prefix)


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """Company sign-in opens existing accounts only, found by an address which the provider verified."""

    def is_open_for_signup(self, _request: HttpRequest, _login: Any) -> bool:
        return False

    def can_authenticate_by_email(self, _login: Any, _email: str) -> bool:
        return True
