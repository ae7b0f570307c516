from django.apps import AppConfig


class RecallsConfig(AppConfig):
    name = "lodeline_server.recalls"
    label = "recalls"
