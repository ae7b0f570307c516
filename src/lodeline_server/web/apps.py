from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "lodeline_server.web"
    label = "web"
