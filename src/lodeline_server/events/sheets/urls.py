from __future__ import annotations

from django.urls import path, re_path

from lodeline_server.events.sheets import pages

urlpatterns = [
    path("app/sheets/", pages.sheets, name="sheets"),
    path("app/sheets/new", pages.sheet_upload, name="sheet_upload"),
    re_path(
        r"^app/sheets/templates/(?P<name>[a-z]{1,40})\.(?P<form>xlsx|csv)$",
        pages.sheet_template,
        name="sheet_template",
    ),
    path("app/sheets/<uuid:uuid>/", pages.sheet, name="sheet"),
    path("app/sheets/<uuid:uuid>/findings.csv", pages.sheet_findings, name="sheet_findings"),
    path("app/sheets/<uuid:uuid>/capture", pages.sheet_confirm, name="sheet_confirm"),
    path("app/sheets/<uuid:uuid>/drop", pages.sheet_drop, name="sheet_drop"),
]
