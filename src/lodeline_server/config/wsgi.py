"""WSGI entry: published bytes first, Django behind."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lodeline_server.config.settings")
_django = get_wsgi_application()

from django.conf import settings  # noqa: E402 - settings can be read now

from lodeline_server.config.fastpath import FastPath, Lookup  # noqa: E402

application = FastPath(_django, Lookup(settings.DATABASES["default"]))
