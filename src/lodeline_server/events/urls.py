from __future__ import annotations

from django.urls import path

from lodeline_server.events import pages
from lodeline_server.events.sheets.urls import urlpatterns as sheets

urlpatterns = [
    path("app/captures/", pages.captures, name="captures"),
    path("app/captures/new", pages.upload, name="capture_upload"),
    path("app/captures/<uuid:uuid>/", pages.capture, name="capture"),
    path("app/captures/<uuid:uuid>/again", pages.capture_retry, name="capture_retry"),
    *sheets,
]
