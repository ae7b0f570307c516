from django.apps import AppConfig


class PartiesConfig(AppConfig):
    name = "lodeline_server.parties"
    label = "parties"
