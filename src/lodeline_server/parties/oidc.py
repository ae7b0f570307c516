"""Sign-in by OpenID Connect (OpenID Connect Core 1.0, authorization code flow with PKCE, RFC 7636).

allauth does the flow. Here the ID token is always verified: signature by a key of the provider's published
set, algorithm from a fixed list, issuer, audience, time (Core section 3.1.3.7); user info must be about the
same subject (5.3.2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account.utils import get_next_redirect_url
from allauth.core.internal import ratelimit
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.base import AuthProcess
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.http import Http404
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from lodeline_server.kit.permissions import account

if TYPE_CHECKING:
    from allauth.socialaccount.models import SocialLogin
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

# Asymmetric only: a shared secret would let whoever knows it sign as the provider.
ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA", "Ed25519"]
NEEDED = ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint")
LEEWAY = 60  # seconds between two clocks


class Adapter(OpenIDConnectOAuth2Adapter):
    @property
    def openid_config(self) -> dict[str, Any]:
        if hasattr(self, "_openid_config"):
            return self._openid_config
        with get_adapter().get_requests_session() as session:
            answer = session.get(self.get_provider().server_url)
            answer.raise_for_status()
            config = answer.json()
        if not isinstance(config, dict) or not all(isinstance(config.get(name), str) for name in NEEDED):
            raise OAuth2Error("The provider's configuration is incomplete")
        expected = self.get_provider().app.settings["server_url"].partition("/.well-known/")[0]
        if config["issuer"].rstrip("/") != expected.rstrip("/"):
            raise OAuth2Error("The provider's configuration names another issuer")
        self._openid_config: dict[str, Any] = config
        return config

    def complete_login(self, request: HttpRequest, app: SocialApp, token: Any, **kwargs: Any) -> SocialLogin:
        claims = self._decode_id_token(app, kwargs["response"].get("id_token") or "")
        data = {"id_token": claims}
        if "email" not in claims:
            told = data["userinfo"] = self._fetch_user_info(token.token)
            if not isinstance(told, dict) or told.get("sub") != claims["sub"]:
                raise OAuth2Error("The user info is about somebody else")
        login: SocialLogin = self.get_provider().sociallogin_from_response(request, data)
        return login

    def _decode_id_token(self, app: SocialApp, id_token: str) -> dict[str, Any]:
        with get_adapter().get_requests_session() as session:
            answer = session.get(self.openid_config["jwks_uri"])
            answer.raise_for_status()
        try:
            token = jwt.decode(id_token, KeySet.import_key_set(answer.json()), algorithms=ALGORITHMS)
            jwt.JWTClaimsRegistry(
                leeway=LEEWAY,
                iss={"essential": True, "value": self.openid_config["issuer"]},
                aud={"essential": True, "value": app.client_id},
                exp={"essential": True},
                sub={"essential": True},
            ).validate(token.claims)
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise OAuth2Error("The provider's token does not verify") from error
        return dict(token.claims)


def _adapter(request: HttpRequest, provider_id: str) -> Adapter:
    adapter = Adapter(request, provider_id)
    try:
        adapter.get_provider()
    except SocialApp.DoesNotExist:
        raise Http404("No such provider") from None
    return adapter


@account
@ratelimit.decorator(app="allauth.account", action="login")
def login(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """Off to the provider.

    By GET: the page's CSP lets forms go to this site only, and what starts here ends in the session of
    whoever has the state, so a link from elsewhere gains nothing.
    """
    adapter = _adapter(request, provider_id)
    provider = adapter.get_provider()
    try:
        # Asked here once, because allauth would let these two errors become a 500.
        adapter.openid_config  # noqa: B018
        return provider.redirect(request, process=AuthProcess.LOGIN, next_url=get_next_redirect_url(request))
    except (OAuth2Error, OSError, ValueError) as error:
        return render_authentication_error(request, provider, exception=error)


@account
def callback(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """Back from the provider."""
    adapter = _adapter(request, provider_id)
    try:
        return OAuth2CallbackView.adapter_view(adapter)(request)
    except (OAuth2Error, OSError, ValueError) as error:
        return render_authentication_error(request, adapter.get_provider(), exception=error)
