from django.apps import AppConfig


class LogConfig(AppConfig):
    name = "lodeline_server.log"
    label = "log"
