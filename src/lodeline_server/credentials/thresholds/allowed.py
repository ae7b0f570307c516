"""What may be asked here and how often: the law's thresholds, those of contracts, and the budget."""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Final

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from lodeline import strictjson
from lodeline.credentials.thresholds.law import LAW
from lodeline.credentials.thresholds.policy import Budget, Claim, Policy

YEAR: Final = timedelta(days=365)


def policy() -> Policy:
    """The allow-list of this installation."""
    return _policy(settings.THRESHOLD_CLAIMS)


@lru_cache(maxsize=8)
def _policy(file: str) -> Policy:
    if not file:
        return LAW
    try:
        said = strictjson.loads(Path(file).read_bytes())
        if not isinstance(said, list):
            raise ImproperlyConfigured(f"{file}: a list of claims is wanted")
        return Policy((*LAW.claims, *(Claim.read(one) for one in said)))
    except (OSError, ValueError, TypeError) as error:
        raise ImproperlyConfigured(f"LODELINE_THRESHOLD_CLAIMS, {file}: {error}") from None


def budget() -> Budget:
    """Questions of one verifier about one number in a year."""
    return Budget(most=settings.THRESHOLD_QUESTIONS, within=YEAR)
