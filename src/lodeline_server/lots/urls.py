from __future__ import annotations

from django.urls import include, path

from lodeline_server.lots import explorer_pages, origin_pages, pages, site_pages

urlpatterns = [
    path("", include("lodeline_server.lots.custody.urls")),
    path("", include("lodeline_server.lots.reconciling.urls")),
    path("app/trace/", pages.lots, name="trace"),
    path("app/trace/open", pages.lot_open, name="lot_open"),
    path("app/lots/<int:pk>/", pages.lot, name="lot"),
    path("app/lots/<int:pk>/explore", explorer_pages.explore, name="explore"),
    path("app/lots/<int:pk>/origins", origin_pages.origin_map, name="origin_map"),
    path("app/sites/", site_pages.site_list, name="sites"),
    path("app/sites/<int:pk>/", site_pages.site, name="site"),
    path("app/items/<int:pk>/", pages.item, name="item"),
]
