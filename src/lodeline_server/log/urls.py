from __future__ import annotations

from django.urls import path

from lodeline_server.log import pages, witness_pages
from lodeline_server.log.auditing import pages as auditing

urlpatterns = [
    path("witness/add-checkpoint", witness_pages.add_checkpoint, name="witness_add_checkpoint"),
    path("witness/<str:origin_hash>/checkpoint", witness_pages.checkpoint, name="witness_checkpoint"),
    path("log/checkpoint", pages.checkpoint, name="log_checkpoint"),
    path("app/audit/", auditing.trail, name="audit"),
    path("app/log/", pages.explorer, name="log"),
    path("app/log/<int:position>/", pages.statement, name="statement"),
]
