from django.apps import AppConfig


class LotsConfig(AppConfig):
    name = "lodeline_server.lots"
    label = "lots"
