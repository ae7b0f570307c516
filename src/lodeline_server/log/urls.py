from __future__ import annotations

from django.urls import path

from lodeline_server.log import erasure_pages, pages, serving, witness_pages
from lodeline_server.log.anchoring import pages as anchoring
from lodeline_server.log.auditing import pages as auditing

urlpatterns = [
    path("witness/add-checkpoint", witness_pages.add_checkpoint, name="witness_add_checkpoint"),
    path("witness/<str:origin_hash>/checkpoint", witness_pages.checkpoint, name="witness_checkpoint"),
    path("log/checkpoint", serving.checkpoint, name="log_checkpoint"),
    path("log/tile/<path:place>", serving.tile, name="log_tile"),
    path("log/audit/checkpoint", serving.checkpoint, {"name": "audit"}, name="audit_checkpoint"),
    path("log/audit/tile/<path:place>", serving.tile, {"name": "audit"}, name="audit_tile"),
    path("app/audit/", auditing.trail, name="audit"),
    path("app/log/", pages.explorer, name="log"),
    path("app/log/<int:position>/", pages.statement, name="statement"),
    path("app/operator/erasures/", erasure_pages.listed, name="erasures"),
    path("app/log/anchors/", anchoring.anchors, name="anchors"),
    path("app/log/anchors/<int:pk>/receipt", anchoring.receipt, name="anchor_receipt"),
    path("app/log/<int:position>/anchors/<int:pk>/", anchoring.proof, name="anchored"),
]
