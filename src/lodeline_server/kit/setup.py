"""Django for the command line: set up when a command needs it, never before."""

from __future__ import annotations

import os


def django(*, lean: bool = False) -> None:
    """Make the ORM usable in this process. `lean`: without what only pages need; for commands that read."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lodeline_server.config.settings")
    import django as framework
    from django.apps import apps

    if not apps.ready:
        if lean:
            os.environ["LODELINE_LEAN"] = "1"
        framework.setup()
