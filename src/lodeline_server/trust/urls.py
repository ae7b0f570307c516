from __future__ import annotations

from django.urls import path

from lodeline_server.trust import pages

urlpatterns = [
    path("app/suppliers/", pages.suppliers, name="suppliers"),
    path("app/suppliers/<int:pk>/", pages.supplier, name="supplier"),
    path("app/suppliers/<int:pk>/compute", pages.supplier_compute, name="supplier_compute"),
    path("app/suppliers/<int:pk>/bundle.json", pages.supplier_bundle, name="supplier_bundle"),
    path("app/methods/<slug:version>/", pages.method_page, name="method"),
    path("methods/<slug:version>.toml", pages.method_file, name="method_file"),
]
