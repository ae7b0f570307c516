from __future__ import annotations

from django.urls import path

from lodeline_server.web import pages

urlpatterns = [
    path("", pages.landing, name="landing"),
    path("app/", pages.home, name="home"),
    path("app/search", pages.search, name="search"),
]
