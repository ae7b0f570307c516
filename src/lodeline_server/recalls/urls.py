from __future__ import annotations

from django.urls import path

from lodeline_server.recalls import pages
from lodeline_server.recalls.asking import pages as asking
from lodeline_server.recalls.closing import pages as closing
from lodeline_server.recalls.drilling import pages as drilling

urlpatterns = [
    path("app/recalls/", pages.recalls, name="recalls"),
    path("app/recalls/new", pages.recall_new, name="recall_new"),
    path("app/recalls/what-if", asking.what_if, name="recall_what_if"),
    path("app/recalls/common-cause", asking.common_cause, name="recall_cause"),
    path("app/recalls/contribution", asking.contribution, name="recall_contribution"),
    path("app/recalls/drills/", drilling.drills, name="drills"),
    path("app/recalls/drills/draw", drilling.drill_draw, name="drill_draw"),
    path("app/recalls/drills/<int:pk>/", drilling.drill, name="drill"),
    path("app/recalls/drills/<int:pk>/answer", drilling.drill_answer, name="drill_answer"),
    path("app/recalls/drills/<int:pk>/abandon", drilling.drill_abandon, name="drill_abandon"),
    path("app/recalls/<int:pk>/", pages.recall, name="recall"),
    path("app/recalls/<int:pk>.csv", pages.recall_csv, name="recall_csv"),
    path("app/recalls/<int:pk>.pdf", pages.recall_pdf, name="recall_pdf"),
    path("app/recalls/<int:pk>/notices", closing.notices, name="recall_notices"),
    path("app/recalls/<int:pk>/notices.csv", closing.notices_csv, name="recall_notices_csv"),
    path("app/recalls/<int:pk>/closing", closing.closing, name="recall_closing"),
    path("app/recalls/<int:pk>/outcome", closing.outcome, name="recall_outcome"),
    path("app/recalls/<int:pk>/close", closing.close, name="recall_close"),
    path("app/recalls/<int:pk>/closing.pdf", closing.closure_pdf, name="recall_closure_pdf"),
    path("app/recalls/<int:pk>/closing.json", closing.closure_json, name="recall_closure_json"),
]
