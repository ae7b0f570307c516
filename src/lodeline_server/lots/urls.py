from __future__ import annotations

from django.urls import include, path

from lodeline_server.lots import explorer_pages, pages

urlpatterns = [
    path("", include("lodeline_server.lots.custody.urls")),
    path("", include("lodeline_server.lots.reconciling.urls")),
    path("app/trace/", pages.lots, name="trace"),
    path("app/trace/open", pages.lot_open, name="lot_open"),
    path("app/lots/<int:pk>/", pages.lot, name="lot"),
    path("app/lots/<int:pk>/explore", explorer_pages.explore, name="explore"),
    path("app/items/<int:pk>/", pages.item, name="item"),
]
