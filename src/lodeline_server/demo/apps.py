from django.apps import AppConfig


class DemoConfig(AppConfig):
    name = "lodeline_server.demo"
    label = "demo"
