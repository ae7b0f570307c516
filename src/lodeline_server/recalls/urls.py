from __future__ import annotations

from django.urls import path

from lodeline_server.recalls import pages

urlpatterns = [
    path("app/recalls/", pages.recalls, name="recalls"),
    path("app/recalls/new", pages.recall_new, name="recall_new"),
    path("app/recalls/<int:pk>/", pages.recall, name="recall"),
    path("app/recalls/<int:pk>.csv", pages.recall_csv, name="recall_csv"),
    path("app/recalls/<int:pk>.pdf", pages.recall_pdf, name="recall_pdf"),
]
