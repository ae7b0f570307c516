from __future__ import annotations

from django.urls import path

from lodeline_server.log import pages

urlpatterns = [
    path("log/checkpoint", pages.checkpoint, name="log_checkpoint"),
    path("app/log/", pages.explorer, name="log"),
    path("app/log/<int:position>/", pages.statement, name="statement"),
]
