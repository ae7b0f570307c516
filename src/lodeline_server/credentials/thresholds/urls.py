from __future__ import annotations

from django.urls import path

from lodeline_server.credentials.thresholds import pages

urlpatterns = [
    path("app/thresholds/", pages.thresholds, name="thresholds"),
    path("app/thresholds/ask", pages.threshold_ask, name="threshold_ask"),
    path("app/thresholds/<int:pk>/", pages.threshold, name="threshold"),
    path("app/thresholds/<int:pk>/answer", pages.threshold_answer, name="threshold_answer"),
    path("app/thresholds/<int:pk>/verify", pages.threshold_verify, name="threshold_verify"),
]
