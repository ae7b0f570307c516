"""Sign-in and account security: those pages of allauth that Lodeline offers, and no others.

There is no open registration, no mail and no connecting of accounts by hand, so those pages have no address.
"""

from __future__ import annotations

from allauth.account import views as sign_in
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from allauth.socialaccount import views as social
from django.contrib.auth.decorators import login_required
from django.urls import path, re_path

from lodeline_server.kit.permissions import account
from lodeline_server.parties import oidc

urlpatterns = [
    path("login/", account(sign_in.login), name="account_login"),
    path("logout/", account(sign_in.logout), name="account_logout"),
    path("inactive/", account(sign_in.account_inactive), name="account_inactive"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        account(sign_in.password_reset_from_key),
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/key/done/",
        account(sign_in.password_reset_from_key_done),
        name="account_reset_password_from_key_done",
    ),
    path("2fa/authenticate/", account(mfa.authenticate), name="mfa_authenticate"),
    path("2fa/webauthn/login/", account(webauthn.login_webauthn), name="mfa_login_webauthn"),
    path("oidc/<slug:provider_id>/login/", oidc.login, name="openid_connect_login"),
    path("oidc/<slug:provider_id>/login/callback/", oidc.callback, name="openid_connect_callback"),
    path("oidc/cancelled/", account(social.login_cancelled), name="socialaccount_login_cancelled"),
    path("oidc/error/", account(social.login_error), name="socialaccount_login_error"),
]

# For people who signed in.
_SECURITY = [
    ("reauthenticate/", sign_in.reauthenticate, "account_reauthenticate"),
    ("password/change/", sign_in.password_change, "account_change_password"),
    ("password/set/", sign_in.password_set, "account_set_password"),
    ("2fa/", mfa.index, "mfa_index"),
    ("2fa/reauthenticate/", mfa.reauthenticate, "mfa_reauthenticate"),
    ("2fa/totp/activate/", totp.activate_totp, "mfa_activate_totp"),
    ("2fa/totp/deactivate/", totp.deactivate_totp, "mfa_deactivate_totp"),
    ("2fa/recovery-codes/", recovery.view_recovery_codes, "mfa_view_recovery_codes"),
    ("2fa/recovery-codes/generate/", recovery.generate_recovery_codes, "mfa_generate_recovery_codes"),
    ("2fa/recovery-codes/download/", recovery.download_recovery_codes, "mfa_download_recovery_codes"),
    ("2fa/webauthn/", webauthn.list_webauthn, "mfa_list_webauthn"),
    ("2fa/webauthn/add/", webauthn.add_webauthn, "mfa_add_webauthn"),
    ("2fa/webauthn/reauthenticate/", webauthn.reauthenticate_webauthn, "mfa_reauthenticate_webauthn"),
    ("2fa/webauthn/keys/<int:pk>/remove/", webauthn.remove_webauthn, "mfa_remove_webauthn"),
    ("2fa/webauthn/keys/<int:pk>/edit/", webauthn.edit_webauthn, "mfa_edit_webauthn"),
]
urlpatterns += [path(route, account(login_required(view)), name=name) for route, view, name in _SECURITY]
