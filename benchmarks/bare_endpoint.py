"""A Django project of one endpoint that stores the body and answers 202: what capture is held against.

The same server, the same number of processes and threads, the same durability: SQLite in WAL mode with FULL.
"""

from __future__ import annotations

import os
from pathlib import Path

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path

TABLE = "CREATE TABLE IF NOT EXISTS body (id INTEGER PRIMARY KEY, raw BLOB NOT NULL)"


def store(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO body (raw) VALUES (%s)", [request.body])
    return JsonResponse({"size": len(request.body)}, status=202)


def health(_request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute(TABLE)
    return HttpResponse("ok")


urlpatterns = [path("epcis/capture", store), path("healthz", health)]

settings.configure(
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["127.0.0.1"],
    DATA_UPLOAD_MAX_MEMORY_SIZE=None,
    SECRET_KEY="bars",
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": Path(os.environ.get("LODELINE_DATA", ".")) / "bare.sqlite3",
            "CONN_MAX_AGE": None,
            "OPTIONS": {
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
                "transaction_mode": "IMMEDIATE",
                "timeout": 30,
            },
        }
    },
)
django.setup()
application = get_wsgi_application()
