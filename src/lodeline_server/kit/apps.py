from django.apps import AppConfig


class KitConfig(AppConfig):
    name = "lodeline_server.kit"
    label = "kit"
