from django.apps import AppConfig


class EvidenceConfig(AppConfig):
    name = "lodeline_server.evidence"
    label = "evidence"
