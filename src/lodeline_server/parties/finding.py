"""Who is meant by a word. Lean: the command line asks, and needs nothing of what pages need."""

from __future__ import annotations

from lodeline_server.parties.models import ApiKey, User


def find(word: str) -> list[str]:
    """Ids of actors that an address or a key's prefix stands for."""
    users = User.objects.filter(email=word.strip().lower()).values_list("pk", flat=True)
    keys = ApiKey.objects.filter(prefix=word.removeprefix("ll_").partition("_")[0])
    return [f"user:{pk}" for pk in users] + [f"key:{pk}" for pk in keys.values_list("pk", flat=True)]
