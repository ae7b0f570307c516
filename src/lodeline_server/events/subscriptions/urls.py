from __future__ import annotations

from django.urls import path

from lodeline_server.events.subscriptions import pages

urlpatterns = [
    path("app/queries/", pages.named_queries, name="queries"),
    path("app/queries/subscriptions/<uuid:uuid>/end", pages.subscription_end, name="subscription_end"),
]
