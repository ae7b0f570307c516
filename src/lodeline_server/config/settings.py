"""Settings: one file, driven by the environment.

LODELINE_DATA     data folder (default ./var)
DATABASE_URL      postgresql://... (default: SQLite in the data folder)
LODELINE_URL      public address, for links in documents (default http://127.0.0.1:8000)
LODELINE_HOSTS    host names answered to, comma separated (default: those of LODELINE_URL and loopback)
LODELINE_ORIGIN   name of the log (default: the address without scheme, plus /log)
LODELINE_LOG_MLDSA   1 for a second signature line under checkpoints, ML-DSA-44 (default: Ed25519 alone)
LODELINE_WITNESS  name under which other logs are cosigned (default: the address without scheme, plus /witness)
LODELINE_MAX_UPLOAD   bytes of one captured document (default 32 MiB)
LODELINE_VC_HOSTS     hosts asked for DIDs and status lists, comma separated; * for all public ones (default none)
LODELINE_WEBHOOK_HOSTS   hosts inside that subscriptions may call, host or host:port, comma separated (default none)
LODELINE_WAITING      readers that wait for events at once in one server process (default 1)
LODELINE_VC_OPEN      1 opens the VC-API without a token on this machine alone, for conformance suites
LODELINE_THRESHOLD_CLAIMS     JSON file with thresholds from contracts, beside those of the law (default none)
LODELINE_THRESHOLD_QUESTIONS  questions of one verifier about one sealed number in a year (default 4)
LODELINE_OIDC_ISSUER, LODELINE_OIDC_CLIENT_ID, LODELINE_OIDC_SECRET, LODELINE_OIDC_NAME   sign-in by OpenID Connect
LODELINE_DEBUG    1 for tracebacks on pages (development only)
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from csp.constants import NONE, SELF

from lodeline_server.config import environment
from lodeline_server.kit.secrets import secret

PACKAGE = Path(__file__).resolve().parent.parent
DATA = environment.data_folder()
DEBUG = environment.flag("LODELINE_DEBUG")
SECRET_KEY = secret(DATA, "django.key", 48).hex()

PUBLIC_URL = os.environ.get("LODELINE_URL", "http://127.0.0.1:8000").rstrip("/")
_public = urlsplit(PUBLIC_URL)
LOG_ORIGIN = os.environ.get("LODELINE_ORIGIN") or f"{_public.netloc}{_public.path}/log"
LOG_MLDSA = environment.flag("LODELINE_LOG_MLDSA")
WITNESS_NAME = os.environ.get("LODELINE_WITNESS") or f"{_public.netloc}{_public.path}/witness"
ALLOWED_HOSTS = [
    host.strip()
    for host in (
        os.environ.get("LODELINE_HOSTS") or f"{_public.hostname},127.0.0.1,localhost,[::1],testserver"
    ).split(",")
]
CSRF_TRUSTED_ORIGINS = [f"{_public.scheme}://{_public.netloc}"]
SECURE = _public.scheme == "https"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
CSRF_FAILURE_VIEW = "lodeline_server.kit.errors.csrf_failure"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"

MAX_UPLOAD = int(os.environ.get("LODELINE_MAX_UPLOAD") or 32 * 1024 * 1024)
# Captured documents are read by kit.uploads with their own bound; this is for forms.
VC_HOSTS = {
    host.strip().lower() for host in os.environ.get("LODELINE_VC_HOSTS", "").split(",") if host.strip()
}
WEBHOOK_HOSTS = {
    host.strip().lower() for host in os.environ.get("LODELINE_WEBHOOK_HOSTS", "").split(",") if host.strip()
}
VC_OPEN = environment.flag("LODELINE_VC_OPEN")
THRESHOLD_CLAIMS = os.environ.get("LODELINE_THRESHOLD_CLAIMS", "")
THRESHOLD_QUESTIONS = max(1, int(os.environ.get("LODELINE_THRESHOLD_QUESTIONS") or 4))
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000
AUDIT_THREAD = True  # reads are written by a thread, twice a second; tests write them when they look

INSTALLED_APPS = [
    "lodeline_server.kit",
    "lodeline_server.publishing",
    "lodeline_server.log",
    "lodeline_server.parties",
    "lodeline_server.credentials",
    "lodeline_server.evidence",
    "lodeline_server.lots",
    "lodeline_server.events",
    "lodeline_server.recalls",
    "lodeline_server.trust",
    "lodeline_server.passports",
    "lodeline_server.web",
    "lodeline_server.demo",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django_tasks",
    "django_tasks_db",
]
# What pages need. Commands that only read and compute leave it out: half a second of start-up.
if not environment.flag("LODELINE_LEAN"):
    INSTALLED_APPS += [
        "django.contrib.sessions",
        "django.contrib.messages",
        "django.contrib.staticfiles",
        "allauth",
        "allauth.account",
        "allauth.mfa",
        "allauth.socialaccount",
        "allauth.socialaccount.providers.openid_connect",
        "csp",
        "django_cotton",
        "django_filters",
        "django_htmx",
        "django_tables2",
        "ninja",
    ]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "lodeline_server.kit.middleware.AuditMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "lodeline_server.parties.middleware.ActorMiddleware",
    "lodeline_server.kit.head.HeadMiddleware",
]

ROOT_URLCONF = "lodeline_server.config.urls"
WSGI_APPLICATION = "lodeline_server.config.wsgi.application"
APPEND_SLASH = True

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "lodeline_server.kit.context.page",
            ],
        },
    }
]

DATABASES = {"default": environment.database(DATA)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
# Shared by all processes: it counts sign-in attempts and remembers used one-time codes.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "parties_cache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

STATIC_URL = "/static/"
STATIC_ROOT = DATA / "static"
STORAGES: dict[str, Any] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = DEBUG

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]
USE_TZ = True
TIME_ZONE = "UTC"

# --- sign-in -----------------------------------------------------------------------------------------
AUTH_USER_MODEL = "parties.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/app/"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"  # accounts are made by an operator or an invitation, never by strangers
ACCOUNT_FORMS = {"login": "lodeline_server.parties.forms.SignInForm"}
ACCOUNT_ADAPTER = "lodeline_server.parties.adapter.AccountAdapter"
SOCIALACCOUNT_ADAPTER = "lodeline_server.parties.adapter.SocialAccountAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not SECURE  # passkeys on http://localhost, for trying it out
SOCIALACCOUNT_ONLY = False
OIDC_ISSUER = os.environ.get("LODELINE_OIDC_ISSUER", "")
SOCIALACCOUNT_PROVIDERS: dict[str, Any] = (
    {
        "openid_connect": {
            "OAUTH_PKCE_ENABLED": True,
            "APPS": [
                {
                    "provider_id": "oidc",
                    "name": os.environ.get("LODELINE_OIDC_NAME", "Company sign-in"),
                    "client_id": os.environ.get("LODELINE_OIDC_CLIENT_ID", ""),
                    "secret": os.environ.get("LODELINE_OIDC_SECRET", ""),
                    "settings": {"server_url": OIDC_ISSUER},
                }
            ],
        }
    }
    if OIDC_ISSUER
    else {}
)
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "worker-src": [SELF, "blob:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

DJANGO_TABLES2_TEMPLATE = "kit/table.html"
NINJA_PAGINATION_PER_PAGE = 50

# Warnings to the terminal; everything worth keeping to a file in the data folder, as JSON lines.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "lodeline_server.kit.logging.formatter"}},
    "handlers": {
        "terminal": {"class": "logging.StreamHandler", "formatter": "json", "level": "WARNING"},
        "file": {
            "class": "logging.handlers.WatchedFileHandler",
            "filename": str(DATA / "lodeline.log"),
            "formatter": "json",
            "delay": True,
        },
    },
    "root": {"handlers": ["terminal", "file"], "level": "WARNING"},
    "loggers": {"lodeline_server": {"level": "INFO"}, "django.request": {"level": "ERROR"}},
}
