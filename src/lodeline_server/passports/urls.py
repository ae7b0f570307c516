from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import path, re_path

from lodeline_server.passports import pages, pages_disclosure, pages_twin

if TYPE_CHECKING:
    from django.urls import URLPattern, URLResolver

PUBLIC = r"^01/(?P<gtin>[0-9]{14})/21/(?P<serial>[^\x00-\x1f\x7f]{1,500})$"

urlpatterns: list[URLPattern | URLResolver] = [
    path("app/passports/", pages.passports, name="passports"),
    path("app/passports/issue", pages.issue_all, name="passports_issue"),
    path("app/passports/waiting/", pages.waiting, name="passports_waiting"),
    path("app/passports/<int:pk>/", pages.passport, name="passport"),
    path("app/passports/<int:pk>/issue", pages.issue, name="passport_issue"),
    path("app/passports/<int:pk>/signed", pages_disclosure.passport_signed, name="passport_signed"),
    path("app/passports/<int:pk>/sign", pages_disclosure.passport_sign, name="passport_sign"),
    path(
        "app/passports/<int:pk>/presentation",
        pages_disclosure.passport_presentation,
        name="passport_presentation",
    ),
    path("app/passports/<int:pk>/credentials", pages_twin.credentials_of, name="passport_credentials"),
    path(
        "batteries/<slug:gtin>/<slug:serial>/credentials",
        pages_twin.credentials_public,
        name="battery_credentials",
    ),
    path(
        "batteries/<slug:gtin>/<slug:serial>/credentials.json",
        pages_twin.credentials_data,
        name="battery_credentials_data",
    ),
    re_path(PUBLIC, pages.passport_public, name="passport_public"),
]
