from __future__ import annotations

from django.urls import path

from lodeline_server.evidence import pages

urlpatterns = [path("app/schemes/", pages.schemes, name="schemes")]
