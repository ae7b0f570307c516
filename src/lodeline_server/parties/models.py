"""Workspaces, organisations, people and keys.

A workspace is the tenant: one company's or consortium's picture of its supply chain. Nothing crosses its
border. Organisations are the parties in it; a membership says which part a person plays for one of them.
"""

from __future__ import annotations

import secrets

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.utils.translation import gettext_lazy as _

from lodeline.access import Role


def fresh_secret() -> bytes:
    return secrets.token_bytes(32)


class Workspace(models.Model):
    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=200)
    demonstration = models.BooleanField(default=False)
    # Keys the workspace's pseudonym in log leaves; not a hash of a name, so it cannot be guessed.
    pseudonym_secret = models.BinaryField(default=fresh_secret, editable=False)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class Organisation(models.Model):
    """A party with an account. `party` is its identifier in supply-chain data (URI)."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="organisations")
    slug = models.SlugField()
    name = models.CharField(max_length=200)
    party = models.CharField(max_length=500)
    country = models.CharField(max_length=2, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "slug"], name="organisation_slug"),
            models.UniqueConstraint(fields=["workspace", "party"], name="organisation_party"),
        ]

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **extra: object) -> User:
        user = self.model(email=self.normalize_email(email).lower(), **extra)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=(username or "").lower())


class User(AbstractBaseUser, PermissionsMixin):
    email = models.EmailField(_("e-mail"), unique=True)
    name = models.CharField(_("name"), max_length=200, blank=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = UserManager()
    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    def __str__(self) -> str:
        return self.name or self.email


class Membership(models.Model):
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=20, choices=[(role.value, role.value) for role in Role])
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "organisation", "role"], name="membership_once")
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.role} · {self.organisation}"


class ApiKey(models.Model):
    """A machine's key. Only the SHA-256 of its 256 random bits is kept."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=12, unique=True)
    digest = models.BinaryField(max_length=32)
    role = models.CharField(max_length=20, choices=[(role.value, role.value) for role in Role])
    scopes = models.JSONField(default=list, help_text="permissions; empty means all of the role")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class Cached(models.Model):
    """Django's cache: counted sign-in attempts and used codes, which all server processes must share.

    The columns are those of `django.core.cache.backends.db`; being a model, migrations make the table.
    """

    cache_key = models.CharField(max_length=255, primary_key=True)
    value = models.TextField()
    expires = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "parties_cache"

    def __str__(self) -> str:
        return self.cache_key
