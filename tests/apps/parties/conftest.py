"""A small OpenID provider on loopback: real HTTP, PKCE (RFC 7636) enforced, ID tokens signed with RS256.

It signs everybody in as `claims` without asking. The switches make it misbehave in one way each.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "lodeline", "a secret between two servers"


def key():
    return RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})


published, stranger = cache(key), cache(key)


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Provider:
    client, secret = CLIENT, SECRET

    def __init__(self):
        self.key = published()
        self.stranger = stranger
        self.claims = {"sub": "4711", "email": "ann@example.org", "email_verified": True, "name": "Ann"}
        self.token_claims = {}  # laid over those of the ID token
        self.signing_key = self.key
        self.confused = False
        self.in_userinfo = False  # e-mail only in the user info
        self.userinfo = {}
        self.issuer_told = ""
        self.no_token = False
        self.codes = {}
        self.asked = []
        self.refused = []
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def answer(self, body, status=200):
                data = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def do_GET(self):
                url = urlsplit(self.path)
                provider.asked.append(url.path)
                query = {name: values[0] for name, values in parse_qs(url.query).items()}
                if url.path == "/authorize":
                    target = provider.authorize(query)
                    self.send_response(302 if target else 400)
                    if target:
                        self.send_header("Location", target)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                body = provider.get(url.path, self.headers.get("Authorization"))
                self.answer(body, 404 if body is None else 200)

            def do_POST(self):
                size = int(self.headers["Content-Length"])
                form = {name: values[0] for name, values in parse_qs(self.rfile.read(size).decode()).items()}
                provider.asked.append(self.path)
                body = provider.exchange(form)
                self.answer(body or {"error": "invalid_grant"}, 200 if body else 400)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def get(self, path, authorization):
        if path == "/.well-known/openid-configuration":
            return {
                "issuer": self.issuer_told or self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/jwks",
                "userinfo_endpoint": f"{self.issuer}/userinfo",
                "token_endpoint_auth_methods_supported": ["client_secret_post"],
            }
        if path == "/jwks":
            return {"keys": [self.key.as_dict(private=False)]}
        if path == "/userinfo" and authorization == "Bearer access":
            return {**self.claims, **self.userinfo}
        return None

    def authorize(self, query):
        if query.get("client_id") != CLIENT or query.get("code_challenge_method") != "S256":
            self.refused.append("authorize")
            return None
        code = secrets.token_urlsafe(16)
        self.codes[code] = (query["code_challenge"], query["redirect_uri"])
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def exchange(self, form):
        challenge, redirect = self.codes.pop(form.get("code"), (None, None))
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT, SECRET):
            self.refused.append("client")
        elif b64(digest) != challenge:
            self.refused.append("pkce")
        elif form.get("redirect_uri") != redirect:
            self.refused.append("redirect")
        else:
            body = {"access_token": "access", "token_type": "Bearer", "expires_in": 60}
            return body if self.no_token else {**body, "id_token": self.token()}
        return None

    def token(self):
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 60, **self.claims}
        if self.in_userinfo:
            del claims["email"], claims["email_verified"]
        claims = {k: v for k, v in {**claims, **self.token_claims}.items() if v is not None}
        if self.confused:
            return self.by_confusion(claims)
        return jwt.encode({"alg": "RS256", "kid": "one"}, claims, self.signing_key)

    def by_confusion(self, claims):
        """HS256 with the text of the published key as the secret, which a careless verifier accepts."""
        head, body = (b64(json.dumps(part).encode()) for part in ({"alg": "HS256", "kid": "one"}, claims))
        mac = hmac.new(self.key.as_pem(private=False), f"{head}.{body}".encode(), "sha256").digest()
        return f"{head}.{body}.{b64(mac)}"


@pytest.fixture
def provider(settings):
    provider = Provider()
    app = {
        "provider_id": "oidc",
        "name": "Works sign-in",
        "client_id": CLIENT,
        "secret": SECRET,
        "settings": {"server_url": provider.issuer},
    }
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [app]}}
    yield provider
    provider.close()
