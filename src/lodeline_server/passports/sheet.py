"""Makes sure that the style sheet a public page names is there: pages are written once and name it by its hash."""

from __future__ import annotations

from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.management import call_command

SHEET = "kit/passport.css"


def ready() -> None:
    """Collect the static files when the page's sheet has no hashed name yet."""
    try:
        staticfiles_storage.url(SHEET)
    except ValueError:
        call_command("collectstatic", verbosity=0, interactive=False)
        staticfiles_storage.hashed_files = staticfiles_storage.load_manifest()[0]  # type: ignore[attr-defined]
