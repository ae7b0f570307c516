from django.apps import AppConfig


class TrustConfig(AppConfig):
    name = "lodeline_server.trust"
    label = "trust"
