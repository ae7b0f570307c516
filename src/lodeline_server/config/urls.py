from __future__ import annotations

from django.urls import include, path

from lodeline_server.config import operator
from lodeline_server.config.api import api
from lodeline_server.config.health import healthz

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("app/operator/", operator.overview, name="operator"),
    path("app/operator/jobs/<uuid:job>/again", operator.again, name="job_again"),
    path("", include("lodeline_server.web.urls")),
    path("", include("lodeline_server.passports.urls")),
    path("", include("lodeline_server.trust.urls")),
    path("", include("lodeline_server.recalls.urls")),
    path("", include("lodeline_server.events.urls")),
    path("", include("lodeline_server.events.subscriptions.urls")),
    path("", include("lodeline_server.lots.urls")),
    path("", include("lodeline_server.evidence.urls")),
    path("", include("lodeline_server.credentials.urls")),
    path("", include("lodeline_server.credentials.thresholds.urls")),
    path("", include("lodeline_server.parties.urls")),
    path("", include("lodeline_server.log.urls")),
    path("accounts/", include("lodeline_server.parties.account_urls")),
    path("", api.urls),
]

handler400 = "lodeline_server.kit.errors.bad_request"
handler403 = "lodeline_server.kit.errors.forbidden"
handler404 = "lodeline_server.kit.errors.not_found"
handler500 = "lodeline_server.kit.errors.server_error"
