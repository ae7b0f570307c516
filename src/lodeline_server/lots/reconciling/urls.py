from __future__ import annotations

from django.urls import path

from lodeline_server.lots.reconciling import pages

urlpatterns = [
    path("app/reconciliation/", pages.cases, name="cases"),
    path("app/reconciliation/look", pages.cases_look, name="cases_look"),
    path("app/reconciliation/<int:pk>/", pages.case, name="case"),
    path("app/reconciliation/<int:pk>/decide", pages.case_decide, name="case_decide"),
]
